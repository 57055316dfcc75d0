package remember

import (
	"os"
	"path/filepath"
	"testing"
)

func TestWhatIsSavedIsLoaded(t *testing.T) {
	dir := t.TempDir()
	want := Window{Width: 1300, Height: 900, Screen: "timeline", Theme: "dark", TextSize: 150, Closed: true}
	if err := Save(dir, want); err != nil {
		t.Fatal(err)
	}
	if got := Load(dir); got != want {
		t.Errorf("loaded %+v, want %+v", got, want)
	}
	info, err := os.Stat(filepath.Join(dir, FileName))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v; want 0600", info.Mode(), err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*.json.*")); len(left) != 0 {
		t.Errorf("temporary files were left: %q", left)
	}
}

func TestForeignContentGivesTheDefaults(t *testing.T) {
	for name, content := range map[string]string{
		"empty": "", "no JSON": "<html>", "absurd size": `{"width":-5,"height":1e9,"text_size":100000,"theme":"pink"}`, "wrong kinds": `{"width":"wide"}`,
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, FileName), []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
			if got := Load(dir); got.Width != 1120 || got.Height != 740 || got.TextSize != 100 || got.Theme != "system" {
				t.Errorf("got %+v", got)
			}
		})
	}
}

func TestAFolderThatCannotBeWrittenIsSaid(t *testing.T) {
	if err := Save(filepath.Join(t.TempDir(), "missing"), Window{}); err == nil {
		t.Error("no error")
	}
}
