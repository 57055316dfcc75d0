package terminal

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	texts "lightproof/assets/strings"
	"lightproof/backup"
	"lightproof/backup/restore"
)

// begunFile remembers what each unfinished restore of the terminal had chosen, as a fingerprint, so that only the very same choice goes
// on where it was. It holds no names. Where it is lost, a restore begins anew and finds what is there already.
const begunFile = "restores.json"

// fingerprint of a choice: which version of which file, to where, and what happens in conflicts.
func fingerprint(sel *restore.Selection, target restore.Target, conflict restore.Conflict) string {
	h := sha256.New()
	for i := range sel.Items {
		h.Write(sel.Items[i].File[:])
		h.Write(sel.Items[i].Version[:])
	}
	fmt.Fprintf(h, "%s\x00%s", conflict, target.Dir)
	return hex.EncodeToString(h.Sum(nil))
}

// begun are the fingerprints of unfinished restores by job.
type begun struct {
	path string
	jobs map[string]string
}

func (a *app) begun() *begun {
	b := &begun{path: filepath.Join(a.home, begunFile), jobs: map[string]string{}}
	if text, err := os.ReadFile(b.path); err == nil && json.Unmarshal(text, &b.jobs) != nil {
		b.jobs = map[string]string{}
	}
	return b
}

func (b *begun) save() error {
	text, err := json.Marshal(b.jobs)
	if err != nil {
		return err
	}
	return backup.WriteFile(b.path, text)
}

// runOrResume goes on with the very same restore if it was cut short, or begins a new one. What another restore to the same place left
// unfinished is given up first: its temporary files go, what it had finished stays and is recognised.
func (a *app) runOrResume(ctx context.Context, jobs *restore.Jobs, plan *restore.Plan, choice string, o restore.RunOptions) (rep *restore.Report, resumed bool, err error) {
	waiting, err := jobs.Waiting(ctx)
	if err != nil {
		return nil, false, err
	}
	b := a.begun()
	for _, j := range waiting {
		id := j.ID.String()
		switch {
		case b.jobs[id] == choice:
			a.note("This restore was cut short at %s of %s; going on with it.", texts.Count(int64(j.Done)), texts.Count(int64(j.Files)))
			rep, err = restore.Resume(ctx, jobs, j.ID, o)
			return rep, true, b.settle(id, rep, err)
		case j.Target == plan.Target && b.jobs[id] != "":
			if err := jobs.Forget(ctx, j.ID); err != nil {
				return nil, false, err
			}
			delete(b.jobs, id)
		}
	}
	shown, began := o.Progress, ""
	var saveErr error
	o.Progress = func(p restore.Progress) {
		if began == "" {
			began = p.Job.String()
			b.jobs[began] = choice
			saveErr = b.save()
		}
		shown(p)
	}
	rep, err = restore.Run(ctx, jobs, plan, o)
	if err == nil {
		err = saveErr
	}
	return rep, false, b.settle(began, rep, err)
}

// settle forgets the fingerprint of a restore that brought everything back, proven or not; any other is tried again by the same command.
func (b *begun) settle(id string, rep *restore.Report, err error) error {
	if err != nil || rep == nil || !rep.Complete() || b.jobs[id] == "" {
		return err
	}
	delete(b.jobs, id)
	return b.save()
}
