package e2e

import (
	"bytes"
	"testing"

	"lightproof/backup"
	"lightproof/keystore"
	"lightproof/keystore/secret"
)

// TestAPinThatNobodyCanReadStopsNothing writes junk where the keychain keeps the newest state: the engine opens, and the next backup puts
// a good one there.
func TestAPinThatNobodyCanReadStopsNothing(t *testing.T) {
	m := newMachine(t).setUp().withFolderAndPlace()
	write(t, m.photos+"/a.jpg", []byte("first"))
	m.backUp()
	m.stop()
	info, err := backup.ReadDevice(m.home)
	must(t, err)
	item := keystore.PinItem(info.Space, info.Device)
	good, err := m.chain.Get(t.Context(), item)
	must(t, err)
	junk := bytes.Repeat([]byte{7}, len(good.Bytes()))
	must(t, m.chain.Set(t.Context(), item, secret.New(bytes.Clone(junk))))

	m.start()
	write(t, m.photos+"/b.jpg", []byte("second"))
	if run := m.backUp(); run.New == 0 {
		t.Errorf("nothing was stored: %+v", run)
	}
	m.stop()
	now, err := m.chain.Get(t.Context(), item)
	must(t, err)
	if bytes.Equal(now.Bytes(), junk) {
		t.Error("the junk is still there")
	}
	m.start()
}
