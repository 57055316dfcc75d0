package backup

import (
	"context"
	"errors"
	"path"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"lightproof/backup/disk"
	"lightproof/backup/source"
	"lightproof/backup/vault"
)

// pipeline takes originals from their disks to the destinations. Each stage has goroutines of its own and hands on to the next:
//
//	read    opens an original, describes it, finds where to cut it, fills a buffer with each piece, hashes the file as a whole
//	seal    hashes a piece, encrypts it in place, hashes the object
//	put     sends the object to the destinations
//	record  puts small parts into a bundle and the finished original into the batch
//
// Buffers bound it all: there are a few, each goes with one piece of at most 8 MiB from the reading to the last destination, and who finds
// none free waits. So a large original is in several stages at once and no stage ever holds the whole of it; a slow destination slows the
// reading. Recording is done by whoever finishes the last piece of an original.
type pipeline struct {
	r       *runner
	b       *batch
	ctx     context.Context
	cancel  context.CancelCauseFunc
	sealing chan *piece
	putting chan *piece

	mu   sync.Mutex
	held map[*source.Folder]source.Held // nil: it cannot be held
}

// piece is one chunk of an original on its way.
type piece struct {
	s      *stored
	part   int // index in s.parts
	buf    *vault.ChunkBuffer
	n      int // bytes of content
	sealed vault.Sealed
}

// sealers is how many pieces are hashed and encrypted at once: it is nothing but computing.
func sealers() int { return max(1, runtime.GOMAXPROCS(0)) }

// putters is how many objects are on their way to the destinations at once. Writing past the cache means waiting for the medium; a few at a
// time keep it busy.
const putters = 4

// mostReaders is how many originals are read at once at most.
const mostReaders = 4

// readers is how many stored objects are read at once, and how many originals from a disk that serves as many at a time as are wanted.
func readers() int { return min(mostReaders, disk.SolidState.Readers(runtime.NumCPU())) }

// readersOf is how many originals are read at once: as many as suit the slowest disk that a folder of theirs lies on.
func readersOf(jobs []job) int {
	n, asked := readers(), map[string]bool{}
	for i := range jobs {
		root := jobs[i].folder.Root
		if asked[root] {
			continue
		}
		asked[root] = true
		n = min(n, disk.Of(root).Readers(runtime.NumCPU()))
	}
	return n
}

// buffers are the room of a pipeline. They outlive the batches of a run.
type buffers chan *vault.ChunkBuffer

func newBuffers() buffers {
	n := readers() + sealers() + putters/2
	free := make(buffers, n)
	for range n {
		free <- nil // made when it is first needed
	}
	return free
}

// take waits for a free buffer.
func (f buffers) take(ctx context.Context) (*vault.ChunkBuffer, error) {
	select {
	case buf := <-f:
		if buf == nil {
			buf = vault.NewChunkBuffer()
		}
		return buf, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

func (f buffers) give(buf *vault.ChunkBuffer) { f <- buf }

// fill takes jobs into the batch until it is full; it returns those that it did not take. The first error that is not about one file ends it.
func (r *runner) fill(ctx context.Context, b *batch, jobs []job) (left []job, err error) {
	p := &pipeline{r: r, b: b, sealing: make(chan *piece), putting: make(chan *piece)}
	p.ctx, p.cancel = context.WithCancelCause(ctx)
	defer p.cancel(nil)
	turns := &turns{jobs: jobs, room: batchFiles}
	var reader atomic.Int32
	read := start(min(b.readers, len(jobs)), func() {
		i := int(reader.Add(1)) - 1
		for p.ctx.Err() == nil && !b.full() {
			turn := turns.next()
			if len(turn) == 0 {
				return
			}
			for k := range turn {
				if p.ctx.Err() != nil {
					turns.giveBack(turn[k:])
					return
				}
				p.original(i, &turn[k])
			}
		}
	})
	sealed := start(sealers(), func() {
		for x := range p.sealing {
			p.seal(x)
		}
	})
	put := start(putters, func() {
		for x := range p.putting {
			p.put(x)
		}
	})
	read.Wait()
	p.letGo()
	close(p.sealing)
	sealed.Wait()
	close(p.putting)
	put.Wait()
	if p.ctx.Err() != nil {
		return turns.jobs, context.Cause(p.ctx)
	}
	return turns.jobs, b.closeBundles(ctx)
}

// turns hands jobs out, each once.
type turns struct {
	mu   sync.Mutex
	jobs []job // left
	room int   // how many more the batch takes
}

// mostInTurn is how many small originals of a folder a reader takes at a time.
const mostInTurn = 128

// next gives a reader its next originals: the small ones of a folder that follow each other, or one. Towards the end of the room turns grow
// short, so that no reader waits long for the others.
func (t *turns) next() []job {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := min(1, len(t.jobs), t.room)
	for n > 0 && n < min(len(t.jobs), mostInTurn, 1+t.room/mostReaders) && t.jobs[n].besides(&t.jobs[n-1]) {
		n++
	}
	turn := t.jobs[:n]
	t.jobs, t.room = t.jobs[n:], t.room-n
	return turn
}

// giveBack takes jobs back that were handed out.
func (t *turns) giveBack(jobs []job) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.jobs, t.room = slices.Concat(jobs, t.jobs), t.room+len(jobs)
}

// besides tells whether both are small and lie in one folder.
func (j *job) besides(o *job) bool {
	return j.folder == o.folder && max(j.sight.size, o.sight.size) <= vault.MaxSmall && path.Dir(j.sight.path) == path.Dir(o.sight.path)
}

// open opens an original below its folder, which is held open while the batch is filled.
func (p *pipeline) open(j *job, it source.Item) (source.File, error) {
	if h := p.hold(j.folder); h != nil {
		f, err := h.Open(p.ctx, it)
		if !errors.Is(err, source.ErrVanished) {
			return f, err
		}
	}
	return p.r.e.tree.Open(p.ctx, *j.folder, it) // it tells whether the file is gone, or the folder with it
}

func (p *pipeline) hold(folder *source.Folder) source.Held {
	tree, ok := p.r.e.tree.(source.Holder)
	if !ok {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	h, ok := p.held[folder]
	if !ok {
		var err error
		if h, err = tree.Hold(*folder); err != nil {
			h = nil // what is wrong with it, opening the file says
		}
		if p.held == nil {
			p.held = map[*source.Folder]source.Held{}
		}
		p.held[folder] = h
	}
	return h
}

// letGo closes the folders that are held open.
func (p *pipeline) letGo() {
	for _, h := range p.held {
		if h != nil {
			h.Close()
		}
	}
}

// start runs fn on n goroutines.
func start(n int, fn func()) *sync.WaitGroup {
	var wg sync.WaitGroup
	for range n {
		wg.Go(fn)
	}
	return &wg
}

// seal is the second stage.
func (p *pipeline) seal(x *piece) {
	err := p.ctx.Err()
	if err == nil {
		x.sealed, err = p.b.keys.Current().Seal(x.buf, x.n, 0, nil)
	}
	if err != nil {
		p.drop(x, err)
		return
	}
	p.putting <- x
}

// put is the third stage.
func (p *pipeline) put(x *piece) {
	err := p.ctx.Err()
	if err == nil {
		err = p.putPiece(x)
	}
	p.drop(x, err)
}

func (p *pipeline) putPiece(x *piece) error {
	sealed, rec, err := p.b.putContent(p.ctx, p.r.e, x.buf, x.sealed)
	if err != nil {
		return err
	}
	x.s.parts[x.part] = vault.Part{Cap: sealed.Cap}
	x.s.chunks[x.part] = rec
	if x.s.single {
		x.s.version.Sum = sealed.Sum
	}
	return nil
}

// drop ends a piece, and its original with the last one.
func (p *pipeline) drop(x *piece, err error) {
	p.b.free.give(x.buf)
	p.release(x.s, err)
}

// release gives up one hold on an original. Whoever gives up the last one records what came of it.
func (p *pipeline) release(s *stored, err error) {
	if err != nil {
		s.failed.CompareAndSwap(nil, &err)
	}
	if s.holds.Add(-1) > 0 {
		return
	}
	if first := s.failed.Load(); first != nil {
		err = *first
	} else {
		err = p.record(s)
	}
	s.letSmallGo()
	if err = p.r.settle(p.ctx, s, err); err != nil {
		p.cancel(err)
	}
}
