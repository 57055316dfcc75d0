package keeper

import (
	"slices"
	"time"

	texts "lightproof/assets/strings"
	"lightproof/backup"
)

// Policy decides which notifications are sent. They follow freshness, not events: finished runs, offline times, retries and repairs
// never cause one. It has no clock and no output: every method is told the time and returns what to send.
type Policy struct{ m Memory }

// Memory is what a Policy has to remember from one start to the next. It holds codes and times, no names.
type Memory struct {
	Sent      []time.Time          `json:"sent"`      // of notices that count, the last 24 hours'
	Freshness time.Time            `json:"freshness"` // last notice about waiting originals
	Red       map[string]time.Time `json:"red"`       // red causes told: when each was last seen
	FirstSafe bool                 `json:"first_safe"`
	Networks  []string             `json:"networks"` // hashes of networks asked about
}

const (
	day         = 24 * time.Hour
	perDay      = 2       // notices in any 24 hours, trust changes aside
	maxNetworks = 1000    // remembered
	maxCauses   = 64      // remembered; a state has fewer
	rearm       = day     // a red cause that was gone for so long counts as new
	futureSlack = 1 * day // a memory from further ahead means that the clock moved
)

// CauseFreshness is the code of the red cause "pending beyond the freshness limit".
const CauseFreshness = string(texts.NoticeFreshness)

// Occasion is one notification to send: its kind and the numbers that its text takes.
type Occasion struct {
	Kind           texts.NoticeKind
	N, Total, Days int64
}

// NewPolicy goes on from what an earlier one remembered.
func NewPolicy(m Memory) *Policy {
	m.Sent, m.Networks = slices.Clone(m.Sent), slices.Clone(m.Networks)
	red := map[string]time.Time{}
	for code, at := range m.Red {
		red[code] = at
	}
	m.Red = red
	return &Policy{m: m}
}

// Memory is what to keep for the next start.
func (p *Policy) Memory() Memory { return NewPolicy(p.m).m }

// State looks at a new state of the engine.
func (p *Policy) State(now time.Time, s *backup.State) []Occasion {
	p.forget(now)
	var out []Occasion
	if s.Verdict == backup.CannotTell {
		return nil // figures that cannot be trusted are not told
	}
	if s.Verdict == backup.Safe && !p.m.FirstSafe && s.Counts.Found > 0 && p.spend(now) {
		p.m.FirstSafe = true
		out = append(out, Occasion{Kind: texts.NoticeFirstSafe, N: s.Counts.Protected})
	}
	var fresh []backup.Cause
	for _, c := range s.Causes {
		if c.Verdict != backup.NeedsYou {
			continue
		}
		if c.Code == CauseFreshness {
			if (p.m.Freshness.IsZero() || now.Sub(p.m.Freshness) >= day) && p.spend(now) {
				p.m.Freshness = now
				out = append(out, Occasion{Kind: texts.NoticeFreshness, N: c.Count, Days: int64(now.Sub(c.Since) / day)})
			}
			continue
		}
		if _, told := p.m.Red[c.Code]; told {
			p.m.Red[c.Code] = now
		} else if !slices.ContainsFunc(fresh, func(o backup.Cause) bool { return o.Code == c.Code }) {
			fresh = append(fresh, c)
		}
	}
	if len(fresh) == 0 || !p.spend(now) {
		return out // what could not be told today is still new tomorrow
	}
	for _, c := range fresh {
		if len(p.m.Red) < maxCauses {
			p.m.Red[c.Code] = now
		}
	}
	if len(fresh) == 1 {
		return append(out, Occasion{Kind: texts.NoticeNeedsYou, N: max(fresh[0].Count, 1)})
	}
	return append(out, Occasion{Kind: texts.NoticeDigest, N: int64(len(fresh))})
}

// RestoreEnded tells of a restore: n of total identical.
func (p *Policy) RestoreEnded(now time.Time, n, total int64) []Occasion {
	return p.one(now, Occasion{Kind: texts.NoticeRestored, N: n, Total: total})
}

// RestoreStuck tells of a restore that cannot go on.
func (p *Policy) RestoreStuck(now time.Time, n, total int64) []Occasion {
	return p.one(now, Occasion{Kind: texts.NoticeStuck, N: n, Total: total})
}

// TrustChanged is always told: who can read the photos is never a matter of quiet.
func (p *Policy) TrustChanged(time.Time) []Occasion { return []Occasion{{Kind: texts.NoticeTrust}} }

// UnknownNetwork tells of a network once; id is an opaque name of it, best a hash.
func (p *Policy) UnknownNetwork(now time.Time, id string) []Occasion {
	p.forget(now)
	if slices.Contains(p.m.Networks, id) || !p.spend(now) {
		return nil
	}
	p.m.Networks = append(p.m.Networks, id)
	if n := len(p.m.Networks); n > maxNetworks {
		p.m.Networks = p.m.Networks[n-maxNetworks:]
	}
	return []Occasion{{Kind: texts.NoticeNewNetwork}}
}

func (p *Policy) one(now time.Time, o Occasion) []Occasion {
	p.forget(now)
	if !p.spend(now) {
		return nil
	}
	return []Occasion{o}
}

// spend takes one of the day's notices, if one is left.
func (p *Policy) spend(now time.Time) bool {
	if len(p.m.Sent) >= perDay {
		return false
	}
	p.m.Sent = append(p.m.Sent, now)
	return true
}

// forget drops what is older than a day, and what a clock that moved back has left in the future.
func (p *Policy) forget(now time.Time) {
	over := func(at time.Time) bool { return now.Sub(at) >= day || at.Sub(now) > futureSlack }
	p.m.Sent = slices.DeleteFunc(p.m.Sent, over)
	if p.m.Freshness.Sub(now) > futureSlack {
		p.m.Freshness = time.Time{}
	}
	for code, seen := range p.m.Red {
		if now.Sub(seen) >= rearm || seen.Sub(now) > futureSlack {
			delete(p.m.Red, code)
		}
	}
}
