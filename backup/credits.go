package backup

import (
	"context"
	"encoding/hex"
	"fmt"
	"time"

	"lightproof/backup/vault"
)

// CreditList is the Query.What of a list of the control entries that the engine has seen. A row's Key is the entry's hash (64 hex digits);
// its Size is how many seconds of credited time the engine has known it. Neither says anything about what is backed up: no proof is needed.
const CreditList = "credits"

// ReadCredits asks an engine how long it has known each control entry. Delays of the chain are counted in this (FORMAT.md, "Control chain",
// rule 4): only who runs all the time can count, so everybody else on this computer takes the count from there, and all come to one chain.
func ReadCredits(ctx context.Context, s Service) (map[vault.Hash]time.Duration, error) {
	out := map[vault.Hash]time.Duration{}
	for q := (Query{What: CreditList, Limit: 500}); ; {
		page, err := s.List(ctx, q)
		if err != nil {
			return nil, err
		}
		for _, r := range page.Rows {
			b, err := hex.DecodeString(r.Key)
			if err != nil || len(b) != len(vault.Hash{}) || r.Size < 0 || r.Size > int64(maxCredit/time.Second) {
				return nil, fmt.Errorf("credit of a control entry: %w", vault.ErrMalformed)
			}
			out[vault.Hash(b)] = time.Duration(r.Size) * time.Second
		}
		if page.Next == "" || page.Next <= q.After {
			return out, nil
		}
		q.After = page.Next
	}
}

// maxCredit bounds what is taken for a count: far above every delay, far below what a duration holds.
const maxCredit = 200 * 365 * 24 * time.Hour

// creditRows answers the list CreditList.
func (e *Engine) creditRows() []Row {
	e.mu.Lock()
	defer e.mu.Unlock()
	rows := make([]Row, 0, len(e.facts.FirstSeen))
	for h, d := range e.facts.FirstSeen {
		rows = append(rows, Row{Key: h, Size: int64(min(d, maxCredit) / time.Second)})
	}
	return rows
}

// maxCredits bounds how many counts stand in the settings; a chain as long as that is an attack, and counts anew where the database is lost.
const maxCredits = 20_000

// loadCredits takes the counts from the settings where the database has none: it is disposable, but delays that have run out must not
// begin again, for what was signed on the strength of them would lose its effect. e.mu is held.
func (e *Engine) loadCredits() {
	if len(e.facts.FirstSeen) > 0 || e.set == nil {
		return
	}
	for h, seconds := range e.set.Credits {
		e.facts.FirstSeen[h] = time.Duration(min(max(seconds, 0), int64(maxCredit/time.Second))) * time.Second
	}
}

// keepCredits puts the counts into the settings when an entry is new, and until its delay has run out once an hour and then: all of them,
// because the differences count too. e.mu is held.
func (e *Engine) keepCredits() error {
	if len(e.facts.FirstSeen) > maxCredits {
		return nil
	}
	due := false
	for h, now := range e.facts.FirstSeen {
		seconds, ok := e.set.Credits[h]
		old := time.Duration(seconds) * time.Second
		due = due || !ok || old < vault.LongDelay && (now >= vault.LongDelay || now-old >= time.Hour)
	}
	if !due {
		return nil
	}
	e.set.Credits = make(map[string]int64, len(e.facts.FirstSeen))
	for h, d := range e.facts.FirstSeen {
		e.set.Credits[h] = int64(min(d, maxCredit) / time.Second)
	}
	return e.set.save(e.o.Home, e.keys)
}
