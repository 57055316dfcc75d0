package terminal

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"
	"unicode"

	"github.com/spf13/cobra"

	texts "lightproof/assets/strings"
)

// page collects what a command says to people.
type page struct {
	bytes.Buffer
	texts.Printer
}

func (p *page) line(format string, args ...any) { fmt.Fprintf(p, format+"\n", args...) }

// table writes rows in columns.
func (p *page) table(rows [][]string) {
	w := tabwriter.NewWriter(p, 0, 1, 2, ' ', 0)
	for _, r := range rows {
		fmt.Fprintln(w, strings.Join(r, "\t"))
	}
	w.Flush()
}

func (a *app) printer() texts.Printer { return texts.Printer{Now: a.Now()} }

// print writes the one answer of a command: v as JSON, or what say writes.
func (a *app) print(v any, say func(*page)) error {
	if a.json {
		b, err := json.MarshalIndent(v, "", "  ")
		if err != nil {
			return err
		}
		_, err = a.Out.Write(append(b, '\n'))
		return err
	}
	p := &page{Printer: a.printer()}
	say(p)
	_, err := p.WriteTo(a.Out)
	return err
}

// note writes a line beside the answer, on standard error.
func (a *app) note(format string, args ...any) { fmt.Fprintf(a.Err, format+"\n", args...) }

// failure is an error as --json prints it.
type failure struct {
	texts.Message
	Detail string `json:"detail,omitempty"` // technical, in no fixed form
}

// showError prints an error: what happened, why it matters, one action, and what is known of the cause last.
func (a *app) showError(err error) {
	f := failure{Message: a.explain(err), Detail: oneLine(err.Error())}
	if a.json {
		a.print(struct {
			Error failure `json:"error"`
		}{f}, nil)
		return
	}
	a.note("%s", say(f.Message))
	if f.Class != classStopped {
		a.note("  Detail: %s", f.Detail)
	}
}

// oneLine keeps a name inside an error from moving the cursor or faking another line.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n':
			return ';'
		case !unicode.IsPrint(r):
			return unicode.ReplacementChar
		}
		return r
	}, s)
}

// say is a message in two lines: what and why, then the action.
func say(m texts.Message) string {
	return fmt.Sprintf("%s %s\n  → %s (%s)", m.What, m.Why, m.Action, m.Code)
}

func (a *app) showUsageError(c *cobra.Command, err error) {
	m := texts.Message{Class: classUsage, Code: "LP701", What: "This command line cannot be used: " + oneLine(err.Error()) + ".",
		Why: "Nothing was done.", Action: "See " + c.CommandPath() + " --help"}
	if a.json {
		a.print(struct {
			Error failure `json:"error"`
		}{failure{Message: m}}, nil)
		return
	}
	a.note("%s", say(m))
}
