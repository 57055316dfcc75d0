package present

import (
	"testing"

	"lightproof/backup"
)

func TestLimitsAreReadAsTheyAreShown(t *testing.T) {
	for _, c := range []struct {
		up, down string
		want     backup.LimitDestination
		ok       bool
	}{
		{"", "", backup.LimitDestination{ID: "d"}, true},
		{"4 MB/s", "20 Mbit/s", backup.LimitDestination{ID: "d", Up: 4e6, Down: 25e5}, true},
		{"none", "500k", backup.LimitDestination{ID: "d", Down: 5e5}, true},
		{"fast", "", backup.LimitDestination{}, false},
		{"4M", "4", backup.LimitDestination{}, false}, // 4 bytes a second
		{"-4M", "", backup.LimitDestination{}, false},
	} {
		got, ok := ReadLimits("d", c.up, c.down)
		if ok != c.ok || ok && got != c.want {
			t.Errorf("%q, %q: %+v, %v", c.up, c.down, got, ok)
		}
	}
	f := Feed{Live: true, State: &backup.State{Destinations: []backup.DestinationState{{ID: "d", UpLimit: 8_450_000}, {ID: "e"}}}}
	rows := ShowPlaces(f)
	if r := rows[0]; r.Limit != "8.45 MB/s up" || r.Up != "8.45 MB/s" || r.Down != "" {
		t.Errorf("shown as %q, entered as %q and %q", r.Limit, r.Up, r.Down)
	}
	if got, ok := ReadLimits("d", rows[0].Up, rows[0].Down); !ok || got.Up != 8_450_000 {
		t.Errorf("what is shown reads as %+v", got)
	}
	if rows[1].Limit != "none" {
		t.Errorf("no limit is shown as %q", rows[1].Limit)
	}
}
