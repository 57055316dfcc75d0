package restore

import "lightproof/backup/vault"

// state is what the dry run found at a file's target. The numbers are saved.
type state uint8

const (
	stateNew       state = iota // nothing has the name
	stateIdentical              // the same bytes are there
	stateDifferent              // something else is there
	stateBlocked                // cannot be restored there: see reason
)

// folder is a protected folder that files come from.
type folder struct {
	name string // below the target
	root string // its path where it was, without a slash at its end
}

// item is one file of a plan: where it goes, and what came of it. The first part does not change once the plan is made. There is one for each
// selected file, a hundred thousand and more: what the version is stays packed, see original.
type item struct {
	from  *folder
	order uint64 // see Selected
	size  int64
	path  string // below from, in the bytes of its system
	dir   string // target folder below the tree
	n     int32
	tree  int32

	link    bool // a symbolic link
	deleted bool
	replace bool // the policy is Replace and something else is there
	state   state

	// What follows changes while running; one goroutine at a time has an item.
	result Result
	hashed bool  // its whole fingerprint was right, taken while it was written, when its group was flushed, or from what was found there
	has    bool  // it was read back
	mark   mark  // of the file that was right when its group was flushed
	more   *more // nil for most
}

// more is what few items need.
type more struct {
	final  string // name given where it is not the wanted one, else empty
	reason Reason // of NotRestored; with another result and without has, why it could not be read back
	detail string
	other  *vault.Hash // of the bytes read back, where they are not those of the version
	notes  []string
}

// rest is more, empty where there is none.
func (it *item) rest() more {
	if it.more == nil {
		return more{}
	}
	return *it.more
}

// set changes more.
func (it *item) set(fn func(m *more)) {
	if it.more == nil {
		it.more = &more{}
	}
	fn(it.more)
}

// final is the name given.
func (it *item) final() string {
	if it.more != nil && it.more.final != "" {
		return it.more.final
	}
	return it.name()
}

// rename sets the name given.
func (it *item) rename(name string) {
	if name == it.name() {
		name = ""
	}
	if name != it.rest().final {
		it.set(func(m *more) { m.final = name })
	}
}

func (it *item) reason() Reason {
	if it.more == nil {
		return ReasonNone
	}
	return it.more.reason
}

// because sets the reason.
func (it *item) because(reason Reason) {
	if reason != it.reason() {
		it.set(func(m *more) { m.reason = reason })
	}
}

func (it *item) note(s string) { it.set(func(m *more) { m.notes = append(m.notes, s) }) }

// why sets the detail.
func (it *item) why(s string) {
	if s != it.rest().detail {
		it.set(func(m *more) { m.detail = s })
	}
}

// found sets what was read back instead of the version, nil for nothing.
func (it *item) found(sum *vault.Hash) {
	if sum != it.rest().other {
		it.set(func(m *more) { m.other = sum })
	}
}

// name is the wanted name.
func (it *item) name() string {
	_, name := splitLast(it.path)
	return name
}

func (it *item) fail(reason Reason, err error) {
	it.result = NotRestored
	it.because(reason)
	if err != nil {
		it.why(err.Error())
	}
}

// again prepares an item of an earlier run for being read again.
func (it *item) again() {
	it.has, it.mark = false, mark{}
	it.found(nil)
	if it.result != NotRestored {
		it.clear(it.result)
	}
}

// clear gives an item a result without any reason.
func (it *item) clear(result Result) {
	it.result = result
	it.because(ReasonNone)
	it.why("")
}

// origin is the path of the original, as it was.
func (it *item) origin() string { return join(it.from.root, it.path) }
