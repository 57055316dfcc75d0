package texts

import "fmt"

// Problems, folders, destinations, activity, settings.
const (
	NoProblems        = "No problems"
	SeeFiles          = "See the files"
	Retry             = "Retry all"
	LeaveOutAction    = "Leave unprotected"
	LeaveOutAsk       = "Leave these unprotected? They move to “Not covered” with your name and today's date, and nothing copies them."
	Retried           = "Taken up again."
	LeftOutDone       = "Left unprotected."
	ListLocked        = "Names are shown after unlocking."
	ListEmpty         = "Nothing is listed here."
	NoFolders         = "No folder is chosen"
	NoFoldersWhy      = "Choose the folders whose originals are to be protected."
	NoDestinations    = "There is no destination yet"
	NoDestinationsWhy = "Add a drive or folder outside this computer's own disk."
	NoActivity        = "Nothing was decided yet"
	NoActivityWhy     = "Every automatic decision will be listed here in one sentence."
	Remove            = "Remove…"
	RemoveFolderAsk   = "Stop protecting this folder? Its copies stay and can be restored; newer changes are not copied."
	Test              = "Test"
	LimitWord         = "Limit"
	LimitAction       = "Limit…"
	LimitUp           = "Going there, at most"
	LimitDown         = "Coming back, at most"
	LimitHint         = "4 MB/s, 20 Mbit/s, 500 kB/s; empty: no limit"
	LimitNote         = "Counts at once, also for what is under way. Coming back is what checks and restores read."
	LimitBad          = "A limit is a number from 8 kB/s to 1 TB/s, such as 4 MB/s or 20 Mbit/s. Leave it empty for none."
	LimitSaved        = "Saved. It counts from now on."
	Save              = "Save"
	EventsLive        = "watched live"
	EventsNot         = "looked at daily"
	MissingFolder     = "not where it was"
	Label             = "Name"
	Folder            = "Folder"
	IsAway            = "It is kept away from home"
	Add               = "Add"
	Found             = "Found"
	LastScan          = "Last full look"
	Adding            = "Testing"
	Added             = "Added."
	Removed           = "Removed."
	Autostart         = "Start with the computer and protect in the background"
	Appearance        = "Appearance"
	AsSystem          = "As the system"
	LightTheme        = "Light"
	DarkTheme         = "Dark"
	TextSize          = "Text size"
	TextSizeNote      = "Takes effect when Lightproof is opened again."
	Background        = "Background"
	AboutHead         = "About"
	ReadBackWord      = "Read back"
	StoredWord        = "Stored"
	AutostartNo       = "The system did not take the setting. Nothing was changed."
)

// NoProblemsLine is the empty state of Problems.
func NoProblemsLine(ago string) string { return "Last look " + ago + "." }

// Since dates a cause.
func Since(date string) string { return "since " + date }

// Files counts files.
func Files(n string, one bool) string {
	if one {
		return n + " original"
	}
	return n + " originals"
}

// FolderName is the heading of a folder whose path may not be shown while locked.
func FolderName(n int) string { return fmt.Sprintf("Folder %d", n) }

// LimitTitle heads the form of a destination's limits.
func LimitTitle(name string) string { return "How fast copies move: " + name }

// TestOK says that a destination passed its test.
func TestOK(free string) string {
	return "Wrote, read back and deleted a test file. " + free + " free."
}

// Lock and closing.
const (
	LockedTitle       = "Locked"
	Passphrase        = "Passphrase"
	Unlock            = "Unlock"
	Unlocking         = "Unlocking"
	WrongPassphrase   = "This passphrase does not fit. Nothing was changed."
	KeychainLocked    = "The system keychain is locked or missing. Unlock it, then try again."
	OpenElsewhere     = "Another Lightproof has the photos open. Close or lock it first."
	UnlockFailed      = "The photos could not be opened. Copying goes on."
	LockNote          = "Copying and checking go on while this is locked."
	CloseAsk          = "Keep protecting in the background? Open Lightproof from the applications menu to see it."
	KeepRunning       = "Keep running"
	CloseInRestore    = "A restore is running."
	CloseInRestoreWhy = "It waits where it is and can be continued."
	KeepOpen          = "Keep open"
	CloseWaits        = "Close; restore waits"
	Stopped           = "Cannot tell: the background part is not running."
	StartFailed       = "The background part did not start. Its last words are in the crash file in Lightproof's folder."
	Failed            = "That did not work. Nothing was changed."
	ReportWritten     = "The report was written."
	Paused1h          = "Paused for 1 hour."
	Resumed           = "Going on."
	AdoptAsk          = "Was this computer restored from an image of its disk?"
	AdoptNote         = "Then its own records are older than its copies. If no other computer writes in its place, it can go on from the copies; nothing stored is changed, and every original is looked at again."
	AdoptYes          = "Yes, go on from the copies"
	AdoptNo           = "No, it is a second computer"
	Adopted           = "Going on from what the destinations hold."
	OwnName           = "Two computers must not share one name."
	OwnNameNote       = "On one of them, start Lightproof with a new data folder and choose “I already use Lightproof”, with the kit. It then has a name of its own. Both go on where they are; nothing is lost."
	CheckStarted      = "Looking through the folders and reading copies back."
)

// Photos.
const (
	SearchHint        = "Search: name, date, camera, lens, folder"
	AllPhotos         = "Everything"
	FilterProblems    = "With problems"
	FilterPending     = "Not yet proven"
	FilterDeleted     = "Deleted at the source"
	FilterRaw         = "RAW"
	FilterVideo       = "Videos"
	NoPhotos          = "No photos yet"
	NoPhotosWhy       = "They appear here as soon as the first copies are made."
	TimelineFailed    = "The timeline could not be read"
	TimelineFailedWhy = "Your copies are not touched by this; copying and checking go on."
	NothingFound      = "Nothing fits"
	NothingFoundWhy   = "Nothing held here fits this search."
	ShowAll           = "Show everything"
	ProtectedIn       = "Protected"
	PendingMark       = "Not yet proven"
	ProblemMark       = "Needs you"
	UncoveredMark     = "Not covered"
	DeletedMark       = "Deleted at the source, kept here"
	Copies            = "Copies"
	Versions          = "Versions"
	Fingerprint       = "Fingerprint"
	Location          = "Location"
	AllExif           = "All EXIF"
	LessExif          = "Less"
	Copy              = "Copy"
	RestoreThis       = "Restore this…"
	RestoreVersion    = "Restore"
	NoCopy            = "No copy yet"
	Newest            = "newest"
	GoToDate          = "Go to a date"
	GoToHint          = "Year, or year and month: 2019-08"
	Go                = "Go"
	NoSuchMonth       = "There is no photo of that month."
	Clear             = "Clear"
	DetailsFailed     = "These details could not be read."
)

// Selected counts a selection.
func Selected(n, size string) string { return n + " selected, " + size }

// MonthCounts is the right part of a month's heading.
func MonthCounts(originals, groups string, one, single bool) string {
	s := originals + " originals in "
	if one {
		s = originals + " original in "
	}
	if single {
		return s + groups + " group"
	}
	return s + groups + " groups"
}

// AllProven is a month's mark.
func AllProven(span string) string { return "all proven, oldest " + span }

// NPending is a month's mark.
func NPending(n string) string { return n + " not yet proven" }

// NProblems is a month's mark.
func NProblems(n string) string { return n + " need you" }

// NUncovered is a month's mark.
func NUncovered(n string) string { return n + " not covered" }

// CopyLine says what is known of one copy.
func CopyLine(level, ago string) string {
	switch level {
	case "opened", "checked":
		return level + " " + ago
	case "confirmed":
		return "held, not read back yet"
	case "sent":
		return "sent, not confirmed yet"
	}
	return "none"
}

// Causes that the string table words only for one file or with numbers that a state does not carry.
const (
	AFolder        = "a chosen folder"
	ADestination   = "a destination"
	TheCloud       = "the cloud"
	PracticeFailed = "The last practice restore failed."
	NoPracticeYet  = "No practice restore was made yet."
	WhyPractise    = "Only a restore proves that a restore works."
	ShowProblems   = "Show why"
)

// NotSafeYet is the verdict's sentence for a cause with words of its own.
func NotSafeYet(why string) string { return "Not safe yet: " + why }

func originals(n string, one bool, is, are string) string {
	if one {
		return n + " original " + is
	}
	return n + " originals " + are
}

// FailedFiles sums up what will not heal by itself.
func FailedFiles(n string, one bool) string {
	return originals(n, one, "cannot be protected as it is.", "cannot be protected as they are.")
}

// BusyFiles sums up what other programs hold open.
func BusyFiles(n string, one bool) string {
	return originals(n, one, "is open in another program.", "are open in another program.")
}

// ChangingFiles sums up what changed while it was read.
func ChangingFiles(n string, one bool) string {
	return originals(n, one, "changed while it was read.", "changed while they were read.")
}

// Did says one automatic decision in a sentence; empty for a code that has its own message. n counts what was new.
func Did(code, n string, count int64) string {
	switch {
	case code == "backup" && count == 0:
		return "Looked through the folders: nothing new."
	case code == "backup" && count == 1:
		return "Copied 1 new version."
	case code == "backup":
		return "Copied " + n + " new versions."
	case code == "check":
		return "Read copies back."
	case code == "repair":
		return "Repaired copies from another place."
	}
	return ""
}
