package restore

import (
	"context"
	"errors"
	"testing"
	"time"
)

// The search for a free addition ends: after many that are taken, and when it is called off.
func TestTheSearchForAFreeNameEnds(t *testing.T) {
	for _, c := range []struct {
		taken int
		final string
	}{{0, "a (restored 2026-11-22).jpg"}, {1, "a (restored 2026-11-22, 2).jpg"}, {maxSuffixes - 1, "a (restored 2026-11-22, 10000).jpg"}, {maxSuffixes, "a.jpg"}} {
		p := &planner{Plan: &Plan{}, o: PlanOptions{Now: noon}, open: []*tree{nil}, kinds: []diskKind{{maxName: 255}}, taken: map[string]bool{}}
		it := &item{path: "a.jpg", state: stateDifferent}
		for n := range c.taken {
			p.taken[p.placeOf(it, withSuffix(it.name(), suffixOf(noon.Format(time.DateOnly), n+1), p.kinds[0]))] = true
		}
		called, off := context.WithCancel(context.Background())
		off()
		if err := p.addSuffix(called, []*item{it}); !errors.Is(err, context.Canceled) || it.final() != "a.jpg" {
			t.Errorf("%d taken: called off: %v, %q", c.taken, err, it.final())
		}
		err := p.addSuffix(context.Background(), []*item{it})
		if failed := it.result == NotRestored && it.reason() == ReasonTarget; err != nil || it.final() != c.final || failed != (c.taken == maxSuffixes) {
			t.Errorf("%d taken: %v, %q, %s %q", c.taken, err, it.final(), it.result, it.reason())
		}
	}
}
