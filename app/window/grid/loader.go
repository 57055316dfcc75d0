package grid

import (
	"bytes"
	"container/list"
	"context"
	"errors"
	"fmt"
	"image"
	_ "image/jpeg" // tiles are JPEG
	"runtime"
	"sync"

	"golang.org/x/image/draw"
)

// Limits of the loader.
const (
	queueLimit   = 256
	cacheBytes   = 48 << 20
	tilePixels   = 64 << 20 // a tile that says to be larger is no tile
	tileMaxBytes = 32 << 20
)

var errTile = errors.New("not a tile")

type key struct {
	id string
	px int
}

// loader decodes tiles: newest request first, at most queueLimit waiting, a bounded cache.
type loader struct {
	load func(ctx context.Context, id string, px int) ([]byte, error)
	done func(id string, px int, img *image.RGBA) // called off the screen's thread; nil = no picture

	mu     sync.Mutex
	wake   *sync.Cond
	queue  []key // the newest is last
	wanted map[key]bool
	cache  lru
	ended  bool
	cancel context.CancelFunc
	busy   int
}

// workers leaves one processor to the screen.
func workers() int { return max(1, min(4, runtime.NumCPU()-1)) }

// newLoader starts n workers; they end with stop.
func newLoader(n int, load func(context.Context, string, int) ([]byte, error), done func(string, int, *image.RGBA)) *loader {
	ctx, cancel := context.WithCancel(context.Background())
	l := &loader{load: load, done: done, wanted: map[key]bool{}, cancel: cancel, cache: newLRU(cacheBytes)}
	l.wake = sync.NewCond(&l.mu)
	for range n {
		go l.work(ctx)
	}
	return l
}

// get returns a cached picture or queues it.
func (l *loader) get(id string, px int) *image.RGBA {
	l.mu.Lock()
	defer l.mu.Unlock()
	k := key{id, px}
	if img := l.cache.get(k); img != nil {
		return img
	}
	if l.ended || l.wanted[k] {
		return nil
	}
	l.wanted[k] = true
	l.queue = append(l.queue, k)
	if len(l.queue) > queueLimit {
		delete(l.wanted, l.queue[0])
		l.queue = l.queue[1:]
	}
	l.wake.Signal()
	return nil
}

// keep drops queued jobs whose cell has moved on.
func (l *loader) keep(still func(id string) bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	kept := l.queue[:0]
	for _, k := range l.queue {
		if still(k.id) {
			kept = append(kept, k)
		} else {
			delete(l.wanted, k)
		}
	}
	l.queue = kept
}

// drop forgets all pictures.
func (l *loader) drop() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cache = newLRU(cacheBytes)
	l.queue, l.wanted = nil, map[key]bool{}
}

// idle tells whether nothing is queued or decoded.
func (l *loader) idle() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.queue) == 0 && l.busy == 0
}

func (l *loader) stop() {
	l.cancel()
	l.mu.Lock()
	l.ended, l.queue = true, nil
	l.cache = newLRU(cacheBytes)
	l.wake.Broadcast()
	l.mu.Unlock()
}

func (l *loader) work(ctx context.Context) {
	for {
		l.mu.Lock()
		for len(l.queue) == 0 && !l.ended {
			l.wake.Wait()
		}
		if l.ended {
			l.mu.Unlock()
			return
		}
		k := l.queue[len(l.queue)-1]
		l.queue = l.queue[:len(l.queue)-1]
		l.busy++
		l.mu.Unlock()

		img, err := l.tile(ctx, k)

		l.mu.Lock()
		delete(l.wanted, k)
		if err == nil && !l.ended {
			l.cache.put(k, img)
		}
		ended := l.ended
		l.mu.Unlock()
		if !ended { // nil where there is no picture
			l.done(k.id, k.px, img)
		}
		l.mu.Lock()
		l.busy--
		l.mu.Unlock()
	}
}

// tile fetches and decodes one tile to a square of px pixels, cropped to its middle. A decoder that panics costs one tile only.
func (l *loader) tile(ctx context.Context, k key) (img *image.RGBA, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: %v", errTile, r)
		}
	}()
	data, err := l.load(ctx, k.id, k.px)
	if err != nil {
		return nil, err
	}
	return Square(data, k.px)
}

// Square decodes a picture and crops its middle to px × px pixels.
func Square(data []byte, px int) (*image.RGBA, error) {
	src, err := decode(data)
	if err != nil {
		return nil, err
	}
	b := src.Bounds()
	side := min(b.Dx(), b.Dy())
	crop := image.Rect(0, 0, side, side).Add(b.Min).Add(image.Pt((b.Dx()-side)/2, (b.Dy()-side)/2))
	out := image.NewRGBA(image.Rect(0, 0, px, px))
	draw.ApproxBiLinear.Scale(out, out.Bounds(), src, crop, draw.Src, nil)
	return out, nil
}

// Fit decodes a picture and scales it into w × h pixels, keeping its shape.
func Fit(data []byte, w, h int) (*image.RGBA, error) {
	src, err := decode(data)
	if err != nil {
		return nil, err
	}
	b := src.Bounds()
	scale := min(float64(w)/float64(b.Dx()), float64(h)/float64(b.Dy()), 4)
	out := image.NewRGBA(image.Rect(0, 0, max(1, int(float64(b.Dx())*scale)), max(1, int(float64(b.Dy())*scale))))
	draw.ApproxBiLinear.Scale(out, out.Bounds(), src, b, draw.Src, nil)
	return out, nil
}

func decode(data []byte) (image.Image, error) {
	if len(data) > tileMaxBytes {
		return nil, errTile
	}
	cfg, _, err := image.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errTile, err)
	}
	if cfg.Width < 1 || cfg.Height < 1 || cfg.Width*cfg.Height > tilePixels {
		return nil, errTile
	}
	img, _, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errTile, err)
	}
	return img, nil
}

// lru is a cache bounded by bytes.
type lru struct {
	limit, size int
	order       *list.List
	at          map[key]*list.Element
}

type held struct {
	k   key
	img *image.RGBA
}

func newLRU(limit int) lru { return lru{limit: limit, order: list.New(), at: map[key]*list.Element{}} }

func (c *lru) get(k key) *image.RGBA {
	e := c.at[k]
	if e == nil {
		return nil
	}
	c.order.MoveToFront(e)
	return e.Value.(held).img
}

func (c *lru) put(k key, img *image.RGBA) {
	if c.at[k] != nil {
		return
	}
	c.at[k] = c.order.PushFront(held{k, img})
	c.size += len(img.Pix)
	for c.size > c.limit && c.order.Len() > 1 {
		last := c.order.Back()
		h := c.order.Remove(last).(held)
		delete(c.at, h.k)
		c.size -= len(h.img.Pix)
	}
}
