// Package texts holds every word of the window that is not in the string table: labels, buttons, questions. Its test scans them
// for words that this program never shows.
package texts

import "fmt"

// The frame of the window.
const (
	App          = "Lightproof" // also the window's title and class
	Home         = "Home"
	Timeline     = "Timeline"
	Problems     = "Problems"
	Folders      = "Folders"
	Destinations = "Destinations"
	Activity     = "Activity"
	Settings     = "Settings"
	Lock         = "Lock"
	PauseHour    = "Pause 1 h"
	Resume       = "Resume"
	Back         = "Back"
	Next         = "Next"
	Cancel       = "Cancel"
	Close        = "Close"
	Quit         = "Quit"
	Open         = "Open"
	Copied       = "Copied."
	Help         = "Help"
	Browse       = "Browse…"
	Again        = "Try again"
)

// HelpLines are the keys, as shown by F1.
var HelpLines = [][2]string{
	{"Ctrl+1 … 6", "Home, Timeline, Problems, Folders, Destinations, Activity"},
	{"Ctrl+,", "Settings"},
	{"Ctrl+F", "Search the timeline"},
	{"Ctrl+R", "Restore"},
	{"Ctrl+Shift+P", "Pause or resume"},
	{"Ctrl+L", "Lock"},
	{"F5", "Check now"},
	{"Tab, Shift+Tab", "Next, previous control"},
	{"Enter", "The main action of the page"},
	{"Esc", "Back"},
	{"Arrows, Home, End, PageUp, PageDown", "Move in the timeline"},
	{"Space, Shift+arrows", "Select in the timeline"},
	{"[ and ]", "Newer and older month"},
	{"G", "Go to a date"},
}

// Home.
const (
	StartIt          = "Start it"
	RestartIt        = "Restart it"
	ChooseFolders    = "Choose folders"
	AddFolder        = "Add a folder"
	AddDestination   = "Add a destination"
	AddSecondPlace   = "Add a place"
	CheckKit         = "Check it (2 min)"
	Practise         = "Practise (2 min)"
	ShowDestinations = "Show destinations"
	ShowFolders      = "Show folders"
	ShowThem         = "Show them"
	CheckNow         = "Check now"
	RestoreDots      = "Restore…"
	ProofDots        = "Proof…"
	Protected        = "Protected"
	Pending          = "Pending"
	NotCovered       = "Not covered"
	LeftOut          = "left out by you or a rule"
	AtLeast          = "at least"
	PlaceHome        = "home"
	PlaceAway        = "away"
	Unknown          = "–"
	NoneYet          = "none yet"
	KitUnchecked     = "Recovery kit not checked"
	NoPractice       = "No practice restore yet"
	CheckUp          = "Check-up"
	NothingYet       = "Nothing is protected yet"
	NothingYetWhy    = "Choose the folders that hold your photos and one place for their copies."
	ColDestination   = "Destination"
	ColPlace         = "Place"
	ColRoom          = "Room"
	ColWritten       = "Written"
	ColProof         = "Oldest proof"
	ColGap           = "Gap"
	NowIdle          = "Nothing in hand."
	Loading          = "Loading"
)

// SeeThe is the action of the verdict.
func SeeThe(n string) string { return "See the " + n }

// AsOf says how old frozen numbers are.
func AsOf(ago string) string { return "Numbers of " + ago }

// NextLook says when the folders are looked at next.
func NextLook(clock string) string { return "Next look " + clock }

// PausedUntil says until when copying waits.
func PausedUntil(clock string) string { return "Paused until " + clock }

// OldestProof is a clause of the line of ages.
func OldestProof(span string) string { return "oldest proof " + span }

// LastLook is a clause of the line of ages.
func LastLook(ago string) string { return "last look " + ago }

// LastPractice is a clause of the line of ages.
func LastPractice(date string, passed bool) string {
	if passed {
		return "practice restore " + date + ": identical"
	}
	return "practice restore " + date + ": failed"
}

// OnlineOnly is the note of the last tile.
func OnlineOnly(n string) string { return n + " only online" }

// PlacesOf says in how many places of the plan.
func PlacesOf(now, plan int) string { return fmt.Sprintf("checked in %d of %d places", now, plan) }

// PlacesSet is a line of the check-up.
func PlacesSet(now, plan int) string { return fmt.Sprintf("%d of %d places set up", now, plan) }

// RoomFree is the room of a destination.
func RoomFree(size string) string { return size + " free" }

// DoneOf counts long work.
func DoneOf(done, total string) string { return done + " of " + total }

// About is an estimate of the time left.
func About(span string) string { return "about " + span + " left" }

// KitChecked is a line of the check-up.
func KitChecked(date string) string { return "Recovery kit checked " + date }

// Working names the long work in hand.
func Working(kind string) string {
	switch kind {
	case "looking":
		return "Looking through the folders"
	case "backing-up":
		return "Copying new originals"
	case "reading-back":
		return "Reading copies back"
	case "repairing":
		return "Repairing copies"
	}
	return "Working"
}
