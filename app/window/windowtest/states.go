package windowtest

import (
	"time"

	"lightproof/backup"
)

// Safe is a state in which every condition of green holds.
func Safe() backup.State {
	s := backup.State{
		Seq: 1, At: Now, Verdict: backup.Safe, Plan: backup.Plan{Places: 3, Away: 1}, PlacesNow: 3,
		Counts:       backup.Counts{Found: 41228, Protected: 41219, Skipped: 9},
		History:      backup.History{Versions: 52310, Proven: 52310},
		LastLook:     Now.Add(-20 * time.Minute),
		NextLook:     Now.Add(38 * time.Minute),
		OldestProof:  Now.AddDate(0, 0, -12),
		LastPractice: time.Date(2026, time.November, 3, 9, 0, 0, 0, time.UTC), LastPassed: true,
		Safety: backup.Safety{SetUp: true, Mode: "strict", KeysUsable: true, KitChecked: Now.AddDate(0, -2, 0), Generation: 1},
		Folders: []backup.FolderState{
			{ID: "f1", Counts: backup.Counts{Found: 40016, Protected: 40010, Skipped: 6}, LastScan: Now.Add(-20 * time.Minute), Events: true},
			{ID: "f2", Counts: backup.Counts{Found: 1212, Protected: 1209, Skipped: 3}, LastScan: Now.Add(-3 * time.Hour)},
		},
		Destinations: []backup.DestinationState{
			{ID: "d1", Label: "Backup A", Kind: "folder", Place: "disk-a", Reachable: true, TotalBytes: 4e12, FreeBytes: 12e11, Stored: 28e11, LastWrite: Now.Add(-20 * time.Minute), LastRead: Now.Add(-25 * time.Minute), OldestProof: Now.AddDate(0, 0, -4), Proven: 41219},
			{ID: "d2", Label: "NAS", Kind: "folder", Place: "nas", Reachable: true, TotalBytes: 3e12, FreeBytes: 31e10, Stored: 269e10, LastWrite: Now.Add(-20 * time.Minute), LastRead: Now.Add(-time.Hour), OldestProof: Now.AddDate(0, 0, -12), Proven: 41219},
			{ID: "d3", Label: "Drive at Oma's", Kind: "folder", Place: "oma", Away: true, Reachable: true, TotalBytes: -1, FreeBytes: -1, Stored: 269e10, LastWrite: Now.Add(-2 * time.Hour), LastRead: Now.AddDate(0, 0, -9), OldestProof: Now.AddDate(0, 0, -9), Proven: 41219},
		},
	}
	return s
}

// NeedsYou is red for two causes, with work in hand.
func NeedsYou() backup.State {
	s := Safe()
	s.Verdict = backup.NeedsYou
	s.Counts = backup.Counts{Found: 41228, Protected: 41207, Failed: 10, Unreadable: 2, Skipped: 9}
	s.Folders[0].Counts = backup.Counts{Found: 40016, Protected: 39998, Failed: 10, Unreadable: 2, Skipped: 6}
	s.Causes = []backup.Cause{
		{Code: "read-error", Verdict: backup.NeedsYou, Count: 10, Since: Now.AddDate(0, 0, -2), Args: map[string]string{"good": "10"}},
		{Code: "permission", Verdict: backup.NeedsYou, Count: 2, Since: Now.AddDate(0, 0, -14), Args: map[string]string{"system": "macOS", "folder": "Pictures"}},
		{Code: "full", Verdict: backup.NeedsYou, Count: 1020, Since: Now.AddDate(0, 0, -1), Args: map[string]string{"name": "NAS", "room": "212000000", "places": "2"}},
	}
	s.Work = &backup.Work{Kind: "reading-back", Done: 1201, Total: 1204, Bytes: 48e8, TotalBytes: 50e8, Rate: 92e6, Left: 3 * time.Minute, Started: Now.Add(-time.Hour)}
	s.Destinations[1].Problem, s.Destinations[1].FreeBytes, s.Destinations[1].Gap = "full", 212e6, 1020
	return s
}

// OnePlace is what the first run leads to: amber, because one place can never be green.
func OnePlace() backup.State {
	s := Safe()
	s.Verdict, s.Plan, s.PlacesNow = backup.NotYet, backup.Plan{Places: 2, Away: 1}, 1
	s.Counts = backup.Counts{Found: 812, Pending: 812}
	s.History = backup.History{Versions: 812, Due: 812}
	s.Destinations = s.Destinations[:1]
	s.Destinations[0].Proven = 812
	s.Folders = s.Folders[:1]
	s.Folders[0].Counts = s.Counts
	s.Causes = []backup.Cause{{Code: "too-few-places", Verdict: backup.NotYet, Count: 812, Since: Now.Add(-time.Hour), Args: map[string]string{"places": "1", "planned": "2"}}}
	s.LastPractice, s.LastPassed = time.Time{}, false
	s.Safety.KitChecked = time.Time{}
	s.OldestProof = Now.Add(-40 * time.Minute)
	return s
}

// Huge has seven-digit numbers and names that fit nowhere.
func Huge() backup.State {
	s := NeedsYou()
	s.Counts = backup.Counts{Found: 9_876_543, Protected: 4_123_456, Pending: 2_345_678, Failed: 1_111_111, Unreadable: 1_000_000, Skipped: 1_111_111, OnlineOnly: 185_187, AtLeast: true}
	for i := range s.Destinations {
		s.Destinations[i].Label = Long
		s.Destinations[i].Gap = 1_234_567
	}
	for i := range s.Causes {
		s.Causes[i].Count = 1_234_567
		s.Causes[i].Args["name"], s.Causes[i].Args["folder"] = Long, Long
	}
	s.Folders = append(s.Folders, backup.FolderState{ID: "f3", Counts: s.Counts, Missing: true})
	return s
}

// Fresh is a computer on which nothing was set up.
func Fresh() backup.State {
	return backup.State{Seq: 1, At: Now, Verdict: backup.NotYet, Plan: backup.Plan{Places: 2, Away: 1}}
}
