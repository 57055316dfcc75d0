package channel

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"sync"
	"time"

	"lightproof/backup"
)

// do carries out a command. A repeat with the same id (after a broken connection) joins the running command or gets the answer
// that was given, so the command acts once.
func (s *Server) do(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("command")
	body, err := readBody(w, r, MaxCommand)
	if err != nil {
		fail(w, err)
		return
	}
	cmd, err := decodeCommand(name, body)
	if err != nil {
		fail(w, err)
		return
	}
	proven := s.sessions.proven(r)
	if registry[name].proof && !proven {
		fail(w, backup.ErrLocked)
		return
	}
	id := r.Header.Get(headerCommand)
	if !commandID.MatchString(id) {
		fail(w, fmt.Errorf("%w: a command needs an id of 32 hex digits", ErrBadRequest))
		return
	}
	what := sha256.Sum256(append([]byte(name+"\x00"), body...))
	reply, err := s.commands.once(r.Context(), id, what, func(ctx context.Context) (backup.Reply, error) {
		return s.svc.Do(ctx, cmd)
	})
	if !proven {
		reply = replyWithoutNames(reply)
	}
	answer(w, reply, err)
}

var commandID = regexp.MustCompile(`^[0-9a-f]{32}$`)

// remembered are the commands that run, and the answers of those that ended lately.
type remembered struct {
	mu    sync.Mutex
	byID  map[string]*execution
	order []string // finished ids, oldest first
}

// execution is one command, run for as long as at least one caller waits for it.
type execution struct {
	what    [32]byte
	waiting int
	cancel  context.CancelFunc
	done    chan struct{}
	ended   time.Time
	reply   backup.Reply
	err     error
}

// once runs f under id, or joins the run that has this id. When the last caller has gone, f's context ends. A run that was stopped
// so is forgotten: whoever asks again wants it done.
func (c *remembered) once(ctx context.Context, id string, what [32]byte, f func(context.Context) (backup.Reply, error)) (backup.Reply, error) {
	for {
		e, err := c.join(id, what, f)
		if err != nil {
			return backup.Reply{}, err
		}
		select {
		case <-e.done:
		case <-ctx.Done():
		}
		c.mu.Lock()
		e.waiting--
		if e.waiting == 0 {
			e.cancel()
		}
		c.mu.Unlock()
		if ctx.Err() != nil {
			return backup.Reply{}, ctx.Err()
		}
		if errors.Is(e.err, errAbandoned) {
			continue // it was stopping when this caller came
		}
		return e.reply, e.err
	}
}

var errAbandoned = errors.New("every caller went away")

func (c *remembered) join(id string, what [32]byte, f func(context.Context) (backup.Reply, error)) (*execution, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.forget()
	if e, ok := c.byID[id]; ok {
		if e.what != what {
			return nil, fmt.Errorf("%w: this id was used for another command", ErrBadRequest)
		}
		e.waiting++
		return e, nil
	}
	ctx, cancel := context.WithCancel(context.Background())
	e := &execution{what: what, waiting: 1, cancel: cancel, done: make(chan struct{})}
	if c.byID == nil {
		c.byID = map[string]*execution{}
	}
	c.byID[id] = e
	go func() {
		reply, err := f(ctx)
		c.mu.Lock()
		defer c.mu.Unlock()
		if err != nil && ctx.Err() != nil {
			err = errAbandoned
			delete(c.byID, id)
		} else {
			c.order = append(c.order, id)
		}
		cancel()
		e.reply, e.err, e.ended = reply, err, time.Now()
		close(e.done)
	}()
	return e, nil
}

// forget drops old answers.
func (c *remembered) forget() {
	for len(c.order) > 0 && (len(c.order) > rememberedLimit || time.Since(c.byID[c.order[0]].ended) > rememberedFor) {
		delete(c.byID, c.order[0])
		c.order = c.order[1:]
	}
}
