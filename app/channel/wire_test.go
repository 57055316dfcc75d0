package channel

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"lightproof/backup"
)

var update = flag.Bool("update", false, "write the golden file anew")

// messages are all types that travel, by the name under which the golden file holds them.
func messages() map[string]any {
	m := map[string]any{
		"hello": backup.Hello{}, "state": backup.State{}, "event": backup.Event{}, "reply": backup.Reply{}, "page": backup.Page{},
		"problem": problem{}, "challenge": challengeMessage{}, "prove": proveMessage{}, "token": tokenMessage{},
		"sealed": sealedHead{}, "object-line": objectLine{}, "raise": Start{},
	}
	for name, c := range registry {
		cmd, err := c.decode([]byte("{}"))
		if err != nil {
			panic(err)
		}
		m["do "+name] = cmd
	}
	return m
}

// fill sets every field to something that is not zero and does not change from run to run.
func fill(v reflect.Value, n *int) {
	*n++
	switch v.Kind() {
	case reflect.String:
		v.SetString(fmt.Sprintf("text %d", *n))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(*n))
	case reflect.Uint8:
		v.SetUint(uint64(*n % 4))
	case reflect.Uint32, reflect.Uint64:
		v.SetUint(uint64(*n))
	case reflect.Float64:
		v.SetFloat(float64(*n) + 0.5)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), n)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0), n)
	case reflect.Array:
		fill(v.Index(0), n)
	case reflect.Map:
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(key, n)
		fill(value, n)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, value)
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			v.Set(reflect.ValueOf(time.Unix(1_780_000_000+int64(*n), 0).UTC()))
			return
		}
		for i := range v.NumField() {
			fill(v.Field(i), n)
		}
	default:
		panic("a kind of field that is new on the wire: " + v.Kind().String())
	}
}

func filledMessage(v any) reflect.Value {
	p := reflect.New(reflect.TypeOf(v))
	n := 0
	fill(p.Elem(), &n)
	return p
}

// Another build may speak to this one: what a message looks like must only ever grow.
func TestMessagesStayAsTheyAre(t *testing.T) {
	var got bytes.Buffer
	all := messages()
	for _, name := range slices.Sorted(mapKeys(all)) {
		b, err := encode(filledMessage(all[name]).Interface())
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&got, "%s\t%s\n", name, b)
	}
	path := filepath.Join("testdata", "messages.golden")
	if *update {
		if err := os.WriteFile(path, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	gotLines, wantLines := strings.Split(got.String(), "\n"), strings.Split(string(want), "\n")
	for i := range max(len(gotLines), len(wantLines)) {
		var g, w string
		if i < len(gotLines) {
			g = gotLines[i]
		}
		if i < len(wantLines) {
			w = wantLines[i]
		}
		if g != w {
			t.Errorf("a message changed (go test -run %s -update after thought):\n got %s\nwant %s", t.Name(), g, w)
		}
	}
}

func TestGoldenMessagesDecodeToTheirValues(t *testing.T) {
	golden, err := os.ReadFile(filepath.Join("testdata", "messages.golden"))
	if err != nil {
		t.Fatal(err)
	}
	all := messages()
	for line := range strings.Lines(string(golden)) {
		name, body, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		want := filledMessage(all[name])
		got := reflect.New(want.Type().Elem())
		if err := decodeStrict([]byte(body), got.Interface()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if !reflect.DeepEqual(got.Interface(), want.Interface()) {
			t.Errorf("%s came back as %+v", name, got.Elem())
		}
	}
}

func mapKeys(m map[string]any) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

func TestEveryCommandOfTheEngineIsKnown(t *testing.T) {
	declared := map[string]bool{}
	files, err := filepath.Glob("../../backup/*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range files {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv != nil && f.Name.Name == "CommandName" {
				declared[f.Recv.List[0].Type.(*ast.Ident).Name] = true
			}
		}
	}
	if len(declared) == 0 {
		t.Fatal("no command found")
	}
	known := map[string]bool{}
	for name, c := range registry {
		cmd, err := c.decode([]byte("{}"))
		if err != nil || cmd.CommandName() != name {
			t.Errorf("%s decodes to %T, %v", name, cmd, err)
			continue
		}
		known[reflect.TypeOf(cmd).Name()] = true
	}
	for name := range declared {
		if !known[name] {
			t.Errorf("backup.%s is missing in the registry", name)
		}
	}
}

func TestCommandsAreReadStrictly(t *testing.T) {
	cases := map[string]string{
		"an unknown field":       `{"id":"a","force":true}`,
		"a field twice":          `{"id":"a","id":"b"}`,
		"a field in two cases":   `{"id":"a","ID":"b"}`,
		"something behind":       `{"id":"a"}{"id":"b"}`,
		"an array":               `[]`,
		"null":                   `null`,
		"nothing":                ``,
		"half":                   `{"id":"a"`,
		"a number for a text":    `{"id":7}`,
		"a mark without base64":  `{"id":"\u0000b64:***"}`,
		"a field twice, further": `{"id":"a","x":{"y":1,"y":2}}`,
	}
	for name, body := range cases {
		t.Run(name, func(t *testing.T) {
			if cmd, err := decodeCommand("remove-folder", []byte(body)); !errors.Is(err, ErrBadRequest) {
				t.Errorf("%s became %+v, %v", body, cmd, err)
			}
		})
	}
	if cmd, err := decodeCommand("remove-folder", []byte(` {"id":"a"} `)); err != nil || cmd != (backup.RemoveFolder{ID: "a"}) {
		t.Errorf("a lawful command became %+v, %v", cmd, err)
	}
	if _, err := decodeCommand("remove-everything", []byte(`{}`)); !errors.Is(err, ErrBadRequest) {
		t.Errorf("an unknown command: %v", err)
	}
}

func TestNamesOfAnyBytesCross(t *testing.T) {
	for _, path := range []string{"/a/\xff\xfe.jpg", "/new\nline", "/ä", "\x00b64:x", "/\u2028", ""} {
		cmd := backup.AddFolder{Path: path, Exclude: []string{"*.tmp", path}}
		b, err := encode(cmd)
		if err != nil {
			t.Fatal(err)
		}
		got, err := decodeCommand("add-folder", b)
		if err != nil || !reflect.DeepEqual(got, cmd) {
			t.Errorf("%q came as %+v, %v", path, got, err)
		}
		page := backup.Page{Rows: []backup.Row{{Key: "k", Path: path, Args: map[string]string{"name": path}}}}
		if b, err = encode(page); err != nil {
			t.Fatal(err)
		}
		var back backup.Page
		if err := decodeLenient(b, &back); err != nil || !reflect.DeepEqual(back, page) {
			t.Errorf("%q came back in a page as %+v, %v", path, back, err)
		}
		if page.Rows[0].Path != path {
			t.Errorf("encoding changed its argument to %q", page.Rows[0].Path)
		}
	}
}

func FuzzCommand(f *testing.F) {
	for name := range registry {
		f.Add(name, []byte(`{}`))
	}
	golden, _ := os.ReadFile(filepath.Join("testdata", "messages.golden"))
	for line := range strings.Lines(string(golden)) {
		if name, body, _ := strings.Cut(line, "\t"); strings.HasPrefix(name, "do ") {
			f.Add(name[3:], []byte(body))
		}
	}
	f.Add("add-folder", []byte(`{"path":"\u0000b64:/w=="}`))
	f.Fuzz(func(t *testing.T, name string, body []byte) {
		cmd, err := decodeCommand(name, body)
		if err != nil {
			if !errors.Is(err, ErrBadRequest) {
				t.Fatalf("an error that no caller knows: %v", err)
			}
			return
		}
		b, err := encode(cmd)
		if err != nil {
			t.Fatal(err)
		}
		again, err := decodeCommand(name, b)
		if err != nil {
			t.Fatalf("%s of our own is refused: %v", b, err)
		}
		b2, err := encode(again)
		if err != nil || !bytes.Equal(b, b2) {
			t.Fatalf("%s became %s, %v", b, b2, err)
		}
	})
}

func FuzzSealed(f *testing.F) {
	h, _ := json.Marshal(sealedHead{Objects: []sealedObject{{Name: someObject, Size: 3}}})
	f.Add(append(append(h, '\n'), "abc"...))
	f.Add([]byte("{}\n"))
	f.Add([]byte(`{"objects":[{"name":"k/0000000001","class":1,"size":99999999}]}` + "\n"))
	f.Fuzz(func(t *testing.T, body []byte) {
		b, err := readSealed(bytes.NewReader(body))
		if err != nil {
			return
		}
		total := 0
		for _, o := range append(b.Objects, b.Envelopes...) {
			total += len(o.Data)
		}
		if total > len(body) {
			t.Fatalf("%d bytes out of %d", total, len(body))
		}
	})
}
