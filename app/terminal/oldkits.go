package terminal

import (
	"context"
	"time"

	"lightproof/backup"
	"lightproof/backup/library"
)

// oldKits is what becomes of the kits made before the newest one, as JSON has it.
type oldKits struct {
	Ending int        `json:"older_kits_ending"`          // kits that were replaced and wait for their end
	Until  *time.Time `json:"older_kits_until,omitempty"` // before this moment none of them ends
}

// kitChecked records that the newest kit was checked, and ends the older ones.
func (a *app) kitChecked(ctx context.Context, svc backup.Service, l *library.Library) (oldKits, error) {
	if _, err := svc.Do(ctx, backup.KitChecked{}); err != nil {
		return oldKits{}, err
	}
	n, left, err := l.ReplaceOlderKits(ctx, a.Now())
	if err != nil || n == 0 {
		return oldKits{}, err
	}
	until := a.Now().Add(left).UTC().Truncate(time.Second)
	return oldKits{Ending: n, Until: &until}, nil
}

func (o oldKits) say(p *page) {
	if o.Ending == 0 {
		return
	}
	p.line("Kits made before are replaced: until %s at least they open everything, afterwards only what was backed up before.", p.Date(*o.Until))
	p.line("Until then each of them needs the passphrase that it was made with. Then destroy them.")
}
