package terminal

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"

	"github.com/spf13/cobra"

	texts "lightproof/assets/strings"
	"lightproof/backup"
	"lightproof/backup/photo"
	"lightproof/backup/photo/tile"
	"lightproof/backup/restore"
)

func (a *app) practiceCommand() *cobra.Command {
	return a.unlocks(&cobra.Command{Use: "practice", Short: "Practise a restore: a few originals come back, are compared and removed again", Args: cobra.NoArgs,
		Long: fmt.Sprintf(`Restore %d originals to a temporary folder, a RAW, a video and one of the oldest year among them, compare them with their backup,
open them as pictures, and remove them again. Ends with 3 where one did not come back as it was.`, restore.PracticeFiles),
		RunE: func(c *cobra.Command, _ []string) error { return a.practice(c.Context()) }})
}

// practiceAnswer is what practice prints.
type practiceAnswer struct {
	Files     int              `json:"files"`
	Identical int              `json:"identical"`
	Decoded   int              `json:"decoded"` // opened as pictures
	Passed    bool             `json:"passed"`
	Problems  []restoreProblem `json:"problems"`
	Undecoded []string         `json:"undecoded"` // identical, but they do not open as pictures: so was the original
}

func (a *app) practice(ctx context.Context) error {
	s, l, err := a.openFrugal(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	m := a.meter()
	r := m.rated("Practising")
	p, err := restore.PracticeRestore(ctx, l, l.Sources(), restore.PracticeOptions{Scratch: os.TempDir(), Seed: rand.Uint64(), Decode: decode(ctx),
		RunOptions: restore.RunOptions{Space: l.Space(), Fetch: l.Fetcher(), Now: a.Now, Progress: func(x restore.Progress) {
			r.show(int64(x.Files), int64(x.OfFiles), x.Bytes, x.OfBytes)
		}}})
	m.end()
	if err != nil {
		return err
	}
	out := practiceAnswer{Files: p.Report.Selected, Identical: p.Report.Written + p.Report.AlreadyThere, Decoded: p.Decoded, Passed: p.Report.Whole(),
		Problems: answerOf(p.Report).NotRestored, Undecoded: append([]string{}, p.Undecoded...)}
	if _, err := s.svc.Do(ctx, backup.RecordPractice{Files: out.Files, Passed: out.Passed}); err != nil {
		return err
	}
	if !out.Passed {
		a.needsYou()
	}
	return a.print(out, func(p *page) {
		p.line("%s %s of %s identical, %s opened as pictures.", map[bool]string{true: "✓", false: "!"}[out.Passed], texts.Count(int64(out.Identical)),
			texts.Count(int64(out.Files)), texts.Count(int64(out.Decoded)))
		for _, x := range out.Problems {
			p.line("! %s: %s", texts.Name(x.Path), x.Why)
		}
		for _, x := range out.Undecoded {
			p.line("  identical to its backup, but no picture that opens here: %s", oneLine(x))
		}
	})
}

// maxDecode bounds what is read into memory to open a restored picture, in bytes.
const maxDecode = 256 << 20

// drawn are the kinds whose pictures are whole files to a decoder: a RAW file without a preview opens nowhere here, and that says
// nothing about its copy.
var drawn = map[string]bool{photo.JPEG.String(): true, photo.PNG.String(): true}

// decode opens a restored file as a viewer would. Kinds that nothing here can draw do not count.
func decode(ctx context.Context) func(path, kind string) error {
	return func(path, kind string) error {
		st, err := os.Stat(path)
		if err != nil {
			return err
		}
		if !drawn[kind] || st.Size() > maxDecode {
			return restore.ErrNotDecoded
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		_, err = tile.Make(ctx, bytes.NewReader(b), int64(len(b)), 256)
		return err
	}
}
