package texts

import "testing"

func TestActivityReadsAsASentence(t *testing.T) {
	type args = map[string]string
	for _, c := range []struct {
		code string
		args args
		want string
	}{
		{"backup", args{"new": "3", "removed": "0", "read": "12000000", "bad": "0", "repaired": "0", "looked": "1204", "stored": "24000000", "took": "40", "stopped": "0", "issues": "0"},
			"Looked at 1,204 originals, copied 3 new versions, 12 MB in 40 s."},
		{"backup", args{"new": "1", "removed": "1", "read": "900", "bad": "2", "repaired": "2", "looked": "1", "took": "125", "stopped": "0", "issues": "1"},
			"Looked at 1 original, copied 1 new version, 900 B, recorded 1 deletion in 2 min. 2 were damaged and are repaired. 1 thing did not go as planned."},
		{"backup", args{"new": "0", "removed": "2", "read": "0", "bad": "0", "repaired": "0", "looked": "40", "took": "0", "stopped": "1", "issues": "3"},
			"Looked at 40 originals, recorded 2 deletions in 0 s. It was stopped before its end."},
		{"backup", args{"new": "5", "removed": "0", "read": "2000", "bad": "0", "repaired": "0"}, "Copied 5 new versions, 2 kB."}, // of an older version
		{"check", args{"checked": "1204", "bad": "0", "repaired": "0", "took": "40"}, "Read 1,204 copies back in 40 s: no fault."},
		{"check", args{"checked": "1", "bad": "5", "repaired": "4", "took": "3600", "issues": "1"},
			"Read 1 copy back in 1 h: 5 are damaged, 4 repaired. 1 thing did not go as planned."},
		{"practice", args{"files": "25", "passed": "1"}, "Practice restore of 25 originals: all are identical."},
		{"practice", args{"files": "25", "passed": "0"}, "Practice restore of 25 originals: failed."},
		{"pause", args{"span": "7200"}, "Copying was paused for 2 h."},
		{"pause", args{"span": "0"}, "Copying was resumed."},
	} {
		if got, ok := printer.Activity(c.code, c.args); !ok || got != c.want {
			t.Errorf("%s %v:\n got %q\nwant %q", c.code, c.args, got, c.want)
		}
	}
	if _, ok := printer.Activity("tampered", args{"n": "1"}); ok {
		t.Error("what has a message of its own was said twice")
	}
	if _, ok := printer.Activity("backup", nil); ok {
		t.Error("a record without numbers was said")
	}
}
