package kit

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"lightproof/keystore/secret"
	"lightproof/keystore/words"
)

func sample(tb testing.TB) *Kit {
	tb.Helper()
	w, err := words.Encode(secret.New(bytes.Repeat([]byte{0x3c, 0xa5}, 16)))
	if err != nil {
		tb.Fatal(err)
	}
	k := &Kit{
		Words:     w,
		Endpoints: []string{"/media/anna/Backup A", "s3://frankfurt.example/anna-photos", `  C:\Über "uns" `},
		Created:   time.Date(2026, 11, 3, 9, 30, 0, 0, time.UTC),
		Checkpoint: Checkpoint{Date: time.Date(2026, 11, 3, 9, 29, 0, 0, time.UTC), ControlSeq: 7,
			Heads: []Head{{DevTag: [8]byte{1, 2, 3}, Seq: 4128}, {DevTag: [8]byte{9}, Seq: 1}}},
	}
	for i := range k.SpaceID {
		k.SpaceID[i] = byte(16 + i)
	}
	for i := range k.Fingerprint {
		k.Fingerprint[i] = byte(200 + i)
	}
	for i := range k.Checkpoint.ControlHash {
		k.Checkpoint.ControlHash[i] = byte(7 * i)
	}
	return k
}

func TestTextAndQRTextComeBack(t *testing.T) {
	for name, write := range map[string]func(*Kit) ([]byte, error){"text": (*Kit).Text, "QR": (*Kit).QRText} {
		k := sample(t)
		text, err := write(k)
		if err != nil {
			t.Fatal(err)
		}
		for form, variant := range map[string][]byte{
			"as written": text, "Windows lines": bytes.ReplaceAll(text, []byte("\n"), []byte("\r\n")),
			"byte order mark": append([]byte("\ufeff"), text...), "lower-case title": bytes.Replace(text, []byte(title), []byte(strings.ToLower(title)), 1),
		} {
			got, err := Parse(bytes.NewReader(variant))
			if err != nil || !reflect.DeepEqual(got, k) {
				t.Errorf("%s, %s: %v\n%s", name, form, err, variant)
			}
		}
	}
}

func TestLargestKitFitsItsForms(t *testing.T) {
	k := sample(t)
	k.Endpoints = nil
	for range MaxEndpoints {
		k.Endpoints = append(k.Endpoints, strings.Repeat("\x01", MaxEndpointLen))
	}
	for i := range MaxHeads - 2 {
		k.Checkpoint.Heads = append(k.Checkpoint.Heads, Head{DevTag: [8]byte{byte(i)}, Seq: 1<<64 - 1})
	}
	text, err := k.Text()
	if err != nil || len(text) > textRoom || len(text) > MaxText {
		t.Fatalf("%d bytes of text, %v", len(text), err)
	}
	if got, err := Parse(bytes.NewReader(text)); err != nil || !reflect.DeepEqual(got, k) {
		t.Fatalf("the largest kit does not come back: %v", err)
	}
	if page, err := k.Page(); err != nil || len(page) > pageRoom {
		t.Fatalf("%d bytes of page, %v", len(page), err)
	}
	small, err := k.QRText()
	if err != nil || len(small) > qrRoom {
		t.Fatalf("%d bytes of QR text, %v", len(small), err)
	}
	if got, err := Parse(bytes.NewReader(small)); err != nil || got.Fingerprint != k.Fingerprint || len(got.Endpoints) != 0 {
		t.Fatalf("QR text of the largest kit: %v", err)
	}
}

func TestParseTellsFaultsApart(t *testing.T) {
	good, err := sample(t).Text()
	if err != nil {
		t.Fatal(err)
	}
	replaced := func(old, new string) string {
		if !strings.Contains(string(good), old) {
			t.Fatalf("the sample has no %q", old)
		}
		return strings.Replace(string(good), old, new, 1)
	}
	first := sample(t).Words[0]
	for name, c := range map[string]struct {
		text string
		is   error
		as   any
	}{
		"empty":              {"", ErrNotKit, nil},
		"another text":       {"Dear Anna,\n" + string(good), ErrNotKit, nil},
		"too long":           {string(good) + strings.Repeat(" ", MaxText), ErrNotKit, nil},
		"newer":              {replaced("KIT 1", "KIT 2"), ErrNewer, nil},
		"no version":         {replaced("KIT 1", "KIT"), ErrNotKit, nil},
		"unknown word":       {replaced(" "+first+" ", " lightproof "), nil, new(*words.UnknownWordError)},
		"wrong word":         {replaced(" "+first+" ", " zoo "), words.ErrChecksum, nil},
		"word missing":       {replaced(" "+first+" ", " "), nil, new(*words.CountError)},
		"no library":         {replaced(keyLibrary+":", "Librarian:"), nil, new(*LineError)},
		"two libraries":      {string(good) + "Library: 10111213141516171819 1a1b1c1d1e1f\n", nil, new(*LineError)},
		"short fingerprint":  {replaced("c8c9 cacb", "c8c9"), nil, new(*LineError)},
		"date of no year":    {replaced("2026-11-03T09:30:00Z", "3 Nov"), nil, new(*LineError)},
		"record 0":           {replaced("7 0007", "0 0007"), nil, new(*LineError)},
		"device without seq": {replaced(" 4128", ""), nil, new(*LineError)},
		"password":           {string(good) + "Copies at: sftp://anna:hunter2@nas/\n", ErrCredential, nil},
		"broken quotes":      {string(good) + "Copies at: \"abc\n", nil, new(*LineError)},
		"17 places":          {string(good) + strings.Repeat("Copies at: x\n", 14), nil, new(*LineError)},
	} {
		_, err := Parse(strings.NewReader(c.text))
		if err == nil || c.is != nil && !errors.Is(err, c.is) || c.as != nil && !errors.As(err, c.as) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestIncompleteKitIsNotPrinted(t *testing.T) {
	for name, spoil := range map[string]func(*Kit){
		"no words":      func(k *Kit) { k.Wipe() },
		"no checkpoint": func(k *Kit) { k.Checkpoint.ControlSeq = 0 },
		"no date":       func(k *Kit) { k.Created = time.Time{} },
		"empty place":   func(k *Kit) { k.Endpoints[0] = "" },
		"password":      func(k *Kit) { k.Endpoints[0] = "https://anna:secret@dav.example/" },
	} {
		k := sample(t)
		spoil(k)
		if text, err := k.Text(); err == nil {
			t.Errorf("%s: written: %s", name, text)
		}
		if _, err := k.Page(); err == nil {
			t.Errorf("%s: page made", name)
		}
	}
}

func TestKitIsNeverFormattedOrEncoded(t *testing.T) {
	k := sample(t)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		if got := fmt.Sprintf(verb, *k) + fmt.Sprintf(verb, k); strings.Contains(got, k.Words[0]) || got != shown+shown {
			t.Errorf("%s shows %s", verb, got)
		}
	}
	if b, err := json.Marshal(k); err == nil {
		t.Errorf("encoded: %s", b)
	}
}

func FuzzParse(f *testing.F) {
	k := sample(f)
	text, _ := k.Text()
	small, _ := k.QRText()
	f.Add(text)
	f.Add(small)
	f.Add([]byte("lightproof recovery kit 1\nWords:\n\n1 zoo"))
	f.Fuzz(func(t *testing.T, b []byte) {
		k, err := Parse(bytes.NewReader(b))
		if err != nil {
			return
		}
		text, err := k.Text()
		if err != nil {
			t.Fatalf("what was read cannot be written: %v", err)
		}
		again, err := Parse(bytes.NewReader(text))
		if err != nil || !reflect.DeepEqual(again, k) {
			t.Fatalf("does not come back: %v\n%s", err, text)
		}
	})
}
