package library

import (
	"encoding/binary"
	"io"
	"math/rand/v2"
	"time"
)

const (
	videoScale    = 90000 // ticks a second
	videoPerFrame = videoScale / 25
	meanFrame     = 512 << 10 // bytes: 100 Mbit/s at 25 frames a second
	keyEvery      = 25        // frames between two that stand alone

	// epoch1904 is the epoch of ISO 14496-12 in Unix seconds.
	epoch1904 = -2082844800
)

// box is one box of the ISO base media file format (ISO 14496-12, 4.2).
func box(kind string, parts ...[]byte) []byte {
	n := 8
	for _, p := range parts {
		n += len(p)
	}
	out := append(binary.BigEndian.AppendUint32(make([]byte, 0, n), uint32(n)), kind...)
	for _, p := range parts {
		out = append(out, p...)
	}
	return out
}

// words are 32-bit numbers in a row.
func words(v ...uint32) []byte {
	b := make([]byte, 0, 4*len(v))
	for _, n := range v {
		b = binary.BigEndian.AppendUint32(b, n)
	}
	return b
}

var unityMatrix = words(0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)

// filmFrames cuts the given number of bytes into frames of between half and one and a half times the mean.
func filmFrames(number uint64, bytes int64) []uint32 {
	rnd := rand.New(rand.NewPCG(number, 3))
	var frames []uint32
	for bytes > 0 {
		n := int64(meanFrame/2 + rnd.IntN(meanFrame))
		if bytes-n < meanFrame/2 { // the last one takes the rest
			n = bytes
		}
		frames = append(frames, uint32(n))
		bytes -= n
	}
	return frames
}

// film writes a video of f.Size bytes or a little more where that is next to nothing: ftyp, moov with one H.264 track and the tables of
// its samples, then mdat with a 64-bit length.
func (m *maker) film(w io.Writer, f File) error {
	const mdatHead = 16
	ftyp := box("ftyp", []byte("mp42"), words(0), []byte("mp42isomavc1"))
	// The tables grow with the frames; a first layout tells by how much.
	frames := filmFrames(f.number, f.Size)
	bytes := max(f.Size-int64(len(ftyp)+len(movie(frames, 0, f.taken))+mdatHead), meanFrame)
	frames = filmFrames(f.number, bytes)
	at := int64(len(ftyp) + len(movie(frames, 0, f.taken)) + mdatHead)
	head := append(ftyp, movie(frames, at, f.taken)...)
	head = append(append(head, words(1)...), "mdat"...)
	head = binary.BigEndian.AppendUint64(head, uint64(bytes+mdatHead))
	if _, err := w.Write(head); err != nil {
		return err
	}
	stream := chaCha(f.number)
	for i, n := range frames {
		unit := append(words(n-4), 0x41) // the length of the NAL unit, then its kind: a slice
		if i%keyEvery == 0 {
			unit[4] = 0x65
		}
		if _, err := w.Write(unit); err != nil {
			return err
		}
		if err := m.noise(w, stream, int64(n)-int64(len(unit))); err != nil {
			return err
		}
	}
	return nil
}

// movie is the moov box of a film whose samples begin at the given offset, 25 of them in each chunk.
func movie(frames []uint32, at int64, taken time.Time) []byte {
	created := uint32(taken.Unix() - epoch1904)
	length := uint32(len(frames) * videoPerFrame)
	sizes := words(0, 0, uint32(len(frames)))
	keys, offsets := []byte(nil), []byte(nil)
	chunks := uint32(0)
	for i, n := range frames {
		if i%keyEvery == 0 {
			keys = binary.BigEndian.AppendUint32(keys, uint32(i+1))
			offsets = binary.BigEndian.AppendUint64(offsets, uint64(at))
			chunks++
		}
		sizes = binary.BigEndian.AppendUint32(sizes, n)
		at += int64(n)
	}
	perChunk := words(0, 1, 1, keyEvery, 1)
	if last := uint32(len(frames) % keyEvery); last != 0 && chunks > 1 {
		perChunk = words(0, 2, 1, keyEvery, 1, chunks, last, 1)
	} else if last != 0 {
		perChunk = words(0, 1, 1, last, 1)
	}
	video := make([]byte, 78) // ISO 14496-12, 12.1.3: VisualSampleEntry behind the box header
	binary.BigEndian.PutUint16(video[6:], 1)
	binary.BigEndian.PutUint16(video[24:], 3840)
	binary.BigEndian.PutUint16(video[26:], 2160)
	binary.BigEndian.PutUint32(video[28:], 72<<16)
	binary.BigEndian.PutUint32(video[32:], 72<<16)
	binary.BigEndian.PutUint16(video[40:], 1)
	binary.BigEndian.PutUint16(video[74:], 24)
	binary.BigEndian.PutUint16(video[76:], 0xFFFF)
	// ISO 14496-15, 5.3.3.1: High profile, level 5.1, lengths of four bytes, no parameter sets here.
	config := box("avcC", []byte{1, 100, 0, 51, 0xFF, 0xE0, 0})
	table := box("stbl",
		box("stsd", words(0, 1), box("avc1", video, config)),
		box("stts", words(0, 1, uint32(len(frames)), videoPerFrame)),
		box("stss", words(0, chunks), keys),
		box("stsc", perChunk),
		box("stsz", sizes),
		box("co64", words(0, chunks), offsets))
	media := box("mdia",
		box("mdhd", words(0, created, created, videoScale, length, 0x55C40000)),
		box("hdlr", words(0, 0), []byte("vide"), words(0, 0, 0), []byte("Video\x00")),
		box("minf", box("vmhd", words(1, 0, 0)), box("dinf", box("dref", words(0, 1), box("url ", words(1)))), table))
	head := append(words(0, created, created, videoScale, length, 0x10000, 0x01000000, 0, 0), unityMatrix...)
	head = append(head, words(0, 0, 0, 0, 0, 0, 2)...)
	track := append(words(7, created, created, 1, 0, length, 0, 0, 0, 0), unityMatrix...)
	track = append(track, words(3840<<16, 2160<<16)...)
	return box("moov", box("mvhd", head), box("trak", box("tkhd", track), media))
}
