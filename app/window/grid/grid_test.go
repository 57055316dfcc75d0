package grid

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/jpeg"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"testing"

	"lightproof/app/window/face"
)

func months(groups ...int) []face.Month {
	var out []face.Month
	first := 0
	for _, n := range groups {
		out = append(out, face.Month{Groups: n, First: first})
		first += n
	}
	return out
}

func TestEveryGroupIsFoundWhereItIsPlaced(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		var groups []int
		for range 1 + r.IntN(30) {
			groups = append(groups, 1+r.IntN(90))
		}
		p := newPlan(months(groups...), 200+r.Float64()*2000)
		for range 20 {
			i := r.IntN(p.total)
			x, y := p.place(i)
			if got := p.hit(x+p.side/2, y+p.side/2); got != i {
				t.Fatalf("group %d lies at %v, %v, where %d is found", i, x, y, got)
			}
			first, last := p.visible(y, y+1)
			if i < first || i >= last {
				t.Fatalf("group %d at %v is not in [%d, %d)", i, y, first, last)
			}
		}
	}
}

func TestAMillionGroupsStayExactToThePixel(t *testing.T) {
	var groups []int
	for range 500 {
		groups = append(groups, 2000)
	}
	p := newPlan(months(groups...), 900)
	if p.height() < 16_777_216 {
		t.Fatalf("height %v: the case is too small to show a drift", p.height())
	}
	_, a := p.place(p.total - 1)
	_, b := p.place(p.total - 1 - p.cols)
	if math.Abs(a-b-p.side-cellGap) > 1e-6 {
		t.Errorf("two rows at the end are %v apart, want %v", a-b, p.side+cellGap)
	}
}

func TestStepsGoThroughEveryRowAndBack(t *testing.T) {
	p := newPlan(months(7, 3, 12, 1), 490) // three columns
	if p.cols != 3 {
		t.Fatalf("%d columns", p.cols)
	}
	at, seen := 0, []int{0}
	for range 20 {
		next := p.step(at, 1)
		if next == at {
			break
		}
		at = next
		seen = append(seen, at)
	}
	want := []int{0, 3, 6, 7, 10, 13, 16, 19, 22}
	if len(seen) != len(want) {
		t.Fatalf("rows %v, want %v", seen, want)
	}
	for i := range want {
		if seen[i] != want[i] {
			t.Fatalf("rows %v, want %v", seen, want)
		}
	}
	if back := p.step(at, -len(want)); back != 0 {
		t.Errorf("back at %d", back)
	}
	if got := p.step(5, 1); got != 6 {
		t.Errorf("below the last full row lies the last group: got %d", got)
	}
}

func TestAnEmptyPlanHasNothing(t *testing.T) {
	p := newPlan(nil, 500)
	if f, l := p.visible(0, 1000); f != 0 || l != 0 || p.hit(5, 5) != -1 || p.sectionAt(5) != -1 || p.height() != 0 {
		t.Errorf("%d %d %v", f, l, p)
	}
}

func TestTheCacheKeepsToItsBytesAndDropsTheOldest(t *testing.T) {
	c := newLRU(3 * 400)
	img := func() *image.RGBA { return image.NewRGBA(image.Rect(0, 0, 10, 10)) } // 400 bytes
	for _, id := range []string{"a", "b", "c"} {
		c.put(key{id, 10}, img())
	}
	c.get(key{"a", 10})
	c.put(key{"d", 10}, img())
	if c.get(key{"b", 10}) != nil || c.get(key{"a", 10}) == nil || c.size > 1200 {
		t.Errorf("size %d, a %v, b %v", c.size, c.get(key{"a", 10}) != nil, c.get(key{"b", 10}) != nil)
	}
}

func picture(w, h int) []byte {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewRGBA(image.Rect(0, 0, w, h)), nil); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func TestATileIsDecodedExactlyAtItsSize(t *testing.T) {
	for _, px := range []int{1, 161, 320} {
		img, err := Square(picture(640, 427), px)
		if err != nil || img.Rect.Dx() != px || img.Rect.Dy() != px {
			t.Errorf("%d: %v %v", px, img, err)
		}
	}
	if img, err := Fit(picture(640, 320), 300, 300); err != nil || img.Rect.Dx() != 300 || img.Rect.Dy() != 150 {
		t.Errorf("%v %v", img.Rect, err)
	}
}

func TestWhatIsNoTileIsAnError(t *testing.T) {
	for name, data := range map[string][]byte{"empty": nil, "text": []byte("hello"), "cut": picture(64, 64)[:200]} {
		if _, err := Square(data, 100); !errors.Is(err, errTile) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTheNewestRequestIsServedFirstAndAPanicCostsOneTile(t *testing.T) {
	gate := make(chan struct{})
	var mu sync.Mutex
	var order []string
	done := make(chan string, 600)
	l := newLoader(1, func(_ context.Context, id string, _ int) ([]byte, error) {
		if id == "first" {
			<-gate
		}
		mu.Lock()
		order = append(order, id)
		mu.Unlock()
		if id == "bad" {
			panic("a decoder's mistake")
		}
		return picture(8, 8), nil
	}, func(id string, _ int, img *image.RGBA) {
		if (img == nil) != (id == "bad") {
			t.Errorf("%s: picture %v", id, img != nil)
		}
		done <- id
	})
	defer l.stop()
	l.get("first", 8)
	for l.busyNow() == 0 {
		runtime.Gosched()
	}
	for _, id := range []string{"old", "bad", "new"} {
		l.get(id, 8)
	}
	close(gate)
	got := map[string]bool{}
	for len(got) < 4 {
		got[<-done] = true
	}
	if want := []string{"first", "new", "bad", "old"}; !slices.Equal(order, want) {
		t.Errorf("served %v, want %v", order, want)
	}
	if l.get("new", 8) == nil {
		t.Error("a delivered tile is not in the cache")
	}
}

func TestTheQueueIsBoundedAndForgetsWhatMovedOn(t *testing.T) {
	gate := make(chan struct{})
	l := newLoader(1, func(ctx context.Context, _ string, _ int) ([]byte, error) {
		select {
		case <-gate:
		case <-ctx.Done():
		}
		return nil, errors.New("none")
	}, func(string, int, *image.RGBA) {})
	defer l.stop()
	defer close(gate)
	for i := range 2 * queueLimit {
		l.get(string(rune('a'+i%26))+string(rune(i)), 8)
	}
	l.mu.Lock()
	n := len(l.queue)
	l.mu.Unlock()
	if n > queueLimit {
		t.Errorf("%d jobs wait, at most %d may", n, queueLimit)
	}
	l.keep(func(string) bool { return false })
	l.mu.Lock()
	n = len(l.queue)
	l.mu.Unlock()
	if n != 0 {
		t.Errorf("%d jobs of cells that moved on still wait", n)
	}
}

func (l *loader) busyNow() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.busy
}

func FuzzTile(f *testing.F) {
	f.Add(picture(9, 5), 8)
	f.Add([]byte("\xff\xd8\xff"), 300)
	f.Fuzz(func(t *testing.T, data []byte, px int) {
		if px < 1 || px > 512 {
			return
		}
		if img, err := Square(data, px); err == nil && (img.Rect.Dx() != px || img.Rect.Dy() != px) {
			t.Errorf("%v", img.Rect)
		}
	})
}

func BenchmarkStepOverAMillion(b *testing.B) {
	var groups []int
	for range 500 {
		groups = append(groups, 2000)
	}
	p := newPlan(months(groups...), 900)
	for i := 0; b.Loop(); i++ {
		y := float64(i%int(p.height()-800)) + 1
		first, last := p.visible(y, y+720)
		for k := first; k < last; k++ {
			p.place(k)
		}
	}
}
