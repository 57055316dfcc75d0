package terminal

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	texts "lightproof/assets/strings"
	"lightproof/backup"
)

func (a *app) foldersCommand() *cobra.Command {
	var exclude []string
	add := &cobra.Command{Use: "add DIR", Short: "Protect a folder", Args: cobra.ExactArgs(1),
		Long: `Protect a folder with everything below it. --exclude leaves out what fits a pattern: a name at any depth (*.tmp), or a path
below the folder (cache/**). What is left out is counted and shown as skipped.`,
		RunE: func(c *cobra.Command, args []string) error { return a.addFolder(c.Context(), args[0], exclude) }}
	add.Flags().StringArrayVar(&exclude, "exclude", nil, "pattern of names to leave out; may be given several times")
	list := &cobra.Command{Use: "list", Short: "List the protected folders with their counts", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return a.listFolders(c.Context()) }}
	remove := &cobra.Command{Use: "remove ID|DIR", Short: "Stop protecting a folder; its stored versions stay", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return a.removeFolder(c.Context(), args[0]) }}
	return group("folders", "What is protected", a.unlocks(add), a.unlocks(list), a.unlocks(remove))
}

// idAnswer is what a command prints that adds or removes something.
type idAnswer struct {
	ID   string `json:"id"`
	Path string `json:"path,omitempty"`
}

func (a *app) addFolder(ctx context.Context, dir string, exclude []string) error {
	path, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	s, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	r, err := s.svc.Do(ctx, backup.AddFolder{Path: path, Exclude: exclude})
	if err != nil {
		return about(err, texts.Params{"folder": path, "n": 0})
	}
	return a.print(idAnswer{r.ID, path}, func(p *page) { p.line("Protected: %s", texts.Name(path)) })
}

// folderAnswer is one folder as folders list prints it.
type folderAnswer struct {
	ID      string              `json:"id"`
	Path    string              `json:"path,omitempty"` // without the passphrase and behind a keeper: left out
	Exclude []string            `json:"exclude,omitempty"`
	State   *backup.FolderState `json:"state,omitempty"`
}

func (a *app) listFolders(ctx context.Context) error {
	s, err := a.openNamed(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	list, err := s.folders(ctx)
	if err != nil {
		return err
	}
	return a.print(struct {
		Folders []folderAnswer `json:"folders"`
	}{list}, func(p *page) {
		if len(list) == 0 {
			p.line("No folder is protected yet. Run lightproof folders add DIR.")
			return
		}
		rows := [][]string{{"ID", "FOLDER", "FOUND", "PROTECTED", "PENDING", "SKIPPED", "PROBLEMS", "LAST LOOK"}}
		for _, f := range list {
			row := []string{f.ID[:8], texts.Name(f.Path)}
			if st := f.State; st != nil {
				c := st.Counts
				row = append(row, texts.Count(c.Found), texts.Count(c.Protected), texts.Count(c.Pending), texts.Count(c.Skipped+c.OnlineOnly),
					texts.Count(c.Failed+c.Unreadable), p.Ago(st.LastScan))
			}
			rows = append(rows, row)
		}
		p.table(rows)
	})
}

func (s *session) folders(ctx context.Context) ([]folderAnswer, error) {
	rows, err := s.rows(ctx, "folders", "")
	if err != nil {
		return nil, err
	}
	st, err := s.svc.State(ctx)
	if err != nil {
		return nil, err
	}
	out := []folderAnswer{}
	for _, r := range rows {
		f := folderAnswer{ID: r.Key, Path: r.Path}
		if x := r.Args["exclude"]; x != "" {
			f.Exclude = strings.Split(x, "\n")
		}
		for i := range st.Folders {
			if st.Folders[i].ID == r.Key {
				f.State = &st.Folders[i]
			}
		}
		out = append(out, f)
	}
	return out, nil
}

// shortestID is how many digits of an identifier are enough to name a row, if no other begins so.
const shortestID = 4

// find gives the place of the one entry that a name means: its path or label, or the beginning of its identifier. given are the
// forms that the name may have.
func find(given []string, n int, entry func(int) (id string, names []string)) (int, error) {
	found := -1
	for i := range n {
		id, names := entry(i)
		hit := len(given[0]) >= shortestID && strings.HasPrefix(id, given[0])
		for _, g := range given {
			hit = hit || slices.Contains(names, g)
		}
		if hit && found >= 0 {
			return 0, fmt.Errorf("%w: %s means several", errNotFound, texts.Name(given[0]))
		}
		if hit {
			found = i
		}
	}
	if found < 0 {
		return 0, fmt.Errorf("%w: %s", errNotFound, texts.Name(given[0]))
	}
	return found, nil
}

func (a *app) removeFolder(ctx context.Context, name string) error {
	s, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	if err := s.named(ctx); err != nil { // removing weakens protection: a keeper wants the proof
		return err
	}
	list, err := s.folders(ctx)
	if err != nil {
		return err
	}
	abs, err := filepath.Abs(name)
	if err != nil {
		return err
	}
	i, err := find([]string{name, abs}, len(list), func(i int) (string, []string) { return list[i].ID, []string{list[i].Path} })
	if err != nil {
		return err
	}
	if _, err := s.svc.Do(ctx, backup.RemoveFolder{ID: list[i].ID}); err != nil {
		return err
	}
	return a.print(idAnswer{list[i].ID, list[i].Path}, func(p *page) {
		p.line("No longer protected: %s. Its stored versions stay and can be restored.", texts.Name(list[i].Path))
	})
}
