package texts

// The tray's menu, in order. Its first lines come from Tray.
const (
	TrayBackUpNow     = "Back up now"
	TrayPause         = "Pause"
	TrayPauseHour     = "1 hour"
	TrayPauseMorning  = "Until 8:00 tomorrow"
	TrayPauseNetwork  = "On this network"
	TrayPauseWeek     = "7 days"
	TrayResume        = "Resume"
	TrayRestore       = "Restore…"
	TrayLock          = "Lock"
	TrayOpen          = "Open Lightproof"
	TrayQuit          = "Quit"
	TrayFirstClose    = "Lightproof goes on in the tray. Quit there stops it."
	NoTrayQuestion    = "Keep protecting in the background? Open Lightproof from the applications menu to see it."
	NoTrayKeepRunning = "Keep running"
	QuitSays          = "Quit stops copying and checking until Lightproof is started again."
)

// Tray gives the menu's first lines: the verdict, which opens Home, and what needs the person, which opens Problems and is
// empty where nothing does. What runs at the moment is the caller's third line.
func (p Printer) Tray(s Standing) (verdict, needsYou string) {
	headline, _ := p.Home(s)
	if s.Verdict == Safe || s.Verdict == NeedsYou && s.Cause != CauseKeysLost {
		headline = p.must("{protected:count} of {least}{all:count} safe in {places:count} {places?place|places}", p.values(s))
		if s.Places < s.Planned {
			headline = p.must("{proven:count} of {all:count} checked in {places:count} of {planned:count} places", p.values(s))
		}
	}
	if s.NeedYou > 0 {
		needsYou = p.must("{you:count} {you?needs|need} you…", p.values(s))
	}
	return s.Verdict.Shape() + " " + headline, needsYou
}

// Notice is a notification: a title and one sentence, both from this table and from numbers alone. Names of files and
// words of a server never enter one: some systems would run them.
type Notice struct{ Title, Body string }

// NoticeKind says why a notification is sent.
type NoticeKind string

// The occasions of a notification; there are no others.
const (
	NoticeFreshness  NoticeKind = "freshness"   // originals wait longer than the limit: once a day
	NoticeNeedsYou   NoticeKind = "needs-you"   // a new red cause: once
	NoticeDigest     NoticeKind = "digest"      // several new red causes
	NoticeFirstSafe  NoticeKind = "first-safe"  // all is safe for the first time
	NoticeRestored   NoticeKind = "restored"    // a restore ended
	NoticeStuck      NoticeKind = "stuck"       // a restore cannot go on
	NoticeTrust      NoticeKind = "trust"       // a device, a member or the kit came into use
	NoticeNewNetwork NoticeKind = "new-network" // an unknown network: once
)

var notices = map[NoticeKind]struct{ title, body string }{
	NoticeFreshness:  {"Photos wait", "{n:count} {n?original is|originals are} not safe for {days:count} {days?day|days}."},
	NoticeNeedsYou:   {"Lightproof needs you", "{n:count} {n?original needs|originals need} a decision."},
	NoticeDigest:     {"Lightproof needs you", "{n:count} {n?matter needs|matters need} a decision."},
	NoticeFirstSafe:  {"All safe", "{n:count} {n?original is|originals are} safe."},
	NoticeRestored:   {"Restore finished", "{n:count} of {total:count} identical."},
	NoticeStuck:      {"Restore waits", "It stopped at {n:count} of {total:count}."},
	NoticeTrust:      {"Who can read your photos changed", "See Activity in Lightproof."},
	NoticeNewNetwork: {"New network", "Copying waits until you say whether you trust it."},
}

// NoticeKinds lists the occasions of a notification.
func NoticeKinds() []NoticeKind {
	return []NoticeKind{NoticeFreshness, NoticeNeedsYou, NoticeDigest, NoticeFirstSafe, NoticeRestored, NoticeStuck, NoticeTrust,
		NoticeNewNetwork}
}

// Notice writes a notification. n and total are counts as its kind asks for, days how long originals wait.
func (p Printer) Notice(kind NoticeKind, n, total, days int64) (Notice, bool) {
	words, ok := notices[kind]
	if !ok {
		return Notice{}, false
	}
	values := Params{"n": n, "total": total, "days": days}
	return Notice{Title: p.must(words.title, values), Body: p.must(words.body, values)}, true
}
