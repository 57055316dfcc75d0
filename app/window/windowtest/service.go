package windowtest

import (
	"context"
	"fmt"
	"sync"
	"time"

	"lightproof/backup"
)

// Now is the moment at which the made-up world stands.
var Now = time.Date(2026, time.November, 17, 14, 32, 0, 0, time.UTC)

// Service is an engine of a test's making: its state is set, its commands are recorded.
type Service struct {
	mu       sync.Mutex
	state    backup.State
	streams  []chan backup.Event
	Gone     bool                                       // Events fails
	Commands []backup.Command                           // carried out, in order
	OnDo     func(backup.Command) (backup.Reply, error) // nil = all go well
	OnList   func(backup.Query) (backup.Page, error)    // nil = made-up rows
}

var _ backup.Service = (*Service)(nil)

// NewService starts with a state.
func NewService(s backup.State) *Service { return &Service{state: s} }

// Set changes the state and tells everyone who listens.
func (s *Service) Set(st backup.State) {
	s.mu.Lock()
	defer s.mu.Unlock()
	st.Seq = s.state.Seq + 1
	s.state = st
	for _, c := range s.streams {
		select {
		case c <- backup.Event{Seq: st.Seq, At: st.At, Kind: "state", State: &st}:
		default:
		}
	}
}

// Die ends every stream and refuses new ones.
func (s *Service) Die() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Gone = true
	for _, c := range s.streams {
		close(c)
	}
	s.streams = nil
}

// Revive lets streams stand again.
func (s *Service) Revive() { s.mu.Lock(); s.Gone = false; s.mu.Unlock() }

// Did lists the names of the commands carried out so far.
func (s *Service) Did() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var names []string
	for _, c := range s.Commands {
		names = append(names, c.CommandName())
	}
	return names
}

// Hello implements backup.Service.
func (s *Service) Hello(context.Context) (backup.Hello, error) {
	return backup.Hello{Protocol: backup.Protocol, Build: "test"}, nil
}

// State implements backup.Service.
func (s *Service) State(context.Context) (*backup.State, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.state
	return &st, nil
}

// Events implements backup.Service.
func (s *Service) Events(ctx context.Context) (<-chan backup.Event, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.Gone {
		return nil, backup.ErrGone
	}
	c := make(chan backup.Event, 256)
	st := s.state
	c <- backup.Event{Seq: st.Seq, At: st.At, Kind: "state", State: &st}
	s.streams = append(s.streams, c)
	context.AfterFunc(ctx, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		for i, o := range s.streams {
			if o == c {
				s.streams = append(s.streams[:i], s.streams[i+1:]...)
				close(c)
				return
			}
		}
	})
	return c, nil
}

// Do implements backup.Service.
func (s *Service) Do(_ context.Context, c backup.Command) (backup.Reply, error) {
	s.mu.Lock()
	s.Commands = append(s.Commands, c)
	on := s.OnDo
	s.mu.Unlock()
	if on != nil {
		return on(c)
	}
	if _, ok := c.(backup.TestDestination); ok {
		return backup.Reply{Probe: &backup.Probe{OK: true, Total: 2e12, Free: 12e11}}, nil
	}
	return backup.Reply{}, nil
}

// List implements backup.Service.
func (s *Service) List(_ context.Context, q backup.Query) (backup.Page, error) {
	s.mu.Lock()
	on := s.OnList
	folders := s.state.Folders
	s.mu.Unlock()
	if on != nil {
		return on(q)
	}
	var p backup.Page
	switch q.What {
	case "folders":
		for i, f := range folders {
			p.Rows = append(p.Rows, backup.Row{Key: f.ID, Path: []string{"/home/anna/Pictures", "/home/anna/Scans", "/media/anna/Photos SSD/" + Long}[i%3]})
		}
	case "problems":
		for i := range 12 {
			p.Rows = append(p.Rows, backup.Row{Key: fmt.Sprint(i), Path: fmt.Sprintf("Pictures/2019/08/IMG_%04d.CR3", 2200+i), Code: "read-error", Since: Now.Add(-time.Duration(i) * time.Hour),
				Args: map[string]string{"n": "1", "good": "1"}})
		}
		p.Rows = append(p.Rows, backup.Row{Key: "long", Path: "Pictures/" + Long + Long + "/IMG_0001.JPG", Code: "busy", Since: Now.Add(-26 * time.Hour), Args: map[string]string{"name": "IMG_0001.JPG", "file": "IMG_0001.JPG"}})
	case "activity":
		for i := range 20 {
			p.Rows = append(p.Rows, backup.Row{Key: fmt.Sprint(i), Code: "damaged-repaired", Since: Now.Add(-time.Duration(i*7) * time.Hour), Args: map[string]string{"n": "3", "name": "NAS"}})
		}
	default:
		for i := range 40 {
			p.Rows = append(p.Rows, backup.Row{Key: fmt.Sprint(i), Path: fmt.Sprintf("Pictures/2019/08/IMG_%04d.JPG", 1200+i), Since: Now.Add(-time.Duration(i) * time.Hour)})
		}
	}
	return p, nil
}

// Object implements backup.Service.
func (s *Service) Object(context.Context, string, string, bool) ([]byte, error) {
	return nil, backup.ErrNotSetUp
}

// Objects implements backup.Service.
func (s *Service) Objects(context.Context, string, string, func(string, int64) error) error {
	return nil
}

// Sealed implements backup.Service.
func (s *Service) Sealed(context.Context, backup.SealedBatch) error { return nil }

// Challenge implements backup.Service.
func (s *Service) Challenge(context.Context) ([]byte, error) { return make([]byte, 32), nil }

// Prove implements backup.Service.
func (s *Service) Prove(context.Context, []byte) error { return nil }

// Long is a name that fits nowhere.
const Long = "Sommerurlaub an der mecklenburgischen Seenplatte mit Großeltern Tanten und dem Hund sowie der ganzen Verwandtschaft aus Überlingen "
