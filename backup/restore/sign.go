package restore

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"lightproof/backup/vault"
)

// SignedAs is the type name under which reports are signed.
const SignedAs = "report"

const signedFormat = "lightproof report 1"

// Names of a saved report's files.
const (
	HTMLName      = "report.html"
	CSVName       = "report.csv"
	SignatureName = "report.sig"
)

// Signer signs for this device; vault.SigningKey.Cosign of the device's log key is one. typeName is SignedAs.
type Signer func(typeName string, message []byte) (vault.Signatures, error)

// Identity is who signs.
type Identity struct {
	Device vault.DeviceID
	Public vault.PublicKey
	Sign   Signer
}

// signedFile and signature are what report.sig holds, as JSON.
type signedFile struct {
	Name   string `json:"name"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

type signature struct {
	Format    string       `json:"format"`
	Restore   string       `json:"restore"`
	Device    string       `json:"device"`
	Time      string       `json:"time"`
	Result    string       `json:"result"`
	Files     []signedFile `json:"files"`
	PublicKey []byte       `json:"public_key"` // Ed25519 || ML-DSA-65
	Ed25519   []byte       `json:"ed25519"`
	MLDSA65   []byte       `json:"ml_dsa_65"`
}

// message is what is signed: everything above the keys, one line each.
func (s *signature) message() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s\n%s\n%s\n%s\n%s\n", s.Format, s.Restore, s.Device, s.Time, s.Result)
	for _, f := range s.Files {
		fmt.Fprintf(&b, "%s %d %s\n", f.SHA256, f.Size, f.Name)
	}
	return b.Bytes()
}

// Save writes report.html, report.csv and report.sig into a folder, which is made if needed, and returns where they are: a folder that
// holds a report already gets a new one beside it.
func (r *Report) Save(dir string, id Identity) (string, error) {
	own := filepath.Join(dir, r.Ended.Format("2006-01-02 15.04.05"))
	for n := 2; holdsReport(dir); n++ {
		if dir = own; n > 2 {
			dir = fmt.Sprintf("%s (%d)", own, n-1)
		}
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("save the report: %w", err)
	}
	s := &signature{Format: signedFormat, Restore: r.Job.String(), Device: id.Device.String(), Time: r.Ended.UTC().Format(time.RFC3339), Result: r.Sums(), PublicKey: id.Public[:]}
	for _, f := range []struct {
		name  string
		write func(io.Writer) error
	}{{HTMLName, r.WriteHTML}, {CSVName, r.WriteCSV}} {
		done, err := writeNew(filepath.Join(dir, f.name), f.write)
		if err != nil {
			return "", fmt.Errorf("save the report: %w", err)
		}
		done.Name = f.name
		s.Files = append(s.Files, done)
	}
	sigs, err := id.Sign(SignedAs, s.message())
	if err != nil {
		return "", fmt.Errorf("sign the report: %w", err)
	}
	all := sigs.Encode()
	s.Ed25519, s.MLDSA65 = all[:64], all[64:]
	_, err = writeNew(filepath.Join(dir, SignatureName), func(w io.Writer) error {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		return e.Encode(s)
	})
	if err != nil {
		return "", fmt.Errorf("save the report: %w", err)
	}
	return dir, nil
}

// holdsReport tells whether a folder has a report, or a part of one.
func holdsReport(dir string) bool {
	for _, name := range []string{HTMLName, CSVName, SignatureName} {
		if _, err := os.Lstat(filepath.Join(dir, name)); err == nil {
			return true
		}
	}
	return false
}

// writeNew writes a new file, flushes it and says what it holds.
func writeNew(path string, write func(io.Writer) error) (s signedFile, err error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return s, err
	}
	h := sha256.New()
	count := &counter{}
	err = write(io.MultiWriter(f, h, count))
	err = errors.Join(err, f.Sync(), f.Close())
	return signedFile{Size: count.n, SHA256: fmt.Sprintf("%x", h.Sum(nil))}, err
}

type counter struct{ n int64 }

func (c *counter) Write(b []byte) (int, error) { c.n += int64(len(b)); return len(b), nil }

// maxSignature bounds report.sig in bytes.
const maxSignature = 64 << 10

// Verify checks a saved report: both signatures by the given key and the hash of both files. vault.ErrTampered: something was changed;
// vault.ErrWrongKey: signed by another device.
func Verify(dir string, public vault.PublicKey) error {
	f, err := os.Open(filepath.Join(dir, SignatureName))
	if err != nil {
		return err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxSignature))
	if err != nil {
		return err
	}
	s, err := parseSignature(b)
	if err != nil {
		return err
	}
	if !bytes.Equal(s.PublicKey, public[:]) {
		return fmt.Errorf("report: %w", vault.ErrWrongKey)
	}
	sigs, err := vault.ParseSignatures(append(append([]byte(nil), s.Ed25519...), s.MLDSA65...))
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	if err := public.VerifyCosign(SignedAs, s.message(), sigs); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	for _, want := range s.Files {
		f, err := os.Open(filepath.Join(dir, want.Name))
		if err != nil {
			return err
		}
		h := sha256.New()
		n, err := io.Copy(h, f)
		f.Close()
		if err != nil {
			return err
		}
		if n != want.Size || fmt.Sprintf("%x", h.Sum(nil)) != want.SHA256 {
			return fmt.Errorf("%s: %w", want.Name, vault.ErrTampered)
		}
	}
	return nil
}

// parseSignature reads report.sig. Only the two names of a report are let through: they become paths.
func parseSignature(b []byte) (*signature, error) {
	s := &signature{}
	if err := json.Unmarshal(b, s); err != nil {
		return nil, fmt.Errorf("report signature: %w", vault.ErrMalformed)
	}
	if s.Format != signedFormat {
		return nil, fmt.Errorf("report signature: %w", vault.ErrNewer)
	}
	for _, line := range []string{s.Restore, s.Device, s.Time, s.Result} {
		if strings.Contains(line, "\n") { // the signed text would say something else than the fields
			return nil, fmt.Errorf("report signature: %w", vault.ErrMalformed)
		}
	}
	if len(s.Files) != 2 || s.Files[0].Name != HTMLName || s.Files[1].Name != CSVName {
		return nil, fmt.Errorf("report signature: %w", vault.ErrMalformed)
	}
	return s, nil
}
