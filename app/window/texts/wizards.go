package texts

import "fmt"

// First run.
const (
	FirstRun         = "Set up Lightproof"
	StepWhat         = "What to protect"
	StepWhere        = "Where"
	StepKeys         = "Keys"
	StepStart        = "Start"
	WhatIntro        = "These folders hold pictures. Their originals are only read, never changed or moved."
	WhatNone         = "No picture folder was found. Add one."
	Finding          = "Looking for picture folders"
	AddAFolder       = "Add another folder…"
	PathHint         = "Path of a folder"
	NotReadable      = "cannot be read"
	WhereIntro       = "Choose a drive, a network drive or a folder for the copies. Everything written there is encrypted on this computer first."
	WhereName        = "Name of this place"
	TestPlace        = "Test it"
	TestingPlace     = "Writing, reading back and deleting a test file"
	SameDisk         = "It is on the same disk as your photos: one failure would take both. Another drive is better."
	OnePlace         = "This is 1 of 2 places. Until there is a second, the verdict stays “Not yet”."
	AlreadyHolds     = "This folder holds copies by Lightproof already. Use “I already use Lightproof”."
	KeysIntro        = "One passphrase opens the window here, and with the recovery kit it opens a new computer. Kit and passphrase open everything; without both, nobody can."
	PassphraseAgain  = "The same again"
	Suggest          = "Suggest six words"
	MoreOptions      = "More"
	FewerOptions     = "Less"
	SecondKitPass    = "A second passphrase for the kit alone"
	KitPassphrase    = "Kit passphrase"
	ConvenientOption = "Convenient: anyone in your session of this computer can open this window"
	NotSame          = "The two passphrases differ."
	TooShort         = "Too short"
	Weak             = "Weak: guessed within days"
	Fair             = "Fair: use more words"
	Strong           = "Strong"
	MakeKeys         = "Make the keys"
	MakingKeys       = "Making the keys and testing the copies"
	KitIntro         = "Write these 24 words down, in this order, or print them. They are shown only now. Together with the passphrase they open everything."
	PrintKit         = "Print…"
	PrintSent        = "The page was handed to the system's viewer."
	HaveThem         = "I have them on paper"
	CheckIntro       = "The words are gone from the screen. Read these three from your paper, and type the passphrase."
	CheckPaper       = "Read these three words from your paper, and type the passphrase."
	CheckAllPaper    = "Type all 24 words of the kit as they stand on your paper, and the passphrase that goes with it."
	CheckTheKit      = "Check the kit"
	Checking         = "Checking"
	OtherKit         = "Check another kit"
	Later            = "Later: stays “Not yet”"
	ShowAgain        = "Show the words again"
	WordsWrong       = "These words do not fit. Look at the paper again."
	KitGood          = "The kit is good."
	StartIntro       = "Everything is ready."
	Starting         = "Making the first copies"
	FirstSafe        = "Copied and read back"
	AutostartAsk     = "Start with the computer, so that new photos are copied without opening this window"
	ToHome           = "Go to Home"
	AlreadyUse       = "I already use Lightproof"
	RecoverTitle     = "Use this computer with your copies"
	RecoverIntro     = "Point to the place that holds the copies, then type the 24 words of the kit and the passphrase."
	RecoverWords     = "The 24 words, separated by spaces"
	RecoverAction    = "Open the copies"
	Recovering       = "Opening the copies"
	NewHere          = "Set up anew"
	SetupFailed      = "This step did not work. Nothing was lost; try it again."
)

// Another kit, another passphrase. What becomes of older kits is said as at the terminal.
const (
	KeysHead        = "Keys"
	MakeNewKit      = "Make a new recovery kit…"
	ChangePass      = "Change the passphrase…"
	CheckAKit       = "Check a kit…"
	KeysNote        = "Kit and passphrase open everything; without both, nobody can."
	ConvenientNote  = "Anyone in your session of this computer can open this window, so there is no passphrase to change here."
	NewKitTitle     = "Make a new recovery kit"
	NewKitIntro     = "Kits made before go on to work, each with the passphrase that it was made with, until the new one was checked: from then on it replaces them. They end a week later, with the next unlock, and open nothing that is backed up afterwards."
	NewKitProve     = "The passphrase of this computer also goes with the new kit, unless you choose a second one."
	NewKitChoose    = "Choose the passphrase that goes with the new kit."
	MakeKit         = "Make the kit"
	MakingKit       = "Making the kit"
	NewKitMade      = "Kits made before go on to work until this one is checked."
	NewKitFailed    = "No new kit was made. Kits made before go on to work."
	PassTitle       = "Change the passphrase"
	PassIntro       = "It opens Lightproof on this computer. Recovery kits go on to need the passphrase that they were made with."
	PassAtStart     = "This passphrase also starts the background part, which ends for a moment and starts again with the new one."
	PassOld         = "Passphrase until now"
	PassNew         = "New passphrase"
	PassChange      = "Change it"
	PassChanging    = "Changing the passphrase"
	PassChanged     = "The passphrase is changed."
	PassOldKits     = "Your recovery kit still needs the passphrase that it was made with. A new kit goes with the new passphrase."
	PassBusy        = "The background part is still finishing what it was at. Nothing was changed; try again in a moment."
	PassFailed      = "The passphrase was not changed."
	PassRestoring   = "A restore is running. Change the passphrase when it has ended."
	PassSame        = "This is the passphrase until now."
	KitOpensAll     = "This kit and its passphrase open everything."
	KitReplacedWhat = "This kit was replaced by a newer one. It opens only what was backed up before that. Use the newest kit, and destroy this one."
	NewerUnchecked  = "A newer kit was made and is not checked yet. Checking that one replaces this one."
	OldKitsNeed     = "Until then each of them needs the passphrase that it was made with. Then destroy them."
)

// OldKitsUntil says when kits end that the newest one replaced.
func OldKitsUntil(date string) string {
	return "Kits made before are replaced: until " + date + " at least they open everything, afterwards only what was backed up before."
}

// ThisKitUntil says when a kit ends that a newer one replaced.
func ThisKitUntil(date string) string {
	return "A newer kit replaces it: until " + date + " at least it opens everything, afterwards only what was backed up before."
}

// WordNumber asks for one word of the kit.
func WordNumber(n int) string { return fmt.Sprintf("Word %d", n) }

// Sourced counts a found folder.
func Sourced(originals, size string) string { return originals + " originals, " + size }

// WithOnline adds what is only online.
func WithOnline(n string) string { return ", " + n + " only online" }

// PlaceGood says that the test passed.
func PlaceGood(free string) string {
	return "Wrote, read back and deleted a test file. " + free + " free."
}

// RecoveredLine says what was found.
func RecoveredLine(versions, date string) string {
	return versions + " versions found, the newest of " + date + "."
}

// Restore.
const (
	RestoreTitle    = "Restore"
	StepReason      = "What happened"
	StepWhen        = "When"
	StepWhich       = "What"
	StepTo          = "To where"
	StepConflicts   = "Conflicts"
	StepDry         = "Dry run"
	StepRun         = "Run"
	StepProof       = "Proof"
	ReasonLost      = "Photos are lost or were deleted"
	ReasonBadEdit   = "A photo was edited and should be as before"
	ReasonAll       = "Everything, for example on a new disk"
	WhenNewest      = "The newest state"
	WhenDay         = "As it was on a day"
	PickDay         = "Choose a day with recorded changes."
	WhichAll        = "Everything held"
	WhichSelected   = "What is selected in the timeline"
	WhichPattern    = "Files by name or folder"
	PatternHint     = "For example Pictures/2019/* or *.CR3"
	WithDeleted     = "Also what was deleted at the source"
	ToFolder        = "Into a folder"
	ToOriginal      = "To where the files came from"
	ToHint          = "An empty or new folder"
	ConflictIntro   = "Identical files are skipped and counted as proven. Where a different file stands in the way:"
	ConflictBoth    = "Keep both"
	ConflictReplace = "Replace; the old file goes to the system trash"
	ConflictSkip    = "Skip; keep what is there"
	DryWorking      = "Finding every file and its best copy"
	DryGood         = "Everything can be restored."
	DryAnyway       = "Restore the others anyway"
	DryNotEmpty     = "The folder is not empty: restore into it all the same"
	RunStart        = "Start"
	Stop            = "Stop"
	Writing         = "Writing and re-reading"
	StopNote        = "One bad file never stops the rest. What is written is re-read from disk."
	ProofTitle      = "Proof"
	OpenReport      = "Open the report"
	OpenFolder      = "Open the folder"
	StoppedEarly    = "Stopped before the end. What was restored is proven; the rest is listed."
	DaysFailed      = "The days could not be read."
	Done            = "Done"
	Continue        = "Continue"
	MissingFiles    = "without a good copy"
	DryFiles        = "Files"
	DryNew          = "New"
	DryIdentical    = "Identical, skipped"
	DryDiffer       = "Different"
	DryNames        = "Names too long"
	DryClash        = "Clashing names"
	DryRoom         = "Room"
)

// RestoreWaits is the offer to continue.
func RestoreWaits(done, total string) string { return "Restore waits at " + done + " of " + total }

// RoomNeeded compares what is needed with what is free.
func RoomNeeded(need, free string) string { return need + " needed, " + free + " free" }

// Identical is the first line of the proof.
func Identical(n string) string { return n + " identical" }

// SumLine spells the sum out: selected = written and identical + already there and identical + not restored.
func SumLine(selected, written, already, not string) string {
	return selected + " selected = " + written + " written and identical + " + already + " already there and identical + " + not + " not restored"
}

// NotRestored counts what is missing from the proof.
func NotRestored(n string) string { return n + " not restored" }
