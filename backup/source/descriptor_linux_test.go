package source

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"testing"
)

// TestTheReadThatBringsTheLastByteMeetsTheEnd asks for one byte more than there is, as the engine does with small originals.
func TestTheReadThatBringsTheLastByteMeetsTheEnd(t *testing.T) {
	for _, then := range []struct {
		name string
		do   func(path string) error
		want error
	}{
		{"nothing more happens", func(string) error { return nil }, nil},
		{"a byte follows", func(path string) error { return write(path, os.O_WRONLY|os.O_APPEND, 0, "X") }, ErrChangedWhileRead},
	} {
		path, folder, item := one(t)
		f, err := NewOS(nil).Open(context.Background(), folder, item)
		if err != nil {
			t.Fatal(err)
		}
		room := make([]byte, item.Size+1)
		n, err := f.Read(room)
		if int64(n) != item.Size || !errors.Is(err, io.EOF) {
			t.Errorf("%s: read %d of %d bytes, %v", then.name, n, item.Size, err)
		}
		if err := then.do(path); err != nil {
			t.Fatal(err)
		}
		if err := f.Finish(); !errors.Is(err, then.want) {
			t.Errorf("%s: finished with %v", then.name, err)
		}
		f.Close()
	}
}

func TestAnExactReadHasNotMetTheEnd(t *testing.T) {
	_, folder, item := one(t)
	f, err := NewOS(nil).Open(context.Background(), folder, item)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if n, err := f.Read(make([]byte, item.Size)); int64(n) != item.Size || err != nil {
		t.Errorf("read %d bytes, %v", n, err)
	}
	if err := f.Finish(); !errors.Is(err, ErrChangedWhileRead) {
		t.Errorf("finished with %v", err)
	}
}

func TestADescriptorReadsLikeAFileAndNotAfterItsEnd(t *testing.T) {
	path, folder, item := one(t)
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	root, err := openRoot(folder.Root)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	d, err := root.openFile(item.Path)
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(d)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	some := make([]byte, 20)
	if n, err := d.ReadAt(some, int64(len(want))-10); n != 10 || err != io.EOF || !bytes.Equal(some[:n], want[len(want)-10:]) {
		t.Errorf("the last ten bytes: %d, %v", n, err)
	}
	if n, err := d.Read(nil); n != 0 || err != nil {
		t.Errorf("nothing asked for: %d, %v", n, err)
	}
	if err := d.Close(); err != nil {
		t.Error(err)
	}
	if _, err := d.Read(some); err == nil || err == io.EOF {
		t.Errorf("read after the end: %v", err)
	}
	if _, err := d.ReadAt(some, 0); err == nil || err == io.EOF {
		t.Errorf("read after the end: %v", err)
	}
	if err := d.Close(); err == nil {
		t.Error("closed twice without an error")
	}
}
