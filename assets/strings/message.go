package texts

import (
	"errors"
	"fmt"
	"slices"
)

// Class names a kind of message. Its text is stable: logs, --json and the channel carry it.
type Class string

// Message is what a person is told: what happened, why it matters, one action, and a code that Help knows.
type Message struct {
	Class  Class  `json:"class"`
	Code   string `json:"code"` // LP and three digits; never given to another class
	What   string `json:"what"`
	Why    string `json:"why"`
	Action string `json:"action"` // the words on the button; at the terminal, what to do
}

// String is the message in one line, for the terminal and for logs that may hold names.
func (m Message) String() string {
	return fmt.Sprintf("%s %s %s (%s)", m.What, m.Why, m.Action, m.Code)
}

// ErrClass says that no message of that class exists.
var ErrClass = errors.New("unknown class of message")

// entry is one row of the catalogue.
type entry struct {
	class             Class
	code              string
	what, why, action string
}

// Classes lists every class in the order of its codes.
func Classes() []Class {
	classes := make([]Class, len(catalogue))
	for i, e := range catalogue {
		classes[i] = e.class
	}
	return classes
}

// Message writes the message of a class. The error is ErrClass for a class that is not in the catalogue, ErrParameter for
// values that are missing, wrong or superfluous; the message is fit to be shown in every case.
func (p Printer) Message(class Class, values Params) (Message, error) {
	at := slices.IndexFunc(catalogue, func(e entry) bool { return e.class == class })
	if at < 0 {
		m, _ := p.Message(Internal, Params{"what": string(class)})
		return m, fmt.Errorf("%w: %q", ErrClass, class)
	}
	e, used := catalogue[at], map[string]bool{}
	what, err1 := p.fill(e.what, values, used)
	why, err2 := p.fill(e.why, values, used)
	action, err3 := p.fill(e.action, values, used)
	var superfluous error
	for name := range values {
		if !used[name] {
			superfluous = fmt.Errorf("%w %s is not asked for", ErrParameter, name)
		}
	}
	err := errors.Join(err1, err2, err3, superfluous)
	if err != nil {
		err = fmt.Errorf("message %s: %w", class, err)
	}
	return Message{Class: class, Code: e.code, What: what, Why: why, Action: action}, err
}

// Needs names the parameters that the message of a class takes, in ascending order; nil for an unknown class.
func Needs(class Class) []string {
	at := slices.IndexFunc(catalogue, func(e entry) bool { return e.class == class })
	if at < 0 {
		return nil
	}
	used := map[string]bool{}
	for _, template := range []string{catalogue[at].what, catalogue[at].why, catalogue[at].action} {
		Printer{}.fill(template, nil, used)
	}
	names := make([]string, 0, len(used))
	for name := range used {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
