package sample

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"
)

// trips are the folders of a sample library: a name, a place, its zone in minutes and how far the shots spread in degrees.
var trips = []struct {
	folder string
	at     Position
	zone   int
	start  time.Time
}{
	{"2019-08 Lake weekend", Position{47.6500, 9.4800, 398}, 120, time.Date(2019, 8, 14, 18, 2, 11, 0, time.UTC)},
	{"2020-02 Winter hut", Position{46.5700, 8.0300, 2061}, 60, time.Date(2020, 2, 9, 8, 41, 30, 0, time.UTC)},
	{"2021-06 Coast walk", Position{50.1200, -5.5300, 42}, 60, time.Date(2021, 6, 15, 11, 20, 5, 0, time.UTC)},
	{"2022-10 City lights", Position{41.1450, -8.6100, 74}, 60, time.Date(2022, 10, 1, 20, 15, 0, 0, time.UTC)},
	{"2023-04 Garden", Position{52.1600, 4.4900, -2}, 120, time.Date(2023, 4, 22, 10, 3, 44, 0, time.UTC)},
	{"2024-12 Southern summer", Position{-33.9200, 18.4200, 15}, 120, time.Date(2024, 12, 27, 16, 30, 9, 0, time.UTC)},
}

// WriteLibrary writes exactly n files of a made-up library below dir, which it creates, in folders by year and trip, and returns their paths
// relative to dir in the order written. From 8 files on it holds a RAW+JPEG pair, an XMP sidecar beside its photo, a Live
// Photo pair with one content identifier in both halves and a PNG. The same seed and n give the same bytes and modification times.
// It refuses to overwrite: a file that exists is an error.
func WriteLibrary(dir string, seed uint64, n int) ([]string, error) {
	l := library{dir: dir, rnd: rand.New(rand.NewPCG(seed, 0x11b7a47)), left: n}
	for shot := 0; l.left > 0 && l.err == nil; shot++ {
		l.shot(seed, shot)
	}
	return l.paths, l.err
}

type library struct {
	dir   string
	rnd   *rand.Rand
	left  int
	paths []string
	err   error
}

func (l *library) shot(seed uint64, shot int) {
	t := trips[shot%len(trips)]
	round := shot / len(trips)
	wall := t.start.Add(time.Duration(round%60)*3*time.Hour + time.Duration(l.rnd.IntN(7200))*time.Second)
	o := Options{
		Taken: wall, SubSec: fmt.Sprintf("%03d", l.rnd.IntN(1000)), Thumbnail: l.rnd.IntN(2) == 0, BigEndian: l.rnd.IntN(3) == 0,
		Position: &Position{t.at.Lat + l.rnd.Float64()*0.05, t.at.Lon + l.rnd.Float64()*0.05, t.at.Alt + 5*l.rnd.Float64()},
	}
	if l.rnd.IntN(3) > 0 {
		o.Zone = fmt.Sprintf("%+03d:%02d", t.zone/60, t.zone%60)
	}
	if l.rnd.IntN(4) == 0 { // a camera held upright
		o.Width, o.Height, o.Orientation = 640, 960, 6
	}
	if l.rnd.IntN(5) == 0 {
		o.Position = nil
	}
	zone := time.FixedZone("", t.zone*60)
	instant := time.Date(wall.Year(), wall.Month(), wall.Day(), wall.Hour(), wall.Minute(), wall.Second(), 0, zone)
	picture := seed*1_000_003 + uint64(shot)
	name := filepath.Join(t.folder[:4], t.folder, fmt.Sprintf("IMG_%04d", 101+shot*7))
	put := func(ext string, data []byte) { l.write(name+ext, data, instant) }

	// Every kind once in the first shots, then mostly single pictures, as a real folder is.
	switch kind := shot; {
	case (kind == 1 || kind%11 == 7) && l.left >= 2:
		o.Orientation, o.Width, o.Height = 1, 0, 0
		put(".DNG", DNG(picture, o))
		put(".JPG", JPEG(picture, o))
	case (kind == 2 || kind%13 == 9) && l.left >= 2:
		id := l.identifier()
		o.ContentID = id
		put(".JPG", JPEG(picture, o))
		put(".MOV", MOV(picture, MovieOptions{Taken: instant, ContentID: id, Position: o.Position}))
	case (kind == 3 || kind%17 == 12) && l.left >= 2:
		put(".JPG", JPEG(picture, o))
		put(".JPG.xmp", XMP(wall, 1+l.rnd.IntN(5), "sample", t.folder[8:]))
	case kind == 4 || kind%19 == 15:
		o.Width, o.Height, o.Orientation = 480, 320, 1
		put(".PNG", PNG(picture, o))
	default:
		put(".JPG", JPEG(picture, o))
	}
}

// identifier is a random UUID (RFC 9562, version 4 layout) in capitals, as phones write it.
func (l *library) identifier() string {
	hi, lo := l.rnd.Uint64()&^0xF000|0x4000, l.rnd.Uint64()&^(3<<62)|2<<62
	return fmt.Sprintf("%08X-%04X-%04X-%04X-%012X", hi>>32, hi>>16&0xFFFF, hi&0xFFFF, lo>>48, lo&0xFFFFFFFFFFFF)
}

func (l *library) write(name string, data []byte, modified time.Time) {
	if l.err != nil || l.left == 0 {
		return
	}
	path := filepath.Join(l.dir, name)
	if l.err = os.MkdirAll(filepath.Dir(path), 0o755); l.err != nil {
		return
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if err != nil {
		l.err = err
		return
	}
	_, err = file.Write(data)
	if closing := file.Close(); err == nil {
		err = closing
	}
	if err == nil {
		err = os.Chtimes(path, modified, modified)
	}
	if l.err = err; err == nil {
		l.paths, l.left = append(l.paths, filepath.ToSlash(name)), l.left-1
	}
}
