package standalone

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"regexp"
	"slices"
	"strings"
)

// The names that a restore looks at (FORMAT.md, "Names"); all others are ignored.
var (
	controlName = regexp.MustCompile(`^k/(\d{10})(-[0-9a-f]{8})?$`)
	epochName   = regexp.MustCompile(`^e/(\d{10})\.[0-9a-f]{8}$`)
	commitName  = regexp.MustCompile(`^l/([0-9a-f]{16})/(\d{7})/(\d{10})(-[0-9a-f]{8})?$`)
)

// place is a destination: a tree of files that have the objects' names.
type place struct{ tree fs.FS }

// read reads one file of at most limit bytes.
func (p place) read(name string, limit int64) ([]byte, error) {
	f, err := p.tree.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: %w", name, ErrMissing)
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if int64(len(b)) > limit {
		return nil, fmt.Errorf("%s is larger than any object: %w", name, ErrAltered)
	}
	return b, nil
}

// doubled gives open the first copy, and the second where the first is missing or open refuses it. What was wrong with the first is
// then reported.
func doubled[T any](p place, name string, report func(error), open func(obj []byte) (T, error)) (v T, err error) {
	var failed []error
	for _, n := range []string{name, "m2/" + name} {
		obj, err := p.read(n, maxObject)
		if err == nil {
			if v, err = open(obj); err == nil {
				for _, f := range failed {
					report(f)
				}
				return v, nil
			}
			err = fmt.Errorf("%s: %w", n, err)
		}
		failed = append(failed, err)
	}
	return v, errors.Join(failed...)
}

// list gives the names under prefix that match, of both copies, sorted and each once.
func (p place) list(prefix string, match *regexp.Regexp) ([]string, error) {
	var out []string
	for _, dir := range []string{"", "m2/"} {
		err := fs.WalkDir(p.tree, dir+prefix, func(path string, d fs.DirEntry, err error) error {
			if errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			if err != nil {
				return err
			}
			if name := strings.TrimPrefix(path, "m2/"); !d.IsDir() && match.MatchString(name) {
				out = append(out, name)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

// space reads space.json, a hint that the slot confirms or not.
func (p place) space() (string, error) {
	b, err := p.read("space.json", 1024)
	if err != nil {
		return "", err
	}
	var v struct{ Format, Space string }
	if err := json.Unmarshal(b, &v); err != nil {
		return "", fmt.Errorf("space.json: %w", ErrMalformed)
	}
	if v.Format != "lightproof v1-beta" {
		return "", fmt.Errorf("space.json: format %q: %w", v.Format, ErrNewer)
	}
	id, err := fromHex(v.Space, 16)
	if err != nil {
		return "", fmt.Errorf("space.json: %w", err)
	}
	return id, nil
}
