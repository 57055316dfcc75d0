package texts

// causeCodes are the engine's codes that are named otherwise in the sentence.
var causeCodes = map[string]Cause{
	"too-few-places": CausePlaces, "no-folders": CauseNothing, "cannot-tell": CauseSums, "look-due": CauseLook, "waiting": CauseCopying,
	"away": CauseDestination, "destination-away": CauseDestination, "login": CauseDestination, "practice-due": CausePractice,
	"practice-overdue": CausePractice, "damaged-copy": CauseExpired, "missing": CauseFolder, "changing": CauseCopying,
}

// CauseOf is the cause of the sentence that a code of the engine's state stands for.
func CauseOf(code string) Cause {
	if c, ok := causeCodes[code]; ok {
		return c
	}
	return Cause(code)
}
