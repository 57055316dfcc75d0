package kit

import (
	"bytes"
	_ "embed"
	"encoding/hex"
	"fmt"
	"html"
	"strconv"

	"github.com/boombuler/barcode/qr"
)

//go:embed page.html
var pageTemplate []byte

// pageRoom is more than any page takes, see textRoom.
const pageRoom = 512 << 10

// Page is the kit as one self-contained HTML page, black on white, without scripts or anything fetched, that prints on one sheet of
// A4 or Letter (with very many places or devices, on two). The caller wipes it. Errors: those of Validate.
func (k *Kit) Page() ([]byte, error) {
	content, err := k.QRText()
	if err != nil {
		return nil, err
	}
	defer clear(content)
	out := make([]byte, 0, pageRoom)
	for rest := pageTemplate; len(rest) > 0; {
		before, after, found := bytes.Cut(rest, []byte("{{"))
		out = append(out, before...)
		if !found {
			break
		}
		name, after, _ := bytes.Cut(after, []byte("}}"))
		rest = after
		switch string(name) {
		case "sentence":
			out = append(out, Sentence...)
		case "words":
			out = k.appendWords(out)
		case "facts":
			out = k.appendTable(out)
		case "qr":
			if out, err = appendQR(out, content); err != nil {
				clear(out)
				return nil, err
			}
		}
	}
	return out, nil
}

func (k *Kit) appendWords(out []byte) []byte {
	const columns = 4
	for i, w := range k.Words { // along the rows, so that text copied from the page has them in order
		if i%columns == 0 {
			out = append(out, "<tr>"...)
		}
		out = fmt.Appendf(out, "<td><small>%d</small> ", i+1)
		out = append(append(out, w...), "</td>"...)
		if i%columns == columns-1 {
			out = append(out, "</tr>\n"...)
		}
	}
	return out
}

func (k *Kit) appendTable(out []byte) []byte {
	row := func(name, value string) {
		out = fmt.Appendf(out, "<tr><th scope=\"row\">%s</th><td>%s</td></tr>\n", name, html.EscapeString(value))
	}
	for _, e := range k.Endpoints {
		row(keyPlace, place(e))
	}
	row(keyLibrary, grouped(k.SpaceID[:]))
	row(keyFingerprint, grouped(k.Fingerprint[:]))
	row(keyMade, date(k.Created))
	row(keySeen, date(k.Checkpoint.Date))
	row(keyRecord, strconv.FormatUint(k.Checkpoint.ControlSeq, 10)+" "+grouped(k.Checkpoint.ControlHash[:]))
	for _, h := range k.Checkpoint.Heads {
		row(keyDevice, hex.EncodeToString(h.DevTag[:])+" "+strconv.FormatUint(h.Seq, 10))
	}
	return out
}

// quiet is the white border a reader needs, in modules (ISO/IEC 18004).
const quiet = 4

// appendQR draws content as a QR code in SVG, a path of one-module-high bars; a sixth of it may be covered or torn (level M).
func appendQR(out, content []byte) ([]byte, error) {
	// The library takes a string: this copy of the words stays in memory until the garbage collector takes it.
	code, err := qr.Encode(string(content), qr.M, qr.Unicode)
	if err != nil {
		return out, fmt.Errorf("drawing the QR code: %w", err)
	}
	size := code.Bounds().Dx()
	dark := func(x, y int) bool {
		r, _, _, _ := code.At(x, y).RGBA()
		return r == 0
	}
	out = fmt.Appendf(out, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %[1]d" shape-rendering="crispEdges" role="img" `+
		`aria-label="QR code of this kit"><path d="`, size+2*quiet)
	for y := range size {
		for x := 0; x < size; x++ {
			start := x
			for x < size && dark(x, y) {
				x++
			}
			if x > start {
				out = fmt.Appendf(out, "M%d %dh%dv1h-%dz", start+quiet, y+quiet, x-start, x-start)
			}
		}
	}
	return append(out, `"/></svg>`...), nil
}
