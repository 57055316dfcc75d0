package e2e

import (
	"context"
	"crypto/rand"
	"errors"
	"io/fs"
	"path/filepath"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"lightproof/backup"
	"lightproof/backup/restore"
	"lightproof/backup/store/limit"
)

func (m *machine) destination() backup.DestinationState {
	m.t.Helper()
	return m.state().Destinations[0]
}

// A run on a limited line takes the time that its bytes need, there and back. In the bubble of synctest the time is a virtual one.
func TestARunKeepsToTheLimitsOfItsDestination(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine(t).setUp().withFolderAndPlace()
		m.do(backup.LimitDestination{ID: m.destination().ID, Up: 100_000, Down: 200_000})
		for i := range 3 {
			b := make([]byte, 1_000_000)
			rand.Read(b)
			write(t, filepath.Join(m.photos, strconv.Itoa(i)+".jpg"), b)
		}
		began := time.Now()
		run := m.backUpQuietly()
		took := time.Since(began)
		// Stored at 100 kB/s and read back once at 200 kB/s.
		want := time.Duration(float64(run.StoredByte) * float64(time.Second) * (1./100_000 + 1./200_000))
		t.Logf("%d bytes took %s, %s by the limits", run.StoredByte, took, want)
		if run.StoredByte < 3_000_000 || took < want*9/10 || took > want*11/10 {
			t.Errorf("%d bytes took %s, not %s", run.StoredByte, took, want)
		}
		l := m.unlock()
		began = time.Now()
		m.restoreTo(l, filepath.Join(m.dir, "back"), restore.Options{})
		if took := time.Since(began); took < 13*time.Second || took > 17*time.Second {
			t.Errorf("3 MB came back in %s at 200 kB/s", took)
		}
	})
}

func TestLimitsOutliveTheEngineAndANewLookAtTheDestination(t *testing.T) {
	m := newMachine(t).setUp().withFolderAndPlace()
	id := m.destination().ID
	m.do(backup.LimitDestination{ID: id, Up: 4_000_000, Down: 50_000})
	want := func(when string) {
		t.Helper()
		if d := m.destination(); d.UpLimit != 4_000_000 || d.DownLimit != 50_000 {
			t.Errorf("%s: %d up, %d down", when, d.UpLimit, d.DownLimit)
		}
	}
	want("at once")
	m.stop()
	m.start()
	want("after a start")
	m.do(backup.AddDestination{Kind: "folder", Dir: m.place("a"), Label: "renamed", Place: "home", Adopt: true})
	want("added once more")
	m.stop()
	m.start()
	want("after that and a start")
	for _, c := range []struct {
		cmd  backup.LimitDestination
		want error
	}{{backup.LimitDestination{ID: id, Up: 5}, limit.ErrBounds}, {backup.LimitDestination{ID: id, Down: -1}, limit.ErrBounds}, {backup.LimitDestination{ID: "none"}, fs.ErrNotExist}} {
		if _, err := m.engine.Do(context.Background(), c.cmd); !errors.Is(err, c.want) {
			t.Errorf("%+v: %v", c.cmd, err)
		}
	}
	want("after what was refused")
	m.do(backup.LimitDestination{ID: id})
	if d := m.destination(); d.UpLimit+d.DownLimit != 0 {
		t.Errorf("not ended: %+v", d)
	}
}

// A run that is stopped does not go on for as long as its line would take: what is complete is kept, what stands in open bundles waits.
func TestAStoppedRunEndsSoonOnASlowLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine(t).setUp().withFolderAndPlace()
		m.do(backup.LimitDestination{ID: m.destination().ID, Up: limit.Least})
		numbered(t, m.photos, "large", 1, 2, 100_000)  // half a minute
		numbered(t, m.photos, "small", 2, 150, 20_000) // six minutes, in bundles
		const after = time.Minute
		ctx, cancel := context.WithTimeout(t.Context(), after)
		defer cancel()
		began := time.Now()
		r, err := m.engine.Do(ctx, backup.BackUp{})
		if !errors.Is(err, context.DeadlineExceeded) || !r.Run.Stopped || r.Run.New < 2 || r.Run.New > 100 {
			t.Errorf("%+v, %v", r.Run, err)
		}
		if took := time.Since(began); took > after+30*time.Second {
			t.Errorf("it ended %s after it was stopped", took-after)
		}
		m.do(backup.LimitDestination{ID: m.destination().ID})
		m.backUpQuietly()
		m.mustProve()
		m.mustBeWhole(nil)
	})
}
