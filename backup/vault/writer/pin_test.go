package writer

import (
	"errors"
	"strings"
	"testing"

	"lightproof/backup/vault"
	"lightproof/keystore/secret"
)

func TestAPinIsBoundToSecretAndDevice(t *testing.T) {
	start, dev := secret.Random(32), vault.DeviceID{1}
	p := Pin{Control: vault.Head{Seq: 7, Hash: vault.Hash{1}}, Tag: vault.DevTag{2}, Log: vault.Head{Seq: 8, Hash: vault.Hash{3}}}
	item := p.Encode(start, dev)
	if got, err := ParsePin(item, start, dev); err != nil || got != p || len(item) != 164 {
		t.Fatal(got, err, len(item))
	}
	if _, err := ParsePin(item, secret.Random(32), dev); !errors.Is(err, vault.ErrTampered) {
		t.Error("another secret:", err)
	}
	if _, err := ParsePin(item, start, vault.DeviceID{2}); !errors.Is(err, vault.ErrTampered) {
		t.Error("another device:", err)
	}
	for i := range item {
		b := []byte(item)
		if b[i] = 'A'; item[i] == 'A' {
			b[i] = 'B'
		}
		if got, err := ParsePin(string(b), start, dev); err == nil {
			t.Errorf("character %d altered: %+v", i, got)
		}
	}
	if _, err := ParsePin(strings.Repeat("A", 163), start, dev); !errors.Is(err, vault.ErrMalformed) {
		t.Error("too short:", err)
	}
}

func TestHistoriesTellRollbackVanishedAndFork(t *testing.T) {
	a, b := vault.DevTag{1}, vault.DevTag{2}
	h := Histories{}
	for _, seq := range []uint64{3, 4, 6, 7} { // read from 3 on; 5 is not there
		h.Add(a, vault.Head{Seq: seq, Hash: vault.Hash{byte(seq)}})
	}
	at := func(t vault.DevTag, seq uint64, hash byte) vault.SeenHead {
		return vault.SeenHead{Tag: t, Head: vault.Head{Seq: seq, Hash: vault.Hash{hash}}}
	}
	for name, tc := range map[string]struct {
		seen vault.SeenHead
		want error
	}{
		"as seen":                   {at(a, 7, 7), nil},
		"number alone, as on paper": {at(a, 6, 0), nil},
		"nothing was seen":          {at(b, 0, 0), nil},
		"before what was read":      {at(a, 2, 9), nil},
		"newer than all":            {at(a, 8, 8), vault.ErrRollback},
		"log gone":                  {at(b, 1, 1), vault.ErrRollback},
		"gone in the middle":        {at(a, 5, 5), vault.ErrVanished},
		"another one":               {at(a, 6, 5), vault.ErrFork},
	} {
		if err := h.Check(tc.seen); !errors.Is(err, tc.want) || tc.want == nil && err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWriterKeysetsBelongToSpaceAndDevice(t *testing.T) {
	k, start := testKeyset(t), secret.Random(32)
	file, err := k.Seal(start)
	if err != nil {
		t.Fatal(err)
	}
	got, err := Open(k.Space, k.Device, file, start)
	if err != nil || got.Name != k.Name || len(got.Generations) != 2 || got.Credentials["a"] != "1" || string(got.EPK()) != string(k.EPK()) {
		t.Fatal(err)
	}
	for name, open := range map[string]func() (*Keyset, error){
		"another space":  func() (*Keyset, error) { return Open(vault.SpaceID{7}, k.Device, file, start) },
		"another device": func() (*Keyset, error) { return Open(k.Space, vault.DeviceID{7}, file, start) },
		"another secret": func() (*Keyset, error) { return Open(k.Space, k.Device, file, secret.Random(32)) },
		"altered": func() (*Keyset, error) {
			b := append([]byte(nil), file...)
			b[200] ^= 1
			return Open(k.Space, k.Device, b, start)
		},
		"empty": func() (*Keyset, error) { return Open(k.Space, k.Device, nil, start) },
		"newer": func() (*Keyset, error) {
			b := append([]byte(nil), file...)
			b[4] = 2
			return Open(k.Space, k.Device, b, start)
		},
		"no secret at all": func() (*Keyset, error) {
			forged, err := k.Seal(secret.Secret{})
			if err != nil {
				t.Fatal(err)
			}
			return Open(k.Space, k.Device, forged, secret.Secret{})
		},
	} {
		want := vault.ErrWrongKey
		switch name {
		case "altered", "empty":
			want = vault.ErrTampered
		case "newer":
			want = vault.ErrNewer
		}
		if _, err := open(); !errors.Is(err, want) || want != vault.ErrWrongKey && errors.Is(err, vault.ErrWrongKey) {
			t.Errorf("%s: %v", name, err)
		}
	}
	got.Wipe()
	if !got.Mix.Equal(secret.New(make([]byte, 32))) && !got.Mix.IsZero() {
		t.Error("not wiped")
	}
}
