package backup

import (
	"context"
	"strconv"
	"time"
)

// Limits of the verdict.
const (
	scanLimit     = 24 * time.Hour
	freshness     = 3 * 24 * time.Hour
	awayLimit     = 7 * 24 * time.Hour
	refusedLimit  = 24 * time.Hour
	kitLimit      = 13 * 30 * 24 * time.Hour
	practiceLimit = 45 * 24 * time.Hour
	practiceGrace = 14 * 24 * time.Hour
	clockSlack    = 24 * time.Hour // how far back the clock may go before its dates count for nothing
)

// publish hands a new snapshot to everyone who listens.
func (e *Engine) publish(context.Context) { e.publishNow() }

func (e *Engine) publishNow() {
	now := e.clock.Now()
	e.mu.Lock()
	s := e.snapshot(now)
	e.mu.Unlock()
	e.events.setState(s)
}

// alarmKeysLost is the cause of an engine whose keys nobody can open any more: the keychain answered and does not hold them.
const alarmKeysLost = "keychain-lost"

// KeysLost tells an engine that runs without its keys whether the keychain answered that it does not hold them. A keychain that is
// locked or silent may open by itself; one that lost its item will not.
func (e *Engine) KeysLost(lost bool) {
	e.mu.Lock()
	same := e.alarms[alarmKeysLost] == lost || e.keys != nil
	if lost {
		e.alarms[alarmKeysLost] = true
	} else {
		delete(e.alarms, alarmKeysLost)
	}
	e.mu.Unlock()
	if !same {
		e.publishNow()
	}
}

// snapshot builds the public state. e.mu is held.
func (e *Engine) snapshot(now time.Time) *State {
	s := &State{At: now, Work: e.work, Paused: e.paused}
	if e.info.Mode != "" {
		s.Safety = Safety{SetUp: true, SpaceID: e.info.Space.String(), DeviceID: e.info.Device.String(), Mode: e.info.Mode, KeysUsable: e.keys != nil}
	}
	if e.keys == nil || e.set == nil {
		if s.Safety.SetUp {
			code, v := "keychain", NotYet
			switch {
			case e.alarms[alarmKeysLost]:
				code, v = alarmKeysLost, NeedsYou
			case e.info.Mode == ModePassphraseAtStart:
				code = "keys-wait"
			}
			s.Verdict = v
			s.Causes = []Cause{{Code: code, Verdict: v, Since: e.started}}
		} else {
			s.Verdict = CannotTell
		}
		return s
	}
	delete(e.alarms, alarmKeysLost) // they are open
	f := &e.facts
	s.Safety.Generation = e.keys.Current().Number
	s.Safety.KitChecked = unixTime(e.set.KitChecked)
	s.Plan, s.Counts, s.History, s.OpenedDue = e.set.Plan, f.Counts, f.History, f.OpenDue
	s.OldestProof, s.LastPractice, s.LastPassed = f.Oldest, unixTime(f.Practice), f.Passed
	for _, fs := range e.set.Folders {
		ff := e.folderFact(fs.ID)
		s.Folders = append(s.Folders, FolderState{ID: fs.ID, Counts: ff.Counts, LastScan: unixTime(ff.LastScan), Missing: ff.Missing != 0, Events: e.live})
		if t := unixTime(ff.LastScan); s.LastLook.IsZero() || t.Before(s.LastLook) {
			s.LastLook = t
		}
	}
	if !s.LastLook.IsZero() {
		s.NextLook = s.LastLook.Add(scanLimit)
	}
	places := map[string]bool{}
	for _, d := range e.dests {
		df := e.destFact(d.set.ID)
		problem, room := d.condition()
		if problem == "" && d.store() == nil {
			problem = df.Problem // not looked at since the start
		}
		df.Problem = problem
		places[d.set.Place] = true
		limits := d.rates.Limits()
		s.Destinations = append(s.Destinations, DestinationState{ID: d.set.ID, Label: d.set.Label, Kind: d.set.Kind, Place: d.set.Place, Away: d.set.Away,
			Reachable: problem == "" && df.Away == 0, Problem: problem, TotalBytes: room.Total, FreeBytes: room.Free, Stored: df.Stored, Objects: df.Objects,
			LastWrite: unixTime(df.LastWrite), LastRead: unixTime(df.LastRead), OldestProof: df.Oldest, Gap: df.Gap, Proven: df.Proven,
			UpLimit: limits.Up, DownLimit: limits.Down})
	}
	s.PlacesNow = len(places)
	s.Causes = e.causes(now, s)
	s.Verdict = Safe
	for _, c := range s.Causes {
		s.Verdict = max(s.Verdict, c.Verdict)
	}
	return s
}

func unixTime(t int64) time.Time {
	if t == 0 {
		return time.Time{}
	}
	return time.Unix(t, 0)
}

// numbers are the arguments of a cause that takes one number.
func numbers(name string, n int64) map[string]string {
	return map[string]string{name: strconv.FormatInt(n, 10)}
}

// reasonGoodCopy counts, among the reasons, the files that cannot be read and of which an earlier version is proven somewhere.
const reasonGoodCopy = "read-error, good copy"

// causes lists why the verdict is not green, with the time since which each holds. e.mu is held.
func (e *Engine) causes(now time.Time, s *State) (out []Cause) {
	f := &e.facts
	seen := map[string]bool{}
	add := func(code string, v Verdict, n int64, args map[string]string) {
		seen[code] = true
		since, ok := f.Causes[code]
		if !ok {
			since = now.Unix()
			f.Causes[code] = since
		}
		out = append(out, Cause{Code: code, Verdict: v, Count: n, Since: time.Unix(since, 0), Args: args})
	}
	age := func(code string) time.Duration {
		if t, ok := f.Causes[code]; ok {
			return now.Sub(time.Unix(t, 0))
		}
		return 0
	}
	for code := range e.alarms {
		add(code, NeedsYou, 1, nil)
	}
	switch {
	case f.counting:
		add("counting", CannotTell, 0, nil)
	case f.Broken:
		add("cannot-tell", CannotTell, 0, nil)
	}
	if len(e.set.Folders) == 0 {
		add("no-folders", NotYet, 0, nil) // there is nothing that could not be told
	}
	for _, fs := range s.Folders {
		switch {
		case fs.Missing:
			add("missing", NeedsYou, fs.Counts.Found, numbers("n", fs.Counts.Found))
		case fs.LastScan.IsZero():
			add("first-look", CannotTell, 0, nil)
		case now.Sub(fs.LastScan) > scanLimit:
			add("look-due", NotYet, 0, nil)
		}
	}
	if n := s.Counts.Failed; n > 0 {
		for code, n := range f.Reasons {
			switch code {
			case reasonReadError, reasonBusy, "name-too-long", "lost": // a busy file has failed only after busyFailsAfter
				if n > 0 {
					args := numbers("n", n)
					if code == reasonReadError {
						args["good"] = strconv.FormatInt(f.Reasons[reasonGoodCopy], 10)
					}
					add(code, NeedsYou, n, args)
				}
			}
		}
		if len(out) == 0 {
			add("failed", NeedsYou, n, nil)
		}
	}
	if n := s.Counts.Unreadable; n > 0 {
		add("permission", NeedsYou, n, numbers("n", n))
	}
	if n := s.Counts.OnlineOnly; n > 0 {
		add("online-only", NotYet, n, nil)
	}
	away := map[string]bool{}
	for _, d := range s.Destinations {
		if d.Away {
			away[d.Place] = true
		}
	}
	tooFew := s.PlacesNow < max(2, s.Plan.Places) || len(away) < s.Plan.Away
	waiting := s.Counts.Pending - f.Reasons[reasonFolder]
	if tooFew { // else the places are there, and what lacks in one of them waits for it
		waiting -= f.Reasons["too-few-places"]
	}
	if waiting > 0 {
		v := NotYet
		if age("waiting") > freshness {
			v = NeedsYou
		}
		add("waiting", v, waiting, nil)
	}
	if s.History.Lost > 0 {
		add("lost", NeedsYou, s.History.Lost, nil)
	}
	if s.History.Damaged > 0 {
		add("damaged-copy", NotYet, s.History.Damaged, nil)
	}
	if tooFew {
		add("too-few-places", NotYet, int64(s.PlacesNow), map[string]string{"places": strconv.Itoa(s.PlacesNow), "planned": strconv.Itoa(s.Plan.Places)})
	}
	for _, d := range s.Destinations {
		if d.Problem == "" || e.alarms[d.Problem] {
			continue // an alarm is told above
		}
		v := NotYet
		switch {
		case d.Problem == "wrong-disk", d.Problem == "full", d.Problem == "newer", d.Problem == alarmClone, age(d.Problem) > awayLimit,
			d.Problem == "login" && age(d.Problem) > refusedLimit:
			v = NeedsYou
		}
		add(d.Problem, v, 1, map[string]string{"name": d.Label, "destination": d.Label})
	}
	if now.Before(time.Unix(f.Clock, 0).Add(-clockSlack)) {
		// A clock that stays where it is for a week is the right one: the one before was not.
		if age("clock") > awayLimit {
			f.Clock = now.Unix()
		} else {
			add("clock", NotYet, 0, map[string]string{"by": time.Unix(f.Clock, 0).Sub(now).Round(time.Second).String()})
		}
	}
	if e.paused != nil {
		add("paused", NotYet, 0, map[string]string{"until": e.paused.Until.Format(time.RFC3339)})
	}
	if k := s.Safety.KitChecked; k.IsZero() || now.Sub(k) > kitLimit {
		add("kit", NotYet, 0, nil)
	}
	set := unixTime(e.set.SetUpAt)
	switch {
	case !s.LastPractice.IsZero() && !s.LastPassed:
		add("practice-failed", NeedsYou, 0, nil)
	case s.LastPractice.IsZero() && now.Sub(set) > practiceGrace, !s.LastPractice.IsZero() && now.Sub(s.LastPractice) > practiceLimit:
		add("practice-due", NotYet, 0, nil)
	}
	for code := range f.Causes {
		if !seen[code] {
			delete(f.Causes, code)
		}
	}
	return out
}
