// Package s3 keeps sealed objects in a bucket that speaks S3: one PUT for each object, never over one that is there, with its checksum.
//
// Only TLS 1.3 is spoken. Names are "<prefix>/<object name>"; the two markers of package place stand beside them. Where the bucket keeps
// versions, earlier ones can heal an object; where it has Object Lock, each object is locked as it is put.
package s3

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"lightproof/backup/store"
	"lightproof/backup/store/place"
	"lightproof/backup/store/remote"
)

// parallel is how many requests are useful at a time.
const parallel = 8

// Store is a bucket as a destination. It implements store.Store and store.Historian.
type Store struct {
	c      Config
	core   minio.Core
	want   place.Identity
	prefix string // "" or ends in a slash

	mu     sync.Mutex
	closed bool
	traits *Traits // nil until the bucket was asked
}

var (
	_ store.Store     = (*Store)(nil)
	_ store.Historian = (*Store)(nil)
	_ place.Files     = (*Store)(nil)
)

var errClosed = fmt.Errorf("%w: it was closed", store.ErrAway)

// Traits are what the bucket does by itself.
type Traits struct {
	Versions bool          // it keeps what is overwritten or deleted
	Lock     bool          // it has Object Lock
	Mode     string        // of locks: "GOVERNANCE" or "COMPLIANCE"
	Retain   time.Duration // for how long an object is locked as it is put; 0 without Lock
}

// New prepares a Store; it sends nothing. want is the place that Check demands; it may be empty for setting a place up and for looking at one.
// dial nil: remote.System. Errors: ErrConfig, remote.ErrCA.
func New(c Config, want place.Identity, dial remote.Dial) (*Store, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	host, err := c.host()
	if err != nil {
		return nil, err
	}
	t, err := remote.Transport(dial, []byte(c.CA), parallel)
	if err != nil {
		return nil, err
	}
	lookup := minio.BucketLookupAuto
	switch c.Style {
	case StylePath:
		lookup = minio.BucketLookupPath
	case StyleVirtual:
		lookup = minio.BucketLookupDNS
	}
	client, err := minio.New(host, &minio.Options{
		Creds:  credentials.NewStaticV4(c.AccessKey, c.SecretKey, c.Session),
		Secure: true, Transport: t, Region: c.Region, BucketLookup: lookup, MaxRetries: 1,
	})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrConfig, err)
	}
	s := &Store{c: c, core: minio.Core{Client: client}, want: want}
	if c.Prefix != "" {
		s.prefix = c.Prefix + "/"
	}
	return s, nil
}

// enter checks what every method checks first.
func (s *Store) enter(ctx context.Context, names ...string) error {
	for _, name := range names {
		if err := store.CheckName(name); err != nil {
			return err
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return errClosed
	}
	return nil
}

// PutNew stores the object at once, in one request that the server refuses where the name is taken.
func (s *Store) PutNew(ctx context.Context, name string, data []byte) error {
	if err := s.enter(ctx, name); err != nil {
		return err
	}
	if len(data) > store.MaxObject {
		return fmt.Errorf("put %s: %d bytes are more than an object may have", name, len(data))
	}
	if s.c.LooksFirst {
		switch _, err := s.Stat(ctx, name); {
		case err == nil:
			return fmt.Errorf("put %s: %w", name, store.ErrExists)
		case !errors.Is(err, store.ErrNotExist):
			return err
		}
	}
	return s.put(ctx, "put "+name, s.prefix+name, data, true)
}

// put is one PUT with checksum, and lock where the bucket has one.
func (s *Store) put(ctx context.Context, what, key string, data []byte, onlyNew bool) error {
	traits, err := s.Traits(ctx)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(data)
	o := minio.PutObjectOptions{
		ContentType: "application/octet-stream", StorageClass: s.c.Class, DisableMultipart: true,
		UserMetadata: map[string]string{"x-amz-checksum-sha256": base64.StdEncoding.EncodeToString(sum[:])},
	}
	if onlyNew {
		o.SetMatchETagExcept("*")
	}
	if traits.Lock {
		o.Mode, o.RetainUntilDate = minio.RetentionMode(traits.Mode), time.Now().Add(traits.Retain).UTC()
	}
	ctx, answer := remote.Listen(ctx)
	_, err = s.core.PutObject(ctx, s.c.Bucket, key, bytes.NewReader(data), int64(len(data)), "", hex.EncodeToString(sum[:]), o)
	return fault(what, err, answer)
}

// Traits asks the bucket once what it does by itself. A bucket that does not say, because the login may not ask or the server does not know of
// such things, does nothing.
func (s *Store) Traits(ctx context.Context) (Traits, error) {
	s.mu.Lock()
	known := s.traits
	s.mu.Unlock()
	if known != nil {
		return *known, nil
	}
	var t Traits
	lctx, answer := remote.Listen(ctx)
	enabled, mode, validity, unit, err := s.core.GetObjectLockConfig(lctx, s.c.Bucket)
	if err = fault("ask for locks", err, answer); silent(err) {
		return t, err
	}
	if err == nil && enabled == "Enabled" {
		t.Lock, t.Mode, t.Retain = true, string(minio.Governance), DefaultRetain*24*time.Hour
		if mode != nil && mode.IsValid() && validity != nil && unit != nil {
			t.Mode, t.Retain = string(*mode), time.Duration(*validity)*24*time.Hour
			if *unit == minio.Years {
				t.Retain *= 365
			}
		}
		if s.c.RetainDays > 0 {
			t.Retain = time.Duration(s.c.RetainDays) * 24 * time.Hour
		}
	}
	lctx, answer = remote.Listen(ctx)
	v, err := s.core.GetBucketVersioning(lctx, s.c.Bucket)
	if err = fault("ask for versions", err, answer); silent(err) {
		return t, err
	}
	t.Versions = err == nil && v.Enabled()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.traits = &t
	return t, nil
}

// silent tells that no answer came, or one that says nothing about the bucket: it is asked again the next time.
func silent(err error) bool {
	return err != nil && store.OfPlace(err) && !errors.Is(err, store.ErrRefused)
}

// Barrier has nothing to do: what was put is durable by the server's word.
func (s *Store) Barrier(ctx context.Context) error { return s.enter(ctx) }

// Get reads an object or a range of it; what comes is always the server's, never a cache of ours.
func (s *Store) Get(ctx context.Context, name string, o store.GetOptions) ([]byte, error) {
	if o.Offset < 0 || o.Length < 0 {
		return nil, fmt.Errorf("get %s: a range that begins or ends before the object", name)
	}
	if err := s.enter(ctx, name); err != nil {
		return nil, err
	}
	return s.get(ctx, "get "+name, s.prefix+name, "", o)
}

func (s *Store) get(ctx context.Context, what, key, version string, o store.GetOptions) ([]byte, error) {
	var opts minio.GetObjectOptions
	opts.VersionID = version
	if o.Offset > 0 || o.Length > 0 {
		end := int64(0) // to the end
		if o.Length > 0 && o.Offset <= store.MaxObject {
			end = o.Offset + min(o.Length, store.MaxObject+1) - 1
		}
		switch {
		case o.Offset > store.MaxObject: // nothing can be there, but the object must exist
			if _, err := s.stat(ctx, what, key); err != nil {
				return nil, err
			}
			return nil, nil
		case o.Offset == 0 && end == 0 && o.Length == 1:
			opts.Set("Range", "bytes=0-0") // (0, 0) means the whole to the library
		default:
			if err := opts.SetRange(o.Offset, end); err != nil {
				return nil, fmt.Errorf("%s: %w", what, err)
			}
		}
	}
	ctx, answer := remote.Listen(ctx)
	body, info, _, err := s.core.GetObject(ctx, s.c.Bucket, key, opts)
	if err != nil {
		if answer.Status == 416 { // the range begins at the end or beyond
			_, err := s.stat(ctx, what, key)
			return nil, err
		}
		return nil, fault(what, err, answer)
	}
	defer body.Close()
	b, err := remote.ReadAll(body, info.Size, o.Buffer)
	return b, fault(what, err, answer)
}

// Stat returns the size of an object.
func (s *Store) Stat(ctx context.Context, name string) (store.Info, error) {
	if err := s.enter(ctx, name); err != nil {
		return store.Info{}, err
	}
	size, err := s.stat(ctx, "look at "+name, s.prefix+name)
	if err != nil {
		return store.Info{}, err
	}
	return store.Info{Name: name, Size: size}, nil
}

func (s *Store) stat(ctx context.Context, what, key string) (int64, error) {
	ctx, answer := remote.Listen(ctx)
	i, err := s.core.StatObject(ctx, s.c.Bucket, key, minio.StatObjectOptions{})
	if err != nil {
		return 0, fault(what, err, answer)
	}
	return i.Size, nil
}

// List asks for a thousand names at a time.
func (s *Store) List(ctx context.Context, prefix string, fn func(store.Info) error) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	if !store.MayBegin(prefix) {
		return nil
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	lctx, answer := remote.Listen(ctx)
	for o := range s.core.ListObjectsIter(lctx, s.c.Bucket, minio.ListObjectsOptions{Prefix: s.prefix + prefix, Recursive: true, FetchOwner: new(bool)}) {
		if o.Err != nil {
			return fault("list", o.Err, answer)
		}
		name, ok := strings.CutPrefix(o.Key, s.prefix)
		if !ok || !strings.HasPrefix(name, prefix) || store.CheckName(name) != nil {
			continue
		}
		if err := fn(store.Info{Name: name, Size: o.Size}); err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// Replace puts other bytes under a name that is taken. The server exchanges them as a whole.
func (s *Store) Replace(ctx context.Context, name string, data []byte) error {
	if _, err := s.Stat(ctx, name); err != nil {
		return err
	}
	return s.put(ctx, "replace "+name, s.prefix+name, data, false)
}

// Delete removes an object. Where the bucket keeps versions, or a lock holds it, its bytes stay behind a mark of deletion.
func (s *Store) Delete(ctx context.Context, name string) error {
	if err := s.enter(ctx, name); err != nil {
		return err
	}
	ctx, answer := remote.Listen(ctx)
	err := s.core.RemoveObject(ctx, s.c.Bucket, s.prefix+name, minio.RemoveObjectOptions{})
	if err = fault("delete "+name, err, answer); errors.Is(err, store.ErrNotExist) {
		return nil
	}
	return err
}

// Earlier gives earlier versions, newest first. A version larger than an object can be is passed over.
func (s *Store) Earlier(ctx context.Context, name string, fn func([]byte) bool) error {
	if err := s.enter(ctx, name); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	lctx, answer := remote.Listen(ctx)
	key := s.prefix + name
	for o := range s.core.ListObjectsIter(lctx, s.c.Bucket, minio.ListObjectsOptions{Prefix: key, Recursive: true, WithVersions: true}) {
		if o.Err != nil {
			return fault("list versions", o.Err, answer)
		}
		if o.Key != key || o.IsDeleteMarker || o.Size > store.MaxObject {
			continue
		}
		b, err := s.get(ctx, "get an earlier "+name, key, o.VersionID, store.GetOptions{})
		if err != nil && store.OfPlace(err) {
			return err
		}
		if err == nil && fn(b) {
			return nil
		}
	}
	return ctx.Err()
}

// Check reads the place's markers.
func (s *Store) Check(ctx context.Context) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	have, err := place.Read(ctx, s)
	if err != nil {
		return err
	}
	return s.want.Match(have)
}

// Room is unknown: a bucket does not tell.
func (s *Store) Room(ctx context.Context) (store.Room, error) {
	return store.Room{Total: -1, Free: -1}, s.enter(ctx)
}

// Properties of a bucket.
func (s *Store) Properties() store.Properties {
	return store.Properties{Kind: "s3", Remote: true, CreateExclusive: !s.c.LooksFirst, Immediate: true, Parallel: parallel, CacheBypass: true}
}

// Close ends the use of the Store. Calls under way end by themselves.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	return nil
}

// ReadMarker implements place.Files.
func (s *Store) ReadMarker(ctx context.Context, name string) ([]byte, error) {
	return s.get(ctx, "read "+name, s.prefix+name, "", store.GetOptions{Length: place.MaxMarker + 1})
}

// WriteMarker implements place.Files.
func (s *Store) WriteMarker(ctx context.Context, name string, data []byte) error {
	return s.put(ctx, "write "+name, s.prefix+name, data, !s.c.LooksFirst)
}

// Vacant implements place.Files.
func (s *Store) Vacant(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	lctx, answer := remote.Listen(ctx)
	for o := range s.core.ListObjectsIter(lctx, s.c.Bucket, minio.ListObjectsOptions{Prefix: s.prefix, Recursive: true, MaxKeys: 2}) {
		if o.Err != nil {
			return fault("list", o.Err, answer)
		}
		if o.Key != s.prefix { // the mark that consoles leave for an empty folder
			return place.ErrNotEmpty
		}
	}
	return ctx.Err()
}
