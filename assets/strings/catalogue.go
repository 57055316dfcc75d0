package texts

// The classes of messages. What each parameter means stands in the catalogue's templates.
const (
	// Sources: codes 1xx.
	Permission   Class = "permission"
	Away         Class = "away"
	Missing      Class = "missing"
	OnlineOnly   Class = "online-only"
	Busy         Class = "busy"
	Changing     Class = "changing"
	ReadError    Class = "read-error"
	SilentChange Class = "silent-change"
	MassChange   Class = "mass-change"
	BadName      Class = "name"
	Unlistable   Class = "unlistable"
	NotAFile     Class = "not-a-file"
	BrokenPhoto  Class = "broken-photo"
	Vanished     Class = "vanished"

	// Destinations: codes 2xx.
	Full            Class = "full"
	Login           Class = "login"
	WrongDisk       Class = "wrong-disk"
	RolledBack      Class = "rolled-back"
	Intercepted     Class = "intercepted"
	Portal          Class = "portal"
	Network         Class = "network"
	DestinationAway Class = "destination-away"
	ReadOnly        Class = "read-only"
	TooFewPlaces    Class = "too-few-places"
	NotEmpty        Class = "not-empty"

	// Copies: codes 3xx.
	DamagedRepaired Class = "damaged-repaired"
	Damaged         Class = "damaged"
	Lost            Class = "lost"
	Tampered        Class = "tampered"
	Newer           Class = "newer"
	Foreign         Class = "foreign-bytes"

	// Keys: codes 4xx.
	KeychainLocked  Class = "keychain"
	KeychainNone    Class = "keychain-none"
	KeychainLost    Class = "keychain-lost"
	KeysWait        Class = "keys-wait"
	KitUnchecked    Class = "kit"
	KitWord         Class = "kit-word"
	KitOrder        Class = "kit-order"
	KitOther        Class = "kit-other"
	WrongPassphrase Class = "passphrase"
	WeakPassphrase  Class = "weak-passphrase"
	Locked          Class = "locked"
	Access          Class = "access"
	Identity        Class = "identity"
	Forked          Class = "forked"

	// This computer and Lightproof itself: codes 5xx.
	Clock        Class = "clock"
	NoRoom       Class = "no-room"
	Engine       Class = "engine"
	EngineSilent Class = "engine-silent"
	Occupied     Class = "occupied"
	Records      Class = "records"
	Paused       Class = "paused"
	Internal     Class = "internal"

	// Restore: codes 6xx.
	RestoreRoom     Class = "restore"
	RestoreTarget   Class = "restore-target"
	RestoreNothing  Class = "restore-nothing"
	RestoreWaits    Class = "restore-waits"
	RestoreElse     Class = "restore-elsewhere"
	RestoreDiffers  Class = "restore-differs"
	PracticeFailed  Class = "practice"
	PracticeOverdue Class = "practice-overdue"
	RestoreAway     Class = "restore-away"
	RestorePattern  Class = "restore-pattern"
	RestoreFull     Class = "restore-full"
	RestoreGone     Class = "restore-gone"
	RestoreRecords  Class = "restore-records"
	RestoreFailed   Class = "restore-failed"
)

var catalogue = []entry{
	{Permission, "LP101", "{system} does not let Lightproof read {folder}.",
		"At least {n:count} {n?original is|originals are} unprotected since {since:date}.", "Open Privacy settings"},
	{Away, "LP102", "“{name}” is not connected.", "Last seen {age:span} ago; newer photos on it are unknown.", "Change its away limit"},
	{Missing, "LP103", "{folder} is not where it was.", "{n:count} {n?original is|originals are} no longer watched.", "Find it"},
	{OnlineOnly, "LP104", "{n:count} {n?original is|originals are} only in {where}.",
		"Without the bytes no copy can be made or proven.", "Decide ({total:size})"},
	{Busy, "LP105", "{file} is open in another program.", "Its newest edit is not protected.", "Try again"},
	{Changing, "LP106", "{file} changed while it was read.", "Half of an edit is no version, so nothing of it was kept yet.", "Try again"},
	{ReadError, "LP107", "The disk cannot read {n:count} {n?original|originals}.",
		"It may be failing. {good:count} good {good?copy is|copies are} safe.", "Put good copies back"},
	{SilentChange, "LP108", "{n:count} {n?original|originals} changed without being edited.",
		"They may be damaged; earlier versions are kept.", "Compare"},
	{MassChange, "LP109", "{n:count} originals stopped being pictures.", "It looks like an attack. Nothing old is removed.",
		"See what changed"},
	{BadName, "LP110", "{n:count} {n?name|names} cannot be stored everywhere.", "{n?This file is|These files are} not protected.", "Show them"},
	{Unlistable, "LP111", "{folder} cannot be listed.", "Its contents are unknown, so every total is “at least”.", "Open its settings"},
	{NotAFile, "LP112", "{n:count} {n?entry is|entries are} no file: a link in a circle, a socket or a device.",
		"There are no bytes to protect.", "Show them"},
	{BrokenPhoto, "LP113", "{file} is named like a photo but cannot be read as one.",
		"It is protected byte for byte; its date and picture are unknown.", "Compare with earlier versions"},
	{Vanished, "LP114", "{file} was gone when it was to be read.", "Nothing new of it is kept; versions stored before stay.", "Look again"},

	{Full, "LP201", "“{name}” has {room:size} left.", "{n:count} {n?original is|originals are} safe in {places:count} {places?place|places} only.",
		"Make room"},
	{Login, "LP202", "“{name}” refused the key.", "No new copies there since {since:date}.", "Update login"},
	{WrongDisk, "LP203", "The disk here is not “{name}”.", "Nothing was written to it.", "Connect “{name}”"},
	{RolledBack, "LP204", "“{name}” shows its state of {at:date}.", "{n:count} newer {n?copy is|copies are} missing there.", "Copy again"},
	{Intercepted, "LP205", "Someone answers in place of “{name}”.", "Nothing was sent.", "Leave this network"},
	{Portal, "LP206", "This Wi-Fi wants you to sign in.", "{n:count} {n?original waits|originals wait}.", "Open sign-in page"},
	{Network, "LP207", "“{name}” is metered, so copying waits.",
		"{n:count} {n?original waits|originals wait}, the oldest for {age:span}.", "Use anyway for 1 h"},
	{DestinationAway, "LP208", "“{name}” is not connected.", "{n:count} {n?original waits|originals wait} for it; last seen {age:span} ago.",
		"Connect “{name}”"},
	{ReadOnly, "LP209", "“{name}” does not let Lightproof write.", "No new copies there since {since:date}.", "Change its permissions"},
	{TooFewPlaces, "LP210", "Copies are kept in {places:count} of {planned:count} places.",
		"One fire or theft could take the originals and every copy.", "Add a destination"},
	{NotEmpty, "LP211", "{folder} holds copies of another Lightproof.", "Nothing was written to it.", "Choose another folder"},

	{DamagedRepaired, "LP301", "{n:count} {n?copy|copies} on “{name}” {n?was|were} damaged.", "Repaired from another place and read back.",
		"See the record"},
	{Damaged, "LP302", "{n:count} {n?copy|copies} on “{name}” {n?is|are} damaged.", "{n?It does|They do} not count as protection.", "Copy again"},
	{Lost, "LP303", "No good copy of {n:count} {n?version|versions} is left.", "{n?It|They} cannot be restored.", "Show them"},
	{Tampered, "LP304", "A record on “{name}” is not signed by one of your devices.", "It was not used; what came before it stands.",
		"See the record"},
	{Newer, "LP305", "These copies were written by a newer Lightproof.", "This one would not understand all of them, so it changed nothing.",
		"Update Lightproof"},
	{Foreign, "LP306", "Foreign bytes stood on “{name}” where a copy was to go.", "They were left there; the copy went beside them.",
		"See who can write there"},

	{KeychainLocked, "LP401", "The system keychain is locked.", "Copying waits until it opens.", "Unlock"},
	{KeychainNone, "LP402", "This computer has no system keychain.", "The key would lie unprotected on the disk, so it is not kept.",
		"Type the passphrase at each start"},
	{KeychainLost, "LP403", "The key is no longer in the system keychain.", "This computer cannot make new copies without it.",
		"Recover with the kit"},
	{KeysWait, "LP413", "The keys wait for your passphrase.", "Copying waits until it is given, once after each start.", "Unlock"},
	{KitUnchecked, "LP404", "Your recovery kit is not checked.", "Without it a lost computer means lost copies.", "Check it (2 min)"},
	{KitWord, "LP405", "Word {n:count} of the kit is not in the list.", "The kit opens only with all its words as printed.",
		"Correct word {n:count}"},
	{KitOrder, "LP406", "The kit's words do not fit together.", "One is wrong, or two have changed places.", "Compare with the paper"},
	{KitOther, "LP407", "This kit belongs to other copies.", "It cannot open these; nothing was changed.", "Use the kit printed {printed:date}"},
	{WrongPassphrase, "LP408", "The passphrase is not right.", "Nothing was opened.", "Try again"},
	{WeakPassphrase, "LP409", "This passphrase is easy to guess.", "Whoever finds the kit could open everything.", "Take six words"},
	{Locked, "LP410", "Lightproof is locked.", "Photos and names stay closed; copying goes on.", "Unlock"},
	{Access, "LP411", "A new device, “{name}”, was approved.", "It can read all your photos.", "It was not me"},
	{Identity, "LP412", "Something else writes under this computer's name.", "Copying stopped: two histories under one name would hide each other.",
		"Say what it was"},
	{Forked, "LP414", "Two computers wrote under this computer's name.", "Going on from one history would hide the other; nothing was changed.",
		"Recover here with the kit"},

	{Clock, "LP501", "This computer's clock moved by {by:span}.", "Dates of proof cannot be trusted.", "Open date settings"},
	{NoRoom, "LP502", "This disk has {room:size} left.", "Lightproof cannot keep records, so it stopped.", "Make room"},
	{Engine, "LP503", "The background part stopped at {at:clock}.", "Nothing has been watched since.", "Start it"},
	{EngineSilent, "LP504", "The background part does not answer since {at:clock}.", "Nothing shown here is certain.", "Restart it"},
	{Occupied, "LP505", "Another Lightproof is at work on this computer.", "Two at once could spoil each other's records.", "Wait for it to end"},
	{Records, "LP506", "Lightproof's records on this computer cannot be read.", "What is protected is unknown until they are rebuilt.",
		"Rebuild them"},
	{Paused, "LP507", "Copying is paused until {until:clock}.", "{n:count} {n?original waits|originals wait}.", "Resume"},
	{Internal, "LP508", "Lightproof met a fault of its own: {what}.", "This step did not finish; the others went on.", "Save a report"},

	{RestoreRoom, "LP601", "The target lacks {lacking:size}.", "Nothing has been written.", "Choose another"},
	{RestoreTarget, "LP602", "{folder} cannot be written to.", "Nothing has been written.", "Choose another"},
	{RestoreNothing, "LP603", "No version fits what was asked for.", "Nothing has been written.", "Choose another time or name"},
	{RestoreWaits, "LP604", "Restore waits at {done:count} of {total:count}.", "The rest is not back yet.", "Continue"},
	{RestoreElse, "LP605", "Another Lightproof is restoring on this computer.", "Two at once could write the same file.", "Wait for it to end"},
	{RestoreDiffers, "LP606", "{n:count} restored {n?file is|files are} not identical.", "Something changed {n?it|them} after {n?it was|they were} written.",
		"Restore again"},
	{PracticeFailed, "LP607", "{bad:count} of {total:count} originals failed the practice restore.", "A real restore could fail the same way.",
		"See which"},
	{PracticeOverdue, "LP608", "The last practice restore was {age:span} ago.", "Only a restore proves that a restore works.",
		"Practise now (2 min)"},
	{RestoreAway, "LP609", "No destination that holds copies can be reached.", "Nothing can be brought back until one is; nothing has been written.",
		"Connect “{name}”"},
	{RestorePattern, "LP610", "This pattern of names cannot be read.", "It would choose other files than meant; nothing has been written.",
		"Correct the pattern"},
	{RestoreFull, "LP611", "The target is full.", "What has its name there is whole; the rest waits.", "Make room, then continue"},
	{RestoreGone, "LP612", "The target is not there any more.", "What has its name there is whole; the rest waits and goes nowhere else.",
		"Connect it, then continue"},
	{RestoreRecords, "LP613", "The list of kept versions cannot be read here.", "Nothing can be chosen from it; the copies themselves are untouched.",
		"Lock and unlock: it is rebuilt"},
	{RestoreFailed, "LP614", "The restore met something unforeseen: {what}.", "What has its name at the target is whole; nothing else was changed.",
		"Try again"},
}
