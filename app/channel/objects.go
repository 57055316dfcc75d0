package channel

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"time"

	"lightproof/backup"
	"lightproof/backup/store"
	"lightproof/backup/vault"
)

// destinationID is the form of a destination's id; "" stands for the best one.
var destinationID = regexp.MustCompile(`^([0-9a-f]{32})?$`)

// prefixForm is what may stand before names: nothing, or the beginning of a well-formed one.
var prefixForm = regexp.MustCompile(`^((m2/)?[clkerxu](/[0-9a-f]*([./-][0-9a-f]*){0,4})?|m2/?)?$`)

// checkObject lets only names through that the format can produce: no path ever reaches a destination from here.
func checkObject(name, destination string) error {
	if !vault.ValidName(name) {
		return fmt.Errorf("%w: %.40q", store.ErrInvalidName, name)
	}
	return checkDestination(destination)
}

func checkDestination(destination string) error {
	if !destinationID.MatchString(destination) {
		return fmt.Errorf("%w: not a destination's id", ErrBadRequest)
	}
	return nil
}

func checkPrefix(prefix, destination string) error {
	if len(prefix) > 128 || !prefixForm.MatchString(prefix) {
		return fmt.Errorf("%w: %.40q", store.ErrInvalidName, prefix)
	}
	return checkDestination(destination)
}

func (s *Server) object(w http.ResponseWriter, r *http.Request) {
	name, v := r.PathValue("name"), r.URL.Query()
	if err := checkObject(name, v.Get("destination")); err != nil {
		fail(w, err)
		return
	}
	data, err := s.svc.Object(r.Context(), name, v.Get("destination"), v.Get("fresh") == "1")
	if err != nil {
		fail(w, err)
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	if r.Header.Get("Range") != "" {
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(data))
		return
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(data)))
	w.Write(data)
}

// objectLine is one line of a listing. The last line says how it ended, so that a cut-off listing is not taken for a whole one.
type objectLine struct {
	Name  string   `json:"name,omitempty"`
	Size  int64    `json:"size,omitempty"`
	End   bool     `json:"end,omitempty"`
	Error *problem `json:"error,omitempty"`
}

func (s *Server) objects(w http.ResponseWriter, r *http.Request) {
	v := r.URL.Query()
	prefix, destination := v.Get("prefix"), v.Get("destination")
	if err := checkPrefix(prefix, destination); err != nil {
		fail(w, err)
		return
	}
	w.Header().Set("Content-Type", "application/x-ndjson")
	out := bufio.NewWriterSize(w, 32<<10)
	lines := json.NewEncoder(out)
	err := s.svc.Objects(r.Context(), prefix, destination, func(name string, size int64) error {
		return lines.Encode(objectLine{Name: name, Size: size})
	})
	last := objectLine{End: true}
	if err != nil {
		p, _ := problemOf(err)
		last.Error = &p
	}
	if lines.Encode(last) == nil {
		out.Flush()
	}
}

// sealedHead is the first line of a Sealed call: the batch without the objects' bytes, which follow in this order.
type sealedHead struct {
	Objects    []sealedObject `json:"objects"`
	Envelopes  []sealedObject `json:"envelopes"`
	Payload    []byte         `json:"payload"`
	Extends    [32]byte       `json:"extends"`
	FoldedTo   uint64         `json:"folded_to"`
	ListedCIDs [][]byte       `json:"listed_cid"`
	Idle       bool           `json:"idle"`
}

type sealedObject struct {
	Name  string `json:"name"`
	Class uint8  `json:"class"`
	Size  int64  `json:"size"`
}

// check adds up the bytes that follow and keeps every bound.
func (h sealedHead) check() (int64, error) {
	if len(h.Objects)+len(h.Envelopes) > MaxSealedCount {
		return 0, fmt.Errorf("%w: more than %d objects at once", ErrTooLarge, MaxSealedCount)
	}
	total := int64(0)
	for _, list := range [][]sealedObject{h.Objects, h.Envelopes} {
		for _, o := range list {
			if !vault.ValidName(o.Name) {
				return 0, fmt.Errorf("%w: %.40q", store.ErrInvalidName, o.Name)
			}
			if o.Size < 0 || o.Size > MaxObject {
				return 0, fmt.Errorf("%w: an object of %d bytes", ErrTooLarge, o.Size)
			}
			total += o.Size
		}
	}
	if total > MaxSealed {
		return 0, fmt.Errorf("%w: %d bytes at once", ErrTooLarge, total)
	}
	return total, nil
}

func (s *Server) sealed(w http.ResponseWriter, r *http.Request) {
	if !s.sessions.proven(r) {
		fail(w, backup.ErrLocked)
		return
	}
	batch, err := readSealed(http.MaxBytesReader(w, r.Body, 2*MaxCommand+MaxSealed))
	if err == nil {
		err = s.svc.Sealed(r.Context(), batch)
	}
	answer(w, struct{}{}, err)
}

// readSealed reads head and bytes. Nothing is allocated for an object before the head has been checked.
func readSealed(body io.Reader) (backup.SealedBatch, error) {
	in := bufio.NewReaderSize(body, 64<<10)
	line, err := readLine(in, 2*MaxCommand)
	if err != nil {
		return backup.SealedBatch{}, err
	}
	var h sealedHead
	if err := decodeStrict(line, &h); err != nil {
		return backup.SealedBatch{}, err
	}
	if _, err := h.check(); err != nil {
		return backup.SealedBatch{}, err
	}
	b := backup.SealedBatch{Payload: h.Payload, Extends: h.Extends, FoldedTo: h.FoldedTo, ListedCIDs: h.ListedCIDs, Idle: h.Idle}
	if b.Objects, err = readObjects(in, h.Objects); err != nil {
		return backup.SealedBatch{}, err
	}
	if b.Envelopes, err = readObjects(in, h.Envelopes); err != nil {
		return backup.SealedBatch{}, err
	}
	if _, err := in.ReadByte(); err != io.EOF {
		return backup.SealedBatch{}, fmt.Errorf("%w: bytes after the last object", ErrBadRequest)
	}
	return b, nil
}

func readObjects(in io.Reader, list []sealedObject) ([]backup.SealedObject, error) {
	var out []backup.SealedObject
	for _, o := range list {
		data := make([]byte, o.Size)
		if _, err := io.ReadFull(in, data); err != nil {
			return nil, fmt.Errorf("%w: an object ended early", ErrBadRequest)
		}
		out = append(out, backup.SealedObject{Name: o.Name, Class: o.Class, Data: data})
	}
	return out, nil
}

// readLine reads up to a line feed, at most limit bytes.
func readLine(in *bufio.Reader, limit int) ([]byte, error) {
	var line []byte
	for {
		part, err := in.ReadSlice('\n')
		line = append(line, part...)
		if len(line) > limit {
			return nil, ErrTooLarge
		}
		if err == nil {
			return line, nil
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return nil, fmt.Errorf("%w: %w", ErrBadRequest, err)
		}
	}
}
