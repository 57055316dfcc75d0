package backup

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"lightproof/backup/catalog"
	"lightproof/backup/vault"
)

// List implements Service.
func (e *Engine) List(ctx context.Context, q Query) (Page, error) {
	if err := e.ready(); err != nil {
		return Page{}, err
	}
	if q.Limit <= 0 || q.Limit > 500 {
		q.Limit = 500
	}
	var rows []Row
	var err error
	switch q.What {
	case "folders":
		e.mu.Lock()
		for _, f := range e.set.Folders {
			rows = append(rows, Row{Key: f.ID, Path: string(f.Path), Args: map[string]string{"exclude": strings.Join(f.Exclude, "\n")}})
		}
		e.mu.Unlock()
	case "destinations":
		e.mu.Lock()
		for _, d := range e.set.Destinations {
			rows = append(rows, Row{Key: d.ID, Path: string(d.Dir), State: d.Label, Args: map[string]string{"place": d.Place}})
		}
		e.mu.Unlock()
	case "problems", "files":
		rows, err = e.fileRows(ctx, q)
	case MapLost:
		rows = e.mapRows()
	case CreditList:
		rows = e.creditRows()
	case "activity":
		rows, err = e.activityRows(ctx)
	default:
		err = fmt.Errorf("list %q: %w", q.What, vault.ErrMalformed)
	}
	if err != nil {
		return Page{}, err
	}
	return pageOf(rows, q), nil
}

func pageOf(rows []Row, q Query) Page {
	slices.SortStableFunc(rows, func(a, b Row) int { return strings.Compare(a.Key, b.Key) })
	start := 0
	if q.After != "" {
		start, _ = slices.BinarySearchFunc(rows, q.After, func(r Row, k string) int { return strings.Compare(r.Key, k) })
		if start < len(rows) && rows[start].Key == q.After {
			start++
		}
	}
	rows = rows[start:]
	p := Page{Rows: rows}
	if len(rows) > q.Limit {
		p.Rows = rows[:q.Limit]
		p.Next = p.Rows[q.Limit-1].Key
	}
	return p
}

func (e *Engine) fileRows(ctx context.Context, q Query) ([]Row, error) {
	roots := map[[16]byte]string{}
	for _, f := range e.folders() {
		roots[f.ID] = f.Root
	}
	var rows []Row
	err := e.db.Files.Each(ctx, func(k catalog.FileKey, f catalog.File) error {
		root, ok := roots[k.Folder]
		if !ok {
			return nil
		}
		state := [...]string{"pending", "stored", "skipped", "failed", "online-only", "unreadable", "gone"}[min(int(f.State), 6)]
		bad := f.State == catalog.StateFailed || f.State == catalog.StateUnreadable
		if q.What == "problems" && !bad || q.Filter != "" && q.Filter != state {
			return nil
		}
		rows = append(rows, Row{Key: acceptKey(k.Folder, k.Path), Path: root + "/" + k.Path, State: state, Code: f.Reason, Since: unixTime(f.Since), Size: f.Size})
		return nil
	})
	return rows, err
}

func (e *Engine) activityRows(ctx context.Context) ([]Row, error) {
	runs, err := e.db.Runs.List(ctx, 500)
	if err != nil {
		return nil, err
	}
	var rows []Row
	for _, r := range runs {
		row := Row{Key: fmt.Sprintf("%020d", 1<<62-r.At), Code: r.Code, Since: unixTime(r.At / 1e9)}
		if len(r.Numbers) > 0 {
			row.Size, row.Args = r.Numbers[0], activityArgs(r.Code, r.Numbers)
		}
		rows = append(rows, row)
	}
	return rows, nil
}
