package library

import (
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"time"
)

// everyTenth tells whether the n-th file of a kind belongs to the given tenth. The first tenth holds the very first file, so that it is never empty.
func everyTenth(n, tenth int) bool { return n%10 == tenth }

// Edited says what an edit of metadata touched.
type Edited struct {
	JPEGs, RAWs int
	Bytes       int64 // size of the touched files, after the edit
}

// EditMetadata changes metadata as photo programs do: the rating in the EXIF of a tenth of the JPEGs in place, and in the head of a tenth
// of the RAWs 4 KiB more, with every offset behind them moved along, written as a new file.
func (l *Library) EditMetadata(ctx context.Context) (Edited, error) {
	var e Edited
	var anew []File
	jpegs, raws := 0, 0
	for i := range l.now {
		f := &l.now[i]
		switch f.kind {
		case jpegFile:
			if everyTenth(jpegs, 0) {
				f.rating, f.Time = 5, f.Time.Add(24*time.Hour)
				if err := l.rate(*f); err != nil {
					return e, fmt.Errorf("rate %s: %w", f.Path, err)
				}
				e.JPEGs++
				e.Bytes += f.Size
			}
			jpegs++
		case rawFile:
			if everyTenth(raws, 0) {
				f.inserted, f.Time = insertedBytes, f.Time.Add(24*time.Hour)
				anew = append(anew, *f)
				e.RAWs++
				e.Bytes += f.Size
			}
			raws++
		}
	}
	return e, l.write(ctx, anew)
}

// rate writes the rating into the EXIF block of a JPEG that is there; nothing else in the file changes.
func (l *Library) rate(f File) error {
	var thumb []byte
	if f.Size >= thumbnailFrom {
		thumb = l.thumbs.of(f.number)
	}
	_, ratingAt, percentAt := metadata(f.taken, f.rating, thumb)
	name := l.at(f)
	file, err := os.OpenFile(name, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	for at, v := range map[uint32]int{ratingAt: f.rating, percentAt: 20 * f.rating} {
		if _, err := file.WriteAt(binary.LittleEndian.AppendUint16(nil, uint16(v)), exifStart+int64(at)); err != nil {
			file.Close()
			return err
		}
	}
	if err := file.Close(); err != nil {
		return err
	}
	return os.Chtimes(name, time.Time{}, f.Time)
}

// Reorganise does what a person does after a trip: a tenth more photos and RAWs with sidecars in a new folder, another tenth of the JPEGs
// under new names, a tenth of the sidecars written anew. It returns the bytes of the new files.
func (l *Library) Reorganise(ctx context.Context) (int64, error) {
	var anew []File
	var bytes int64
	jpegs, raws, sidecars := 0, 0, 0
	when := time.Date(2025, 8, 2, 10, 0, 0, 0, time.UTC)
	for i := range len(l.now) {
		f := l.now[i]
		switch {
		case f.kind == jpegFile && everyTenth(jpegs, 0), f.kind == rawFile && everyTenth(raws, 0), f.kind == xmpFile && everyTenth(sidecars, 0):
			fresh := f
			fresh.number, fresh.inserted, fresh.taken = f.number+1<<56, 0, when.Add(time.Duration(i)*time.Minute)
			fresh.Time = fresh.taken
			fresh.Path = "2025-08-02 New/" + path.Base(f.Path)
			anew, bytes = append(anew, fresh), bytes+fresh.Size
			l.now = append(l.now, fresh)
			if f.kind == xmpFile {
				l.now[i].rewritten, l.now[i].Time = f.rewritten+1, f.Time.Add(24*time.Hour)
				anew = append(anew, l.now[i])
			}
		case f.kind == jpegFile && everyTenth(jpegs, 5):
			moved := f
			moved.Path = path.Dir(f.Path) + "/Ferry " + path.Base(f.Path)
			if err := os.Rename(l.at(f), l.at(moved)); err != nil {
				return 0, err
			}
			l.now[i] = moved
		}
		switch f.kind {
		case jpegFile:
			jpegs++
		case rawFile:
			raws++
		case xmpFile:
			sidecars++
		}
	}
	return bytes, l.write(ctx, anew)
}

// Reset takes every edit back: the library is again, byte for byte and with its times, what Make wrote.
func (l *Library) Reset(ctx context.Context) error {
	var anew []File
	for i, f := range l.now {
		if i < len(l.files) && f == l.files[i] {
			continue
		}
		if i >= len(l.files) || f.Path != l.files[i].Path {
			if err := os.Remove(l.at(f)); err != nil {
				return err
			}
		}
		if i < len(l.files) {
			anew = append(anew, l.files[i])
		}
	}
	for dir := range newFolders(l.now[len(l.files):]) {
		if err := os.Remove(filepath.Join(l.Dir, filepath.FromSlash(dir))); err != nil {
			return err
		}
	}
	l.now = append([]File(nil), l.files...)
	return l.write(ctx, anew)
}

// newFolders are the folders that only new files made.
func newFolders(files []File) map[string]bool {
	dirs := map[string]bool{}
	for _, f := range files {
		dirs[path.Dir(f.Path)] = true
	}
	return dirs
}

func (l *Library) at(f File) string { return filepath.Join(l.Dir, filepath.FromSlash(f.Path)) }
