package present

import (
	"strings"
	"testing"
	"time"

	"lightproof/backup"
)

// engineCodes are the causes that the engine publishes, with the arguments that it gives.
var engineCodes = []backup.Cause{
	{Code: "keychain", Verdict: backup.NotYet}, {Code: "cannot-tell", Verdict: backup.CannotTell}, {Code: "first-look", Verdict: backup.CannotTell}, {Code: "counting", Verdict: backup.CannotTell},
	{Code: "missing", Verdict: backup.NeedsYou, Count: 3410}, {Code: "look-due", Verdict: backup.NotYet}, {Code: "read-error", Verdict: backup.NeedsYou, Count: 2},
	{Code: "busy", Verdict: backup.NeedsYou, Count: 2}, {Code: "changing", Verdict: backup.NotYet, Count: 1}, {Code: "name-too-long", Verdict: backup.NeedsYou, Count: 3},
	{Code: "failed", Verdict: backup.NeedsYou, Count: 4}, {Code: "permission", Verdict: backup.NeedsYou, Count: 412}, {Code: "online-only", Verdict: backup.NotYet, Count: 3112},
	{Code: "waiting", Verdict: backup.NotYet, Count: 21}, {Code: "lost", Verdict: backup.NeedsYou, Count: 2},
	{Code: "damaged-copy", Verdict: backup.NotYet, Count: 3, Args: map[string]string{"destination": "Backup A"}},
	{Code: "too-few-places", Verdict: backup.NotYet, Count: 1}, {Code: "full", Verdict: backup.NeedsYou, Count: 1, Args: map[string]string{"name": "Backup A", "destination": "Backup A"}},
	{Code: "away", Verdict: backup.NotYet, Count: 1, Args: map[string]string{"name": "Backup A", "destination": "Backup A"}},
	{Code: "wrong-disk", Verdict: backup.NeedsYou, Count: 1, Args: map[string]string{"name": "Backup A", "destination": "Backup A"}},
	{Code: "login", Verdict: backup.NotYet, Count: 1, Args: map[string]string{"name": "Backup A", "destination": "Backup A"}},
	{Code: "clock", Verdict: backup.NotYet, Args: map[string]string{"by": "78840h0m0s"}}, {Code: "paused", Verdict: backup.NotYet, Args: map[string]string{"until": "2026-11-17T15:32:00Z"}},
	{Code: "kit", Verdict: backup.NotYet}, {Code: "practice-failed", Verdict: backup.NeedsYou}, {Code: "practice-due", Verdict: backup.NotYet},
}

func TestEveryCauseOfTheEngineIsTold(t *testing.T) {
	for _, c := range engineCodes {
		c.Since = now.Add(-26 * time.Hour)
		f := with(func(s *backup.State) { s.Verdict = c.Verdict; s.Causes = []backup.Cause{c} })
		told := TellCause(f, c)
		if told.What == "" || strings.Contains(told.What+told.Why, "?") || strings.Contains(told.What, "fault of its own") {
			t.Errorf("%s: %+v", c.Code, told)
		}
		b := ShowBanner(f)
		if b.Verdict != c.Verdict || strings.Contains(b.Headline+b.Second, "?") {
			t.Errorf("%s: banner %+v", c.Code, b)
		}
	}
}

func TestACauseWithoutWordsInTheSentenceIsNotTakenForAnother(t *testing.T) {
	b := ShowBanner(with(func(s *backup.State) {
		s.Verdict, s.Causes = backup.NotYet, []backup.Cause{{Code: "online-only", Verdict: backup.NotYet, Count: 3112}}
	}))
	if b.Headline != "Not safe yet: 3,112 originals are only in the cloud." || b.Action.Intent != SeeProblems {
		t.Errorf("%+v", b)
	}
}

func TestANumberOpensTheRowsThatItCounts(t *testing.T) {
	rows := []backup.Row{{State: "pending"}, {State: "stored"}, {State: "skipped"}, {State: "failed", Code: "read-error"}, {State: "failed", Code: "name-too-long"}, {State: "online-only"}, {State: "unreadable", Code: "permission"}}
	feed := with(func(*backup.State) {})
	one := with(func(s *backup.State) { s.Counts.Protected = 0 })
	cases := []struct {
		f      Feed
		what   string
		filter string
		want   int
	}{{feed, "protected", "stored", 7}, {feed, "pending", "pending", 7}, {one, "pending", "", 2}, {feed, "uncovered", "", 2}, {feed, "read-error", "", 1}, {feed, "name-too-long", "", 1}, {feed, "failed", "", 7}}
	for _, c := range cases {
		filter, accept := Accepts(c.f, c.what)
		n := 0
		for _, r := range rows {
			if accept(r) {
				n++
			}
		}
		if filter != c.filter || n != c.want {
			t.Errorf("%s: filter %q, %d rows, want %q, %d", c.what, filter, n, c.filter, c.want)
		}
	}
}

func TestActivityIsToldInSentences(t *testing.T) {
	told := ShowLines(Feed{Now: now}, []backup.Row{{Code: "check", Size: 7, Since: now, Args: map[string]string{"checked": "7", "bad": "0", "took": "61"}}})
	if told[0].Main != "Read 7 copies back in 1 min: no fault." {
		t.Errorf("%+v", told)
	}
	got := ShowLines(Feed{Now: now}, []backup.Row{{Code: "backup", Size: 59, Since: now}, {Code: "backup", Since: now}})
	if got[0].Main != "Copied 59 new versions." || got[1].Main != "Looked through the folders: nothing new." || got[0].Side != "14:32" {
		t.Errorf("%+v", got)
	}
}
