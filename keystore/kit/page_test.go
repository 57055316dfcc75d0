package kit

import (
	"encoding/xml"
	"errors"
	"io"
	"os"
	"strconv"
	"strings"
	"testing"
)

func page(t *testing.T, k *Kit) string {
	t.Helper()
	b, err := k.Page()
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestPageShowsTheWholeKit(t *testing.T) {
	k := sample(t)
	p := page(t, k)
	for i, w := range k.Words {
		if want := "<small>" + strconv.Itoa(i+1) + "</small> " + w + "</td>"; !strings.Contains(p, want) {
			t.Errorf("the page has no %s", want)
		}
	}
	for _, want := range []string{Sentence, "/media/anna/Backup A", "s3://frankfurt.example/anna-photos", grouped(k.SpaceID[:]),
		grouped(k.Fingerprint[:]), grouped(k.Checkpoint.ControlHash[:]), "2026-11-03T09:30:00Z", "0102030000000000 4128"} {
		if !strings.Contains(p, want) {
			t.Errorf("the page has no %s", want)
		}
	}
}

func TestPageRunsAndFetchesNothing(t *testing.T) {
	k := sample(t)
	k.Endpoints = []string{`<script src="https://evil.example/x.js">alert(1)</script>`, `{{words}}`, `a" onload="x`}
	p := strings.Replace(page(t, k), `xmlns="http://www.w3.org/2000/svg"`, "", 1)
	for _, bad := range []string{"<script", "src=", "href=", "url(", "http:", "@import", `" onload`} {
		if strings.Contains(strings.ReplaceAll(p, "src=&#34;", ""), bad) {
			t.Errorf("the page has %s", bad)
		}
	}
	if strings.Count(p, k.Words[3]+"</td>") != strings.Count(strings.Join(k.Words, "</td>")+"</td>", k.Words[3]+"</td>") {
		t.Error("a place was taken for a part of the template")
	}
	if strings.Contains(strings.ReplaceAll(p, "<td>{{words}}</td>", ""), "{{") {
		t.Error("a part of the template was not filled")
	}
}

func TestPageIsWellFormed(t *testing.T) {
	d := xml.NewDecoder(strings.NewReader(page(t, sample(t))))
	d.Strict, d.AutoClose, d.Entity = false, xml.HTMLAutoClose, xml.HTMLEntity
	for {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

// testdata/kit.svg is the QR code of the sample kit. When it was made, a reader of another origin (zbarimg) read it back, from a
// 300 dpi print of the page, as QRText byte for byte. Whoever changes it does that again.
func TestQRCodeOfTheSampleIsTheOneThatWasReadBack(t *testing.T) {
	want, err := os.ReadFile("testdata/kit.svg")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(page(t, sample(t)), string(want)) {
		t.Error("the QR code is not the one that was read back")
	}
}

func TestQRTextIsPlainASCII(t *testing.T) {
	text, err := sample(t).QRText()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range text {
		if c > 0x7e || c < 0x20 && c != '\n' {
			t.Fatalf("byte %#x in %q", c, text)
		}
	}
}
