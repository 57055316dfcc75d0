package keeper

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	texts "lightproof/assets/strings"
	"lightproof/backup"
)

var start = time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)

func red(codes ...string) *backup.State {
	s := &backup.State{Verdict: backup.NeedsYou, Counts: backup.Counts{Found: 10, Protected: 10}}
	for _, c := range codes {
		s.Causes = append(s.Causes, backup.Cause{Code: c, Verdict: backup.NeedsYou, Count: 12, Since: start.Add(-3 * day)})
	}
	return s
}

func safe() *backup.State { return &backup.State{Counts: backup.Counts{Found: 10, Protected: 10}} }

func amber() *backup.State {
	return &backup.State{Verdict: backup.NotYet, Causes: []backup.Cause{{Code: "network", Verdict: backup.NotYet, Count: 21}}}
}

// step is one look of the policy; kinds are those it sends.
type step struct {
	after time.Duration
	state *backup.State
	kinds []texts.NoticeKind
}

func TestNotificationsFollowFreshness(t *testing.T) {
	const hour = time.Hour
	type kinds = []texts.NoticeKind
	cases := map[string][]step{
		"all safe, the first time only": {
			{0, safe(), kinds{texts.NoticeFirstSafe}}, {hour, safe(), nil}, {day, amber(), nil}, {day, safe(), nil},
		},
		"nothing protected is not safe": {{0, &backup.State{}, nil}},
		"three days offline, then one a day": {
			{0, amber(), nil}, {day, amber(), nil}, {2 * day, amber(), nil},
			{hour, red(CauseFreshness), kinds{texts.NoticeFreshness}}, {hour, red(CauseFreshness), nil}, {22 * hour, red(CauseFreshness), nil},
			{hour, red(CauseFreshness), kinds{texts.NoticeFreshness}}, {day, red(CauseFreshness), kinds{texts.NoticeFreshness}},
		},
		"a red cause, once": {
			{0, red("full"), kinds{texts.NoticeNeedsYou}}, {hour, red("full"), nil}, {40 * day, red("full"), kinds{texts.NoticeNeedsYou}},
		},
		"a red cause that stays is told once": {
			{0, red("full"), kinds{texts.NoticeNeedsYou}}, {20 * hour, red("full"), nil}, {20 * hour, red("full"), nil}, {20 * hour, red("full"), nil},
		},
		"a cause that comes and goes is told once": {
			{0, red("away"), kinds{texts.NoticeNeedsYou}}, {hour, amber(), nil}, {hour, red("away"), nil}, {hour, amber(), nil}, {20 * hour, red("away"), nil},
		},
		"a cause that was gone for a day is new": {
			{0, red("away"), kinds{texts.NoticeNeedsYou}}, {hour, amber(), nil}, {25 * hour, red("away"), kinds{texts.NoticeNeedsYou}},
		},
		"several make a digest": {
			{0, red("full", "away", "full", "damaged"), kinds{texts.NoticeDigest}}, {hour, red("full", "away"), nil},
		},
		"at most two a day, the rest next day": {
			{0, red("a"), kinds{texts.NoticeNeedsYou}}, {hour, red("a", "b"), kinds{texts.NoticeNeedsYou}}, {hour, red("a", "b", "c"), nil},
			{hour, red("a", "b", "c", "d"), nil}, {21 * hour, red("a", "b", "c", "d"), kinds{texts.NoticeDigest}},
		},
		"figures that cannot be trusted are not told": {
			{0, &backup.State{Verdict: backup.CannotTell, Causes: red("full").Causes}, nil}, {hour, red("full"), kinds{texts.NoticeNeedsYou}},
		},
		"a clock that jumped back does not silence for ever": {
			{365 * day, red("a"), kinds{texts.NoticeNeedsYou}}, {0, red("a", "b"), kinds{texts.NoticeNeedsYou}},
			{-365 * day, red("a", "b"), kinds{texts.NoticeDigest}},
		},
	}
	for name, steps := range cases {
		t.Run(name, func(t *testing.T) {
			p := NewPolicy(Memory{})
			now := start
			for i, s := range steps {
				now = now.Add(s.after)
				var got []texts.NoticeKind
				for _, o := range p.State(now, s.state) {
					got = append(got, o.Kind)
					if _, ok := o.words(now); !ok {
						t.Errorf("step %d: no words for %+v", i, o)
					}
				}
				if !slices.Equal(got, s.kinds) {
					t.Errorf("step %d: %v, want %v", i, got, s.kinds)
				}
				b, err := json.Marshal(p.Memory()) // each step is a start of its own
				var m Memory
				if err != nil || json.Unmarshal(b, &m) != nil {
					t.Fatal(err)
				}
				p = NewPolicy(m)
			}
		})
	}
}

func TestNumbersOfANotification(t *testing.T) {
	p := NewPolicy(Memory{})
	got := p.State(start, red(CauseFreshness))
	if len(got) != 1 || got[0] != (Occasion{Kind: texts.NoticeFreshness, N: 12, Days: 3}) {
		t.Errorf("%+v", got)
	}
	words, _ := got[0].words(start)
	if words.Body != "12 originals are not safe for 3 days." {
		t.Errorf("%q", words.Body)
	}
}

func TestTrustChangesAreAlwaysTold(t *testing.T) {
	p := NewPolicy(Memory{})
	for i := range 10 {
		if got := p.TrustChanged(start); len(got) != 1 {
			t.Fatalf("change %d: %v", i, got)
		}
	}
	if got := p.RestoreEnded(start, 812, 812); len(got) != 1 || got[0] != (Occasion{Kind: texts.NoticeRestored, N: 812, Total: 812}) {
		t.Errorf("they use up the others: %v", got)
	}
}

func TestOtherOccasionsShareTheDaysLimit(t *testing.T) {
	p := NewPolicy(Memory{})
	sent := len(p.RestoreStuck(start, 503, 812)) + len(p.UnknownNetwork(start, "n1")) + len(p.UnknownNetwork(start, "n2")) + len(p.RestoreEnded(start, 1, 1))
	if sent != 2 {
		t.Errorf("%d sent", sent)
	}
	later := start.Add(day)
	if len(p.UnknownNetwork(later, "n1")) != 0 {
		t.Error("a network twice")
	}
	if len(p.UnknownNetwork(later, "n2")) != 1 {
		t.Error("a network whose notice was held back is never told")
	}
	for i := range maxNetworks + 50 {
		p.UnknownNetwork(later.Add(time.Duration(i)*day), fmt.Sprint("wifi", i))
	}
	if n := len(p.Memory().Networks); n > maxNetworks {
		t.Errorf("%d networks remembered", n)
	}
}

// Whatever the engine says, there are at most two in any 24 hours.
func TestNeverMoreThanTwoADay(t *testing.T) {
	p := NewPolicy(Memory{})
	var sent []time.Time
	now := start
	for i := range 5000 {
		now = now.Add(7 * time.Minute)
		s := red(fmt.Sprint("cause", i%97), CauseFreshness, fmt.Sprint("other", i%31))
		if i%13 == 0 {
			s = safe()
		}
		for range p.State(now, s) {
			sent = append(sent, now)
		}
	}
	for i := 2; i < len(sent); i++ {
		if sent[i].Sub(sent[i-2]) < day {
			t.Fatalf("three within %v", sent[i].Sub(sent[i-2]))
		}
	}
	if len(sent) < 20 {
		t.Errorf("only %d sent in 24 days of trouble", len(sent))
	}
}
