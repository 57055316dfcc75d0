package priority

import (
	"slices"
	"testing"
	"time"
)

// steps is a process whose steps are written down and whose time is the test's.
type steps struct {
	*process
	taken []string
	later []func()
}

func newSteps() *steps {
	s := &steps{}
	s.process = &process{
		step: func(back bool) {
			s.taken = append(s.taken, map[bool]string{true: "back", false: "forth"}[back])
		},
		after: func(_ time.Duration, f func()) { s.later = append(s.later, f) },
	}
	return s
}

// wait lets linger pass.
func (s *steps) wait() {
	later := s.later
	s.later = nil
	for _, f := range later {
		f()
	}
}

func TestTheProcessStepsBackOnlyWhileNobodyWaits(t *testing.T) {
	for _, c := range []struct {
		name string
		do   func(s *steps)
		want []string
	}{
		{"work alone", func(s *steps) { s.background()() }, []string{"back", "forth"}},
		{"two works at once", func(s *steps) { a, b := s.background(), s.background(); a(); b() }, []string{"back", "forth"}},
		{"an end told twice", func(s *steps) { a, b := s.background(), s.background(); a(); a(); _ = b }, []string{"back"}},
		{"asked without background work", func(s *steps) { s.ask()(); s.wait() }, nil},
		{"work while somebody waits", func(s *steps) { a := s.ask(); b := s.background(); b(); a(); s.wait() }, nil},
		{"asked in the middle of work", func(s *steps) { b := s.background(); a := s.ask(); b(); a(); s.wait() }, []string{"back", "forth"}},
		{"work goes on after what was asked", func(s *steps) { b := s.background(); s.ask()(); s.wait(); b() }, []string{"back", "forth", "back", "forth"}},
		{"one thing asked after the other", func(s *steps) {
			b := s.background()
			for range 3 {
				s.ask()()
			}
			b()
			s.wait()
		}, []string{"back", "forth"}},
		{"work begins anew while full speed outlasts", func(s *steps) {
			b := s.background()
			s.ask()()
			b()
			b = s.background()
			s.wait()
			b()
		}, []string{"back", "forth", "back", "forth"}},
	} {
		s := newSteps()
		c.do(s)
		if !slices.Equal(s.taken, c.want) {
			t.Errorf("%s: %v, want %v", c.name, s.taken, c.want)
		}
	}
}
