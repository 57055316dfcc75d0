package keeper

import (
	"time"

	"lightproof/assets"
	texts "lightproof/assets/strings"
	"lightproof/backup"
)

// Standing is the state in the terms of the sentence that tray and Home share.
func Standing(s *backup.State) texts.Standing {
	out := texts.Standing{
		Verdict:   texts.Verdict(s.Verdict),
		Protected: s.Counts.Protected,
		Found:     s.Counts.Found,
		Skipped:   s.Counts.Skipped,
		AtLeast:   s.Counts.AtLeast,
		Places:    int64(s.PlacesNow),
		Planned:   int64(s.Plan.Places),
		NeedYou:   s.Counts.Failed + s.Counts.Unreadable + s.Counts.OnlineOnly,
	}
	for _, d := range s.Destinations {
		out.Proven = max(out.Proven, d.Proven)
	}
	for _, c := range s.Causes {
		if c.Verdict != s.Verdict {
			continue
		}
		out.Cause, out.Waiting, out.Name = texts.CauseOf(c.Code), c.Count, c.Args["name"]
		if at, err := time.Parse(time.RFC3339, c.Args["until"]); err == nil {
			out.Until = at
		}
		break
	}
	if out.Cause == texts.CausePaused && s.Paused != nil {
		out.Until = s.Paused.Until
	}
	return out
}

// silent is what is shown when the engine's own loop has not beaten for a while: the last figures cannot be trusted.
func silent(last *backup.State, since time.Time) *backup.State {
	s := backup.State{}
	if last != nil {
		s = *last
	}
	s.Verdict, s.Work = backup.CannotTell, nil
	s.Causes = append([]backup.Cause{{Code: string(texts.CauseSilent), Verdict: backup.CannotTell, Since: since,
		Args: map[string]string{"until": since.Format(time.RFC3339)}}}, s.Causes...)
	return &s
}

// shape is the tray's picture for a state.
func shape(s *backup.State) assets.State {
	switch s.Verdict {
	case backup.Safe:
		if s.Work != nil && s.Work.Kind == "backing-up" {
			return assets.TrayCopying
		}
		if s.Paused != nil {
			return assets.TrayNotYet
		}
		return assets.TraySafe
	case backup.NotYet:
		return assets.TrayNotYet
	case backup.NeedsYou:
		return assets.TrayNeedsYou
	}
	return assets.TrayCannotTell
}
