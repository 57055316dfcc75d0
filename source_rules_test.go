package main_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// The rules of this file read the source itself: calls that must not be written, colours that belong to the theme, secrets
// that must not be printed.

func TestSourceKeepsTheRules(t *testing.T) {
	files := 0
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if name := d.Name(); path != "." && (strings.HasPrefix(name, ".") || name == "build" || name == "shots" || name == "testdata") {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		files++
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, fault := range readSource(set, file, filepath.ToSlash(path)) {
			t.Error(fault)
		}
		return nil
	})
	if err != nil || files == 0 {
		t.Fatalf("%d files read: %v", files, err)
	}
}

// forbiddenCalls are methods and functions that must not be called, each with its reason and where it is allowed.
var forbiddenCalls = []struct{ name, below, except, why string }{
	{".SendNotification", "", "", "blocks without a limit and, on Windows, runs its text as a script; the keeper sends notifications"},
	{".Preferences", "app", "", "Fyne's preferences truncate before they write and sync on the screen's thread"},
	{"fyne.DoAndWait", "app", "", "deadlocks on the screen's thread"},
	{"widget.NewProgressBarInfinite", "app", "", "repaints everything 60 times a second"},
	{"dialog.NewProgressInfinite", "app", "", "repaints everything 60 times a second"},
	{"binding.", "app", "", "data binding hides order and goroutines"},
	{"time.Now", "backup/vault", "", "the format knows no clock"},
}

// printers write to where a person, a log or a file shows it.
var printers = regexp.MustCompile(`^(fmt\.(Print|Fprint|Sprint|Errorf|Append)|log\.|slog\.|errors\.New$)`)

// secretNames are names of values that hold a secret in the open. A Secret itself prints as "[secret]".
var secretNames = regexp.MustCompile(`(?i)^(passphrase|password|mnemonic|seed|privatekey|secretkey|kitwords|keyset)$`)

func readSource(set *token.FileSet, file *ast.File, path string) []string {
	var faults []string
	fault := func(at ast.Node, format string, args ...any) {
		faults = append(faults, fmt.Sprintf("%s:%d: ", path, set.Position(at.Pos()).Line)+fmt.Sprintf(format, args...))
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			name := nameOf(n.Fun)
			for _, f := range forbiddenCalls {
				if (f.below == "" || within(path, f.below)) && matches(name, f.name) {
					fault(n, "%s is not called here: %s", strings.TrimPrefix(f.name, "."), f.why)
				}
			}
			if printers.MatchString(name) {
				for _, arg := range n.Args {
					if leaked := openSecret(arg); leaked != "" {
						fault(n, "%s prints %s", name, leaked)
					}
				}
			}
		case *ast.CompositeLit:
			if outsideTheme(path) && isColour(n) {
				fault(n, "a colour of its own; colours are named in app/window/theme")
			}
		case *ast.SelectorExpr:
			if name := nameOf(n); outsideTheme(path) && (name == "color.Black" || name == "color.White") {
				fault(n, "%s; colours are named in app/window/theme", name)
			}
		case *ast.BasicLit:
			if outsideTheme(path) && n.Kind == token.STRING && hexColour.MatchString(n.Value) {
				fault(n, "colour %s; colours are named in app/window/theme", n.Value)
			}
		}
		return true
	})
	return faults
}

var hexColour = regexp.MustCompile(`^["` + "`" + `]#([0-9a-fA-F]{6}|[0-9a-fA-F]{8})["` + "`" + `]$`)

func outsideTheme(path string) bool { return within(path, "app") && !within(path, "app/window/theme") }

// nameOf gives "pkg.Name" or "value.Name" of a call or selector, "" for anything deeper.
func nameOf(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		if x := nameOf(e.X); x != "" {
			return x + "." + e.Sel.Name
		}
		return "." + e.Sel.Name
	case *ast.CallExpr:
		return ""
	}
	return ""
}

// matches compares a called name with a rule: ".Name" is any method of that name, "pkg." anything of a package.
func matches(name, rule string) bool {
	switch {
	case strings.HasPrefix(rule, "."):
		return strings.HasSuffix(name, rule)
	case strings.HasSuffix(rule, "."):
		return strings.HasPrefix(name, rule)
	}
	return name == rule
}

// isColour tells whether the literal is a colour of package color whose parts are all written down as numbers. A colour
// computed from a picture is none of ours.
func isColour(lit *ast.CompositeLit) bool {
	sel, ok := lit.Type.(*ast.SelectorExpr)
	if !ok || nameOf(sel.X) != "color" || len(lit.Elts) == 0 {
		return false
	}
	return !slices.ContainsFunc(lit.Elts, func(e ast.Expr) bool {
		if kv, ok := e.(*ast.KeyValueExpr); ok {
			e = kv.Value
		}
		_, number := e.(*ast.BasicLit)
		return !number
	})
}

// openSecret names the argument if it shows a secret: a Secret's own bytes, or a value whose name says what it is.
func openSecret(arg ast.Expr) string {
	switch arg := arg.(type) {
	case *ast.Ident:
		if secretNames.MatchString(arg.Name) {
			return arg.Name
		}
	case *ast.SelectorExpr:
		if secretNames.MatchString(arg.Sel.Name) {
			return nameOf(arg)
		}
	case *ast.CallExpr:
		if name := nameOf(arg.Fun); name == "string" && len(arg.Args) == 1 {
			return openSecret(arg.Args[0])
		} else if base, isBytes := strings.CutSuffix(name, ".Bytes"); isBytes {
			if parts := strings.Split(base, "."); secretNames.MatchString(parts[len(parts)-1]) {
				return name + "()"
			}
		}
	}
	return ""
}

// The rules must be able to fail: each line of planted source breaks one, or none where want is empty.
func TestPlantedSourceIsFound(t *testing.T) {
	cases := []struct{ path, line, want string }{
		{"app/window/x.go", `a.SendNotification(n)`, "SendNotification"},
		{"app/keeper/x.go", `fyne.CurrentApp().SendNotification(n)`, "SendNotification"},
		{"app/window/x.go", `a.Preferences().SetString("k", "v")`, "Preferences"},
		{"app/window/x.go", `fyne.DoAndWait(f)`, "DoAndWait"},
		{"app/window/x.go", `fyne.Do(f)`, ""},
		{"app/window/x.go", `widget.NewProgressBarInfinite()`, "ProgressBarInfinite"},
		{"app/window/x.go", `binding.NewString()`, "binding"},
		{"app/window/home/x.go", `_ = color.NRGBA{R: 1, G: 2, B: 3, A: 255}`, "colour"},
		{"app/window/home/x.go", `_ = color.NRGBA{R: m.R, G: m.G, B: m.B, A: 255}`, ""},
		{"app/window/home/x.go", `_ = color.NRGBA{}`, ""},
		{"app/window/home/x.go", `_ = color.White`, "colour"},
		{"app/window/home/x.go", `_ = "#1B7A3D"`, "colour"},
		{"app/window/home/x.go", `_ = "#12 of 30"`, ""},
		{"app/window/theme/x.go", `_ = color.NRGBA{R: 1, G: 2, B: 3, A: 255}`, ""},
		{"backup/vault/x.go", `_ = time.Now()`, "clock"},
		{"app/keeper/x.go", `_ = time.Now()`, ""},
		{"app/terminal/x.go", `fmt.Println(passphrase)`, "prints passphrase"},
		{"app/terminal/x.go", `fmt.Fprintf(w, "%s", string(passphrase.Bytes()))`, "prints passphrase.Bytes()"},
		{"app/terminal/x.go", `_ = fmt.Errorf("open %q: %w", s.Mnemonic, err)`, "prints s.Mnemonic"},
		{"app/terminal/x.go", `fmt.Println("Type the passphrase:")`, ""},
		{"keystore/x.go", `slog.Info("opened", "key", privateKey)`, "prints privateKey"},
	}
	for i, c := range cases {
		t.Run(strconv.Itoa(i)+" "+c.line, func(t *testing.T) {
			set := token.NewFileSet()
			file, err := parser.ParseFile(set, c.path, "package x\nfunc f() {\n"+c.line+"\n}\n", parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			faults := readSource(set, file, c.path)
			switch {
			case c.want == "" && len(faults) > 0:
				t.Errorf("lawful source was refused: %q", faults)
			case c.want != "" && (len(faults) != 1 || !strings.Contains(faults[0], c.want)):
				t.Errorf("faults %q, want one about %q", faults, c.want)
			}
		})
	}
}
