package restore

import (
	"encoding/csv"
	"encoding/hex"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

var csvHead = []string{"path", "path_bytes", "restored_to", "restored_to_bytes", "size", "taken", "modified", "backed_up", "version", "folder",
	"expected_sha256", "read_sha256", "result", "reason", "detail", "notes"}

// WriteCSV writes one row for each selected file (RFC 4180, UTF-8). A path that is not plain text is shown with \xNN for what is not,
// and its exact bytes stand in hexadecimal in the column beside it. Cells that a spreadsheet would take for a formula are set off.
func (r *Report) WriteCSV(w io.Writer) error {
	c := csv.NewWriter(w)
	c.UseCRLF = true
	if err := c.Write(csvHead); err != nil {
		return err
	}
	err := r.Each(func(l *Line) error {
		origin, originBytes := pathCells(l.Origin)
		target, targetBytes := pathCells(l.Target)
		expected, read := "", ""
		if !l.Link {
			expected = l.Expected.String()
		}
		if l.WasRead {
			read = l.Read.String()
		}
		result := l.Result.String()
		notes := make([]string, len(l.Notes))
		for i, n := range l.Notes {
			notes[i] = printable(n)
		}
		return c.Write([]string{origin, originBytes, target, targetBytes, strconv.FormatInt(l.Size, 10), textCell(l.Taken),
			l.Modified.Format(time.RFC3339Nano), l.Recorded.Format(time.RFC3339), l.Version.String(), textCell(l.Folder),
			expected, read, result, string(l.Reason), textCell(l.Detail), textCell(strings.Join(notes, "; "))})
	})
	if err != nil {
		return err
	}
	c.Flush()
	return c.Error()
}

// pathCells shows a path, and its bytes where the text does not say them exactly.
func pathCells(path string) (text, exact string) {
	text = printable(path)
	if text != path {
		exact = hex.EncodeToString([]byte(path))
	}
	if formula(text) {
		return "./" + text, exact
	}
	return text, exact
}

func textCell(s string) string {
	s = printable(s)
	if formula(s) {
		return "'" + s
	}
	return s
}

func formula(s string) bool { return s != "" && strings.IndexByte("=+-@", s[0]) >= 0 }

// printable writes everything that is no visible text as \xNN. Text without such things stays as it is.
func printable(s string) string {
	plain := true
	for _, r := range s {
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			plain = false
			break
		}
	}
	if plain {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n == 1 || !unicode.IsPrint(r) {
			for _, c := range []byte(s[i : i+n]) {
				fmt.Fprintf(&b, `\x%02x`, c)
			}
		} else {
			b.WriteString(s[i : i+n])
		}
		i += n
	}
	return b.String()
}
