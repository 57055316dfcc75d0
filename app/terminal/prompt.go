package terminal

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	texts "lightproof/assets/strings"
	"lightproof/keystore/passphrase"
)

// Prompter asks the person in front of the terminal.
type Prompter interface {
	// Present tells whether there is anybody to ask.
	Present() bool
	// Say shows lines; the words of a kit are shown this way.
	Say(text string)
	// Ask shows a question and reads one line.
	Ask(question string) (string, error)
	// Hidden does the same without showing what is typed. The caller wipes the answer.
	Hidden(question string) ([]byte, error)
	// Vanish clears what was shown, as far as a terminal can.
	Vanish()
}

// Errors of asking.
var (
	errNoTerminal = errors.New("no terminal to ask at")
	errSecretFile = errors.New("file with a passphrase")
)

// terminalPrompter asks on a terminal: questions on standard error, so that answers on standard output stay clean.
type terminalPrompter struct {
	ctx  context.Context // ends a question that waits for its answer
	in   *os.File        // nil: nobody to ask
	fd   int             // of in
	out  io.Writer
	line *bufio.Reader
}

func newTerminalPrompter(ctx context.Context, in io.Reader, out io.Writer) *terminalPrompter {
	p := &terminalPrompter{ctx: ctx, out: out}
	f, ok := in.(*os.File)
	if !ok {
		return p
	}
	if fd := int(f.Fd()); term.IsTerminal(fd) && isTerminal(out) {
		p.in, p.fd, p.line = f, fd, bufio.NewReader(f)
	}
	return p
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

func (p *terminalPrompter) Present() bool { return p.in != nil }

func (p *terminalPrompter) Say(text string) { fmt.Fprintln(p.out, text) }

func (p *terminalPrompter) Ask(question string) (string, error) {
	b, err := p.wait(question, func() ([]byte, error) { return p.line.ReadBytes('\n') })
	if err != nil && len(b) == 0 {
		return "", err
	}
	return strings.TrimSpace(string(b)), nil
}

func (p *terminalPrompter) Hidden(question string) ([]byte, error) {
	b, err := p.wait(question, func() ([]byte, error) { return term.ReadPassword(p.fd) })
	fmt.Fprintln(p.out)
	return b, err
}

// wait asks a question and waits for its answer or for the end of the run: a read from a terminal cannot be called off, so Ctrl-C
// leaves it behind and puts the terminal back as it was.
func (p *terminalPrompter) wait(question string, read func() ([]byte, error)) ([]byte, error) {
	if p.in == nil {
		return nil, errNoTerminal
	}
	if err := p.ctx.Err(); err != nil {
		return nil, err
	}
	before, stateErr := term.GetState(p.fd)
	fmt.Fprint(p.out, question+" ")
	type answer struct {
		line []byte
		err  error
	}
	got := make(chan answer, 1)
	go func() {
		b, err := read()
		got <- answer{b, err}
	}()
	select {
	case x := <-got:
		if x.err != nil {
			x.err = fmt.Errorf("%w: %w", errNoTerminal, x.err)
		}
		return x.line, x.err
	case <-p.ctx.Done():
		if stateErr == nil {
			_ = term.Restore(p.fd, before)
		}
		return nil, p.ctx.Err()
	}
}

// Vanish clears the screen and what was scrolled out of it (ECMA-48 ED; 3 is xterm's and widely understood).
func (p *terminalPrompter) Vanish() { fmt.Fprint(p.out, "\033[H\033[2J\033[3J") }

// maxSecretFile bounds a file with a passphrase: a longer one is some other file named by mistake.
const maxSecretFile = 64 << 10

// readSecretFile reads the first line of a file, without its line end. The caller wipes it.
func readSecretFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errSecretFile, err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxSecretFile+1))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errSecretFile, err)
	}
	if len(b) > maxSecretFile {
		clear(b)
		return nil, fmt.Errorf("%w: longer than %d bytes", errSecretFile, maxSecretFile)
	}
	b = bytes.TrimPrefix(b, []byte("\ufeff"))
	end := bytes.IndexByte(b, '\n')
	if end < 0 {
		end = len(b)
	}
	out := bytes.Clone(bytes.TrimSuffix(b[:end], []byte("\r")))
	clear(b)
	if len(out) == 0 {
		return nil, fmt.Errorf("%w: its first line is empty: %w", errSecretFile, passphrase.ErrEmpty)
	}
	return out, nil
}

// passphrase returns the passphrase of a kind from its file, or asks for it once. The app wipes it at the end of the run.
func (a *app) passphrase(flag, question string) ([]byte, error) {
	if p, ok := a.given[flag]; ok {
		return p, nil
	}
	var p []byte
	var err error
	switch file := a.files[flag]; {
	case file != nil && *file != "":
		p, err = readSecretFile(*file)
	case a.Prompter.Present():
		p, err = a.Prompter.Hidden(question)
	default:
		err = errNoTerminal
	}
	if err != nil {
		return nil, err
	}
	a.keep(flag, p)
	return p, nil
}

func (a *app) keep(flag string, p []byte) {
	if a.given == nil {
		a.given = map[string][]byte{}
	}
	a.given[flag] = p
}

// typed tells whether a passphrase was or will be typed, so that asking again makes sense.
func (a *app) typed(flag string) bool {
	file := a.files[flag]
	return (file == nil || *file == "") && a.Prompter.Present()
}

// retype forgets a passphrase that was wrong.
func (a *app) retype(flag string) {
	clear(a.given[flag])
	delete(a.given, flag)
}

// attempts is how often a typed secret may be wrong.
const attempts = 3

// newPassphrase reads a passphrase that is to be used from now on: from its file, or typed twice after a suggestion.
func (a *app) newPassphrase(flag, intro, question string, random io.Reader) ([]byte, error) {
	if !a.typed(flag) {
		p, err := a.passphrase(flag, question)
		if err != nil {
			return nil, err
		}
		s, err := passphrase.Normalize(p)
		if err != nil {
			return nil, err
		}
		defer s.Wipe()
		if passphrase.Estimate(s).Level == passphrase.Weak {
			a.note("%s", say(a.message(texts.WeakPassphrase, nil)))
		}
		return p, nil
	}
	suggestion, err := passphrase.Suggest(random)
	if err != nil {
		return nil, err
	}
	a.Prompter.Say(intro + "\nSix words drawn at random are easy to keep and hard to guess, for example:\n\n  " + string(suggestion.Bytes()) +
		"\n")
	suggestion.Wipe()
	for {
		p, err := a.Prompter.Hidden(question)
		if err != nil {
			return nil, err
		}
		ok, err := a.judge(p)
		if err != nil {
			return nil, err
		}
		if !ok {
			clear(p)
			continue
		}
		again, err := a.Prompter.Hidden("The same once more:")
		if err != nil {
			return nil, err
		}
		same := bytes.Equal(p, again)
		clear(again)
		if same {
			a.keep(flag, p)
			return p, nil
		}
		clear(p)
		a.Prompter.Say("These two were not the same.")
	}
}

// judge shows how strong a passphrase is; false: choose another one.
func (a *app) judge(p []byte) (bool, error) {
	s, err := passphrase.Normalize(p)
	if err != nil {
		a.Prompter.Say(say(a.explain(err)))
		return false, nil
	}
	defer s.Wipe()
	strength := passphrase.Estimate(s)
	a.Prompter.Say("Strength: " + [...]string{"weak", "fair", "good", "strong"}[strength.Level])
	if strength.Level > passphrase.Weak {
		return true, nil
	}
	a.Prompter.Say(say(a.message(texts.WeakPassphrase, nil)))
	return a.yes("Use it all the same?")
}

// yes asks a question whose answer without a word is no.
func (a *app) yes(question string) (bool, error) {
	s, err := a.Prompter.Ask(question + " [y/N]")
	s = strings.ToLower(s)
	return s == "y" || s == "yes", err
}
