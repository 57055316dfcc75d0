package terminal

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"time"

	"lightproof/app/channel"
	texts "lightproof/assets/strings"
	"lightproof/backup"
	"lightproof/backup/catalog"
	"lightproof/backup/library"
	"lightproof/backup/restore"
	"lightproof/backup/setup"
	"lightproof/backup/source"
	"lightproof/backup/store"
	"lightproof/backup/store/local"
	"lightproof/backup/vault"
	"lightproof/backup/vault/reader"
	"lightproof/keystore"
	"lightproof/keystore/kit"
	"lightproof/keystore/passphrase"
	"lightproof/keystore/words"
)

// Classes that only the terminal knows. Their codes are LP7xx.
const (
	classUsage       texts.Class = "usage"
	classNotSetUp    texts.Class = "not-set-up"
	classAlready     texts.Class = "already-set-up"
	classStopped     texts.Class = "stopped"
	classNoAnswer    texts.Class = "no-terminal"
	classSecretFile  texts.Class = "secret-file"
	classPassphrase  texts.Class = "passphrase-form"
	classKitFile     texts.Class = "kit-file"
	classNotFound    texts.Class = "not-found"
	classNotAKit     texts.Class = "not-a-kit"
	classNoCopies    texts.Class = "no-copies-here"
	classNewKeeper   texts.Class = "other-version"
	classNoPlace     texts.Class = "no-destination"
	classOther       texts.Class = "failed"
	classReplaced    texts.Class = "kit-replaced"
	classRefused     texts.Class = "refused"
	classKeychainNew texts.Class = "keychain-forgetful"
	classNoFolders   texts.Class = "no-folders"
	classWaiting     texts.Class = "waiting"
	classLook        texts.Class = "look-due"
	classAttributes  texts.Class = "attributes-left-out"
)

// own are the messages of the terminal's own classes.
var own = []texts.Message{
	{Class: classNotSetUp, Code: "LP702", What: "Lightproof is not set up here.", Why: "There are no keys yet, so nothing can be stored or read.",
		Action: "Run lightproof setup, or lightproof recover on a new computer"},
	{Class: classAlready, Code: "LP703", What: "Lightproof is set up here already.", Why: "Doing it again would lose the keys; nothing was changed.",
		Action: "Go on with it, or name another folder with --home"},
	{Class: classStopped, Code: "LP704", What: "Stopped as you asked.", Why: "What was stored stays; the rest waits.",
		Action: "Run the same command to go on"},
	{Class: classNoAnswer, Code: "LP705", What: "This needs an answer, and there is no terminal to ask at.", Why: "Nothing was done.",
		Action: "Give it as a file: --passphrase-file, --kit-file; see --help"},
	{Class: classSecretFile, Code: "LP706", What: "The file with the passphrase cannot be used.", Why: "Nothing was opened.",
		Action: "Put the passphrase on the first line of a file that you can read"},
	{Class: classPassphrase, Code: "LP707", What: "This passphrase cannot be used.", Why: "It is empty, too long or no text.",
		Action: "Take six words"},
	{Class: classKitFile, Code: "LP708", What: "The kit was not written to a file: that name is taken or cannot be used.",
		Why: "Nothing that is there is replaced.", Action: "Name a new file with --kit-file"},
	{Class: classNotFound, Code: "LP709", What: "Nothing of that name is known here.", Why: "Nothing was changed.",
		Action: "Look at the list for its exact name"},
	{Class: classNotAKit, Code: "LP710", What: "This is not a recovery kit, or not all of it.", Why: "Without all 24 words it opens nothing.",
		Action: "Compare it with the page that was printed"},
	{Class: classNoCopies, Code: "LP711", What: "This folder holds no copies of Lightproof.", Why: "Nothing can be brought back from it.",
		Action: "Name the folder that was chosen as destination"},
	{Class: classNewKeeper, Code: "LP712", What: "The background part is of another version than this program.", Why: "They could misunderstand each other.",
		Action: "Quit it, then start it again"},
	{Class: classNoPlace, Code: "LP713", What: "No destination can be reached.", Why: "There is nothing to read and nowhere to write to.",
		Action: "Connect one, or run lightproof destinations add"},
	{Class: classReplaced, Code: "LP722", What: "This kit was replaced by a newer one.", Why: "It opens only what was backed up before that.",
		Action: "Use the newest kit, and destroy this one"},
	{Class: classOther, Code: "LP714", What: "The command did not finish.", Why: "What was stored before is not affected.",
		Action: "Read the detail below, then try again"},
	{Class: classRefused, Code: "LP715", What: "This computer does not allow access to a file or folder that is needed.", Why: "The command stopped there; nothing was changed.",
		Action: "Change its permissions, then try again"},
	{Class: classKeychainNew, Code: "LP716", What: "The system keychain did not keep or give the key.", Why: "Without it this computer cannot store copies.",
		Action: "Open the keychain and try again, or set up with --keychain none"},
	{Class: classNoFolders, Code: "LP717", What: "No folder is protected yet.", Why: "Only what is in chosen folders is copied.",
		Action: "Run lightproof folders add"},
	{Class: classWaiting, Code: "LP718", What: "Some originals wait to be stored or proven.", Why: "They are not safe yet.",
		Action: "Run lightproof backup"},
	{Class: classLook, Code: "LP719", What: "Not every folder was looked through in the last day.", Why: "What is new there is unknown.",
		Action: "Run lightproof backup"},
	{Class: classAttributes, Code: "LP720", What: "Some attributes of this file are too large and were left out.", Why: "Its picture is stored whole.",
		Action: "Nothing has to be done"},
}

// errNotFound means that no folder, destination or file has the name given.
var errNotFound = errors.New("not found")

// explanation joins errors with the class of message that tells a person about them.
type explanation struct {
	err   error
	class texts.Class
}

// explanations are asked in this order: the more specific ones stand first.
var explanations = []explanation{
	{context.Canceled, classStopped},
	{setup.ErrNoPassphrase, texts.Locked},
	{errNoTerminal, classNoAnswer},
	{errSecretFile, classSecretFile},
	{errKitFile, classKitFile},
	{errNoRoomThere, texts.RestoreRoom},
	{errBadTarget, texts.RestoreTarget},
	{errNoCopies, classNoCopies},
	{library.ErrReplaced, classReplaced},
	{setup.ErrOtherKit, texts.KitOther},
	{reader.ErrNoSlot, texts.KitOther},
	{setup.ErrWrongPassphrase, texts.WrongPassphrase},
	{backup.ErrNotSetUp, classNotSetUp},
	{backup.ErrAlreadySetUp, classAlready},
	{backup.ErrLocked, texts.Locked},
	{channel.ErrOtherProtocol, classNewKeeper},
	{channel.ErrHung, texts.EngineSilent},
	{channel.ErrHeld, texts.Occupied},
	{backup.ErrForked, texts.Forked},
	{backup.ErrBusy, texts.Occupied},
	{backup.ErrGone, texts.Engine},
	{restore.ErrNothing, texts.RestoreNothing},
	{restore.ErrTargetGone, texts.RestoreGone},
	{restore.ErrBadGlob, texts.RestorePattern},
	{local.ErrNotEmpty, texts.NotEmpty},
	{vault.ErrNewer, texts.Newer},
	{kit.ErrNewer, texts.Newer},
	{catalog.ErrNewerSchema, texts.Newer},
	{store.ErrWrongPlace, texts.WrongDisk},
	{store.ErrFull, texts.Full},
	{store.ErrRefused, texts.ReadOnly},
	{store.ErrAway, classNoPlace},
	{words.ErrChecksum, texts.KitOrder},
	{words.ErrTooLong, classNotAKit},
	{kit.ErrNotKit, classNotAKit},
	{kit.ErrInvalid, classNotAKit},
	{passphrase.ErrEmpty, classPassphrase},
	{passphrase.ErrTooLong, classPassphrase},
	{passphrase.ErrNotText, classPassphrase},
	{keystore.ErrMissing, texts.KeychainLost},
	{keystore.ErrLocked, texts.KeychainLocked},
	{keystore.ErrNoKeychain, texts.KeychainNone},
	{keystore.ErrForgetful, classKeychainNew},
	{keystore.ErrTimeout, classKeychainNew},
	{keystore.ErrDamaged, classKeychainNew},
	{keystore.ErrRefused, classKeychainNew},
	{vault.ErrRollback, texts.RolledBack},
	{vault.ErrFork, texts.Tampered},
	{vault.ErrTampered, texts.Tampered},
	{vault.ErrWrongKey, texts.Records},
	{catalog.ErrDamaged, texts.Records},
	{catalog.ErrFull, texts.NoRoom},
	{catalog.ErrBusy, texts.Occupied},
	{local.ErrMarker, texts.WrongDisk},
	{source.ErrFolderMissing, texts.Missing},
	{errNotFound, classNotFound},
	{fs.ErrPermission, classRefused},
	{os.ErrNotExist, classNotFound},
}

// aboutError adds to an error what its message says by name: "name", "folder" and other parameters of the string table.
type aboutError struct {
	error
	values texts.Params
}

func (e aboutError) Unwrap() error { return e.error }

// about names what an error is about. It is nil where err is.
func about(err error, values texts.Params) error {
	if err == nil {
		return nil
	}
	return aboutError{err, values}
}

// explain finds the message of an error. What a message asks for and nobody knows is left out by its own wording.
func (a *app) explain(err error) texts.Message {
	class, values := classOther, texts.Params{}
	var unknown *words.UnknownWordError
	var count *words.CountError
	var line *kit.LineError
	var full *restore.FullError
	var unreachable *library.UnreachableError
	switch {
	case errors.As(err, &unknown):
		class, values["n"] = texts.KitWord, unknown.Position
	case errors.As(err, &count), errors.As(err, &line):
		class = classNotAKit
	case errors.As(err, &full):
		class = texts.RestoreFull
	case errors.As(err, &unreachable):
		class, values["name"] = texts.RestoreAway, unreachable.Label
		if errors.Is(err, store.ErrWrongPlace) {
			class = texts.WrongDisk
		}
	default:
		for _, x := range explanations {
			if errors.Is(err, x.err) {
				class = x.class
				break
			}
		}
	}
	var named aboutError
	if errors.As(err, &named) {
		for k, v := range named.values {
			values[k] = v
		}
	}
	return a.message(class, values)
}

// message writes a message of the string table or of the terminal itself. Values that the class does not take are left out, those
// that are not known get a neutral word.
func (a *app) message(class texts.Class, values texts.Params) texts.Message {
	for _, m := range own {
		if m.Class == class {
			return m
		}
	}
	p := a.printer()
	fit := texts.Params{}
	for _, name := range texts.Needs(class) {
		v, ok := values[name]
		if !ok {
			v = a.neutral(name)
		}
		fit[name] = v
	}
	m, _ := p.Message(class, fit)
	if shorter, ok := terminalWords[class]; ok {
		if shorter.What != "" {
			m.What = shorter.What
		}
		if shorter.Why != "" {
			m.Why = shorter.Why
		}
		m.Action = shorter.Action
	}
	return m
}

// neutral is what a message says of something that is not known.
func (a *app) neutral(parameter string) any {
	switch parameter {
	case "name", "folder", "file", "where":
		return map[string]string{"name": "the destination", "folder": "The folder", "file": "A file", "where": "the cloud"}[parameter]
	case "system":
		return "The system"
	case "at", "since", "until", "printed":
		return a.Now()
	case "age", "by":
		return time.Duration(0)
	}
	return int64(0)
}

// terminalWords replace the words of a button by the command that does the same, and sentences whose numbers no error knows.
var terminalWords = map[texts.Class]texts.Message{
	texts.Locked:          {Action: "Give the passphrase with --passphrase-file, or run it at a terminal", Why: "This needs the passphrase first."},
	texts.KitUnchecked:    {Action: "Run lightproof kit check"},
	texts.KitOther:        {Action: "Use the kit that was made for these copies"},
	texts.KeychainNone:    {Action: "Set up with --keychain none: Lightproof then asks for the passphrase at each start"},
	texts.KeychainLocked:  {Action: "Open the system keychain, then try again"},
	texts.KeychainLost:    {Action: "Run lightproof recover with the kit, in a new --home"},
	texts.WrongPassphrase: {Action: "Try again"},
	texts.WeakPassphrase:  {Action: "Take six words"},
	texts.Engine:          {What: "The background part is not running.", Why: "It stopped while this command waited for it.", Action: "Try again; the command then does the work itself"},
	texts.EngineSilent:    {What: "The background part does not answer.", Action: "End it, then start it again with lightproof keeper"},
	texts.Missing:         {Why: "What is not there cannot be protected.", Action: "Look for it, then give its new path"},
	texts.Full:            {What: "The destination is full.", Why: "Newer originals are not stored there.", Action: "Make room"},
	texts.ReadOnly:        {Why: "No new copies can be stored there.", Action: "Change its permissions"},
	texts.WrongDisk:       {Action: "Connect the right one"},
	texts.Identity:        {Action: "If this computer was restored from an image and no other one writes in its place: run lightproof adopt"},
	texts.Forked:          {Action: "Give this one a name of its own: run lightproof recover --keep-others with the kit, in a new --home"},
	texts.RolledBack:      {What: "The destination shows an older state than was seen before.", Why: "Newer copies are missing there.", Action: "Run lightproof verify --level full"},
	texts.Tampered:        {Action: "Run lightproof verify --level full"},
	texts.Records:         {Action: "Run lightproof verify; they are rebuilt from the copies"},
	texts.TooFewPlaces:    {Action: "Run lightproof destinations add"},
	texts.PracticeOverdue: {What: "The practice restore is overdue.", Action: "Run lightproof practice"},
	texts.PracticeFailed:  {What: "The last practice restore failed.", Action: "Run lightproof verify --level full, then lightproof practice"},
	texts.Paused:          {Action: "Run lightproof resume"},
	texts.RestoreTarget:   {Action: "Choose another folder with --to"},
	texts.RestoreFull:     {Action: "Make room, then run the same command"},
	texts.RestoreGone:     {Action: "Connect it, then run the same command"},
	texts.RestoreAway:     {Action: "Connect it, then run the same command"},
	texts.RestorePattern:  {Action: "Correct --path; see lightproof restore --help"},
	texts.RestoreRecords:  {Action: "Run the same command again: it is rebuilt"},
	texts.RestoreRoom:     {Action: "Choose another folder with --to"},
	texts.RestoreNothing:  {Action: "Choose another --at or --path; --deleted also takes deleted ones"},
	texts.NotEmpty:        {What: "That folder holds other files already.", Action: "Choose an empty folder; if it holds copies of Lightproof, run lightproof recover --from it"},
}
