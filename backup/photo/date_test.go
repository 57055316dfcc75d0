package photo

import (
	"testing"
	"time"
)

func TestDatesAreReadAsCamerasWriteThem(t *testing.T) {
	for _, c := range []struct {
		in, want string // want: wall clock, then the offset; "absent"; "impossible"
	}{
		{"2019:08:14 18:02:11", "2019-08-14 18:02:11"},
		{"2019-08-14T18:02:11.123+02:00", "2019-08-14 18:02:11.123 +2h0m0s"},
		{"2019/08/14 18:02:11Z", "2019-08-14 18:02:11 +0s"},
		{"2019.08.14 18:02", "2019-08-14 18:02:00"},
		{"2019-08-14", "2019-08-14 00:00:00"},
		{"2023-09-22T18:34:05-0330", "2023-09-22 18:34:05 -3h30m0s"},
		{"2020:02:29 10:00:00", "2020-02-29 10:00:00"},
		{"2019:02:29 10:00:00", "impossible"},
		{"2019:04:31 10:00:00", "impossible"},
		{"2019:13:01 10:00:00", "impossible"},
		{"2019:08:14 24:00:00", "impossible"},
		{"2019:08:14 18", "impossible"},
		{"2019:08-14 18:02:11", "impossible"},
		{"yesterday", "impossible"},
		{"0000:00:00 00:00:00", "absent"},
		{"    :  :     :  :  ", "absent"},
		{"", "absent"},
	} {
		d, absent, ok := parseDate(c.in)
		got := "impossible"
		switch {
		case ok:
			got = d.wall.Format("2006-01-02 15:04:05.999")
			if d.zone {
				got += " " + map[bool]string{true: "+", false: ""}[d.offset >= 0] + d.offset.String()
			}
		case absent:
			got = "absent"
		}
		if got != c.want {
			t.Errorf("%q: %s, want %s", c.in, got, c.want)
		}
	}
}

func TestOffsetsAreQuarterHours(t *testing.T) {
	for in, want := range map[string]time.Duration{"+02:00": 2 * time.Hour, "-09:30": -9*time.Hour - 30*time.Minute, "+05:45": 345 * time.Minute, "Z": 0,
		"+14:00": 14 * time.Hour, "-12:00": -12 * time.Hour, "+0100": time.Hour, "+01": time.Hour} {
		if got, ok := parseOffset(in); !ok || got != want {
			t.Errorf("%q: %v %v, want %v", in, got, ok, want)
		}
	}
	for _, in := range []string{"", "   :  ", "+14:15", "-12:15", "+02:10", "02:00", "+2:00", "+02:75", "+02:00x"} {
		if got, ok := parseOffset(in); ok {
			t.Errorf("%q was taken as %v", in, got)
		}
	}
}

func TestZoneComesFromSatelliteTimeOnlyWhenItFits(t *testing.T) {
	local := time.Date(2020, 5, 4, 18, 39, 11, 0, time.UTC)
	for _, c := range []struct {
		name    string
		utc     time.Time
		hasDate bool
		want    time.Duration
		ok      bool
	}{
		{"four hours behind", local.Add(4*time.Hour + 30*time.Second), true, -4 * time.Hour, true},
		{"two minutes is the limit", local.Add(-time.Hour - 2*time.Minute), true, time.Hour, true},
		{"beyond two minutes", local.Add(-time.Hour - 2*time.Minute - time.Second), true, 0, false},
		{"a stale fix of 65 minutes", local.Add(-65 * time.Minute), true, 0, false},
		{"no such offset", local.Add(15 * time.Hour), true, 0, false},
		{"no date, one offset fits", local.Add(-time.Hour), false, time.Hour, true},
		{"no date, the day turned", local.Add(8*time.Hour - 24*time.Hour), false, -8 * time.Hour, true},
		{"no date, two offsets fit", local.Add(-13 * time.Hour), false, 0, false}, // +13 and −11
	} {
		got, ok := zoneFromGPS(local, c.utc, c.hasDate)
		if ok != c.ok || ok && got != c.want {
			t.Errorf("%s: %v %v", c.name, got, ok)
		}
	}
}

func TestUnbelievableDatesArePassedOver(t *testing.T) {
	now := time.Date(2024, 1, 10, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name  string
		taken Taken
		state State
	}{
		{"ordinary", Taken{Wall: now.Add(-time.Hour)}, OK},
		{"1899", Taken{Wall: time.Date(1899, 12, 31, 23, 59, 59, 0, time.UTC)}, Absent},
		{"1900", Taken{Wall: time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC)}, OK},
		{"a day ahead", Taken{Wall: now.Add(24 * time.Hour), Zone: ZoneTag}, OK},
		{"over a day ahead", Taken{Wall: now.Add(24*time.Hour + time.Second), Zone: ZoneTag}, Absent},
		{"no zone: fourteen hours of grace", Taken{Wall: now.Add(38 * time.Hour)}, OK},
		{"no zone: beyond", Taken{Wall: now.Add(38*time.Hour + time.Second)}, Absent},
		{"clock never set", Taken{Wall: time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)}, Doubtful},
	} {
		p := &parse{now: now}
		p.offerDate(c.taken, "test")
		if p.f.Taken.State != c.state {
			t.Errorf("%s: state %d, want %d", c.name, p.f.Taken.State, c.state)
		}
		if passed := p.f.PassedOver.Known(); passed != (c.state == Absent) {
			t.Errorf("%s: passed over %v", c.name, passed)
		}
	}
}

func TestPositionsInText(t *testing.T) {
	for in, want := range map[string]*Position{
		"+27.5916+086.5640+8850/":     {Lat: 27.5916, Lon: 86.5640, Altitude: 8850, HasAltitude: true},
		"-33.9200-000.0001/":          {Lat: -33.92, Lon: -0.0001},
		"+5230.00+01315.00+10/":       {Lat: 52.5, Lon: 13.25, Altitude: 10, HasAltitude: true},
		"+523000+0131500/":            {Lat: 52.5, Lon: 13.25},
		"+48.1300+011.5700CRSWGS_84/": {Lat: 48.13, Lon: 11.57},
		"+00.0000+000.0000/":          nil,
		"+91.0000+000.0000/":          nil,
		"48.13,11.57":                 nil,
		"+":                           nil,
		"":                            nil,
	} {
		got, ok := parseISO6709(in)
		if ok != (want != nil) || ok && (!near(got.Lat, want.Lat) || !near(got.Lon, want.Lon) || got.HasAltitude != want.HasAltitude || !near(got.Altitude, want.Altitude)) {
			t.Errorf("%q: %+v %v", in, got, ok)
		}
	}
	for in, want := range map[string]float64{"52,50.57N": 52 + 50.57/60, "52,50,34S": -(52 + 50.0/60 + 34.0/3600), "-12.5": -12.5} {
		if got, ok := xmpAxis(in, "N", "S", 90); !ok || !near(got, want) {
			t.Errorf("%q: %v %v", in, got, ok)
		}
	}
	for _, in := range []string{"", "N", "91", "52,60N", "1,2,3,4N", "NaN", "52,-1N"} {
		if got, ok := xmpAxis(in, "N", "S", 90); ok {
			t.Errorf("%q was taken as %v", in, got)
		}
	}
	if got, ok := decimalCommas("52,00000,50,00000,34,01180"); !ok || !near(got[2], 34.0118) {
		t.Errorf("decimal commas: %v %v", got, ok)
	}
	for _, in := range []string{"52,50,34", "52,0,50,0,34,x", "52,0,50,0,34,1,1", "52.0,0,50,0,34,1"} {
		if _, ok := decimalCommas(in); ok {
			t.Errorf("%q was taken as decimal commas", in)
		}
	}
}

func near(a, b float64) bool { return a-b < 1e-9 && b-a < 1e-9 }

func TestTextIsMadeFitToShow(t *testing.T) {
	for in, want := range map[string]string{"NIKON CORPORATION\x00junk": "NIKON CORPORATION", "  a\tb\r ": "ab", "caf\xe9": "café", "日本": "日本", "\x00x": ""} {
		if got := cleanText([]byte(in)); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
	if got := []rune(cleanText(make257())); len(got) != maxShown {
		t.Errorf("%d runes", len(got))
	}
}

func make257() []byte {
	b := make([]byte, 257)
	for i := range b {
		b[i] = 'a'
	}
	return b
}
