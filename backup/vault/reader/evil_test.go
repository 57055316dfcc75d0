package reader

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"maps"
	"runtime"
	"slices"
	"strings"
	"testing"

	"lightproof/backup/store/evil"
	"lightproof/backup/vault"
	"lightproof/backup/vault/writer"
	"lightproof/keystore/secret"
)

// both lists the places of an object.
func both(name string) []string { return []string{name, vault.Mirror(name)} }

// attack changes one object, in every copy that there is.
type attack struct {
	name string
	make func(ctx context.Context, s *evil.Store, place, other string) error
	want []error
}

func flip(at int) func(context.Context, *evil.Store, string, string) error {
	return func(ctx context.Context, s *evil.Store, place, _ string) error {
		_, err := s.FlipByte(ctx, place, at, 0x40)
		return err
	}
}

// atRest are the attacks on the bytes under one name. Magic, kind, salt or cid, commitment, ciphertext and tag are the regions of both
// layouts; the bytes of the head that choose version and keys may also be refused for what they say.
var atRest = []attack{
	{"flip magic", flip(0), []error{vault.ErrTampered, vault.ErrNewer}},
	{"flip version", flip(4), []error{vault.ErrTampered, vault.ErrNewer}},
	{"flip suite", flip(5), []error{vault.ErrTampered, vault.ErrNewer}},
	{"flip kind or variant", flip(6), []error{vault.ErrTampered}},
	{"flip flags", flip(7), []error{vault.ErrTampered, vault.ErrNewer}},
	{"flip generation", flip(11), []error{vault.ErrTampered, vault.ErrWrongKey}},
	{"flip salt or cid", flip(30), []error{vault.ErrTampered}},
	{"flip commitment", flip(60), []error{vault.ErrTampered}},
	{"flip first sealed byte", flip(76), []error{vault.ErrTampered}},
	{"flip middle", flip(3000), []error{vault.ErrTampered}},
	{"flip last sealed byte", flip(-17), []error{vault.ErrTampered}},
	{"flip tag", flip(-1), []error{vault.ErrTampered}},
	{"truncate by one", func(ctx context.Context, s *evil.Store, place, _ string) error {
		_, err := s.Alter(ctx, place, "cut", func(b []byte) []byte { return b[:len(b)-1] })
		return err
	}, []error{vault.ErrTampered}},
	{"truncate to the head", func(ctx context.Context, s *evil.Store, place, _ string) error {
		_, err := s.Truncate(ctx, place, 76)
		return err
	}, []error{vault.ErrTampered, vault.ErrMalformed}},
	{"truncate to nothing", func(ctx context.Context, s *evil.Store, place, _ string) error {
		_, err := s.Truncate(ctx, place, 0)
		return err
	}, []error{vault.ErrTampered, vault.ErrMalformed}},
	{"extend", func(ctx context.Context, s *evil.Store, place, _ string) error {
		_, err := s.Extend(ctx, place, []byte{0})
		return err
	}, []error{vault.ErrTampered}},
	{"swap", func(ctx context.Context, s *evil.Store, place, other string) error {
		_, err := s.Swap(ctx, place, other)
		return err
	}, []error{vault.ErrTampered, vault.ErrNewer, vault.ErrMalformed}},
	{"copy another over it", func(ctx context.Context, s *evil.Store, place, other string) error {
		_, err := s.Copy(ctx, other, place)
		return err
	}, []error{vault.ErrTampered, vault.ErrNewer, vault.ErrMalformed}},
	{"delete", func(ctx context.Context, s *evil.Store, place, _ string) error {
		_, err := s.Erase(ctx, evil.Name(place))
		return err
	}, []error{vault.ErrMissing}},
}

func TestEveryAttackOnEveryKindOfObjectIsNamed(t *testing.T) {
	ctx := context.Background()
	s := newScene(t)
	clean := s.restore(placed{s.attacked()}, s.keys)
	if len(clean.errs) != 0 || !s.whole(clean) {
		t.Fatal(clean.errs)
	}
	for _, kind := range slices.Sorted(maps.Keys(s.kinds)) {
		names := s.kinds[kind]
		doubled := kind != "chunk" && kind != "bundle"
		for _, a := range atRest {
			t.Run(kind+"/"+a.name, func(t *testing.T) {
				st := s.attacked()
				if err := a.make(ctx, st, names[0], names[1]); err != nil {
					t.Fatal(err)
				}
				if doubled { // one copy alone: everything is still there
					switch a.name {
					case "flip middle", "truncate to nothing", "delete":
						if kind == "slot" {
							break
						}
						if out := s.restore(placed{st}, s.keys); !s.whole(out) {
							t.Errorf("with one copy attacked: %d files, %v", len(out.contents), out.errs)
						}
					}
					if err := a.make(ctx, st, vault.Mirror(names[0]), vault.Mirror(names[1])); err != nil {
						t.Fatal(err)
					}
				}
				if kind == "slot" {
					_, err := s.openSlot(placed{st})
					if !slices.ContainsFunc(append(a.want, vault.ErrKDFBounds, vault.ErrTampered, vault.ErrNewer), func(w error) bool { return errors.Is(err, w) }) {
						t.Error(err)
					}
					return
				}
				out := s.restore(placed{st}, s.keys)
				if kind == "full" && a.name == "delete" { // the newest of all: only memory can tell
					pin := writer.Pin{Control: s.control, Tag: s.second.Writer.Tag, Log: s.heads[s.second.Writer.Tag]}
					if err := writer.CheckPin(out.chain, out.histories, pin); !errors.Is(err, vault.ErrRollback) || !s.whole(out) {
						t.Error(err, out.errs)
					}
					return
				}
				if !out.has(a.want...) {
					t.Errorf("no %v among %v", a.want, out.errs)
				}
				st.MustHaveHit(t)
			})
		}
	}
	t.Run("another Space", func(t *testing.T) {
		o := newScene(t)
		for kind, names := range s.kinds {
			st := s.attacked()
			for _, place := range both(names[0]) {
				if _, err := st.Plant(ctx, place, o.place.Bytes(o.kinds[kind][0])); err != nil {
					t.Fatal(err)
				}
			}
			if kind == "slot" {
				if _, err := s.openSlot(placed{st}); !errors.Is(err, vault.ErrTampered) {
					t.Error("slot:", err)
				}
				continue
			}
			if out := s.restore(placed{st}, s.keys); !out.has(vault.ErrTampered, vault.ErrWrongKey) {
				t.Errorf("%s: %v", kind, out.errs)
			}
		}
	})
}

func (s *scene) openSlot(o writer.Objects) (*RecoveryKeys, error) {
	space, kit := s.created.Writer.Space, s.created.Kit
	k, _, err := writer.Doubled(context.Background(), o, vault.SlotName(SlotID(kit, space)), func(obj []byte) (*RecoveryKeys, error) {
		return OpenSlot(space, kit, []byte("pass"), obj)
	})
	return k, err
}

func TestOlderStatesAreRollbacks(t *testing.T) {
	ctx := context.Background()
	s := newScene(t)
	tag := s.second.Writer.Tag
	pin := writer.Pin{Control: s.control, Tag: tag, Log: s.heads[tag]}
	check := func(name string, st *evil.Store, want error) {
		t.Helper()
		out := s.restore(placed{st}, s.keys)
		if out.chain == nil {
			t.Fatalf("%s: %v", name, out.errs)
		}
		if err := writer.CheckPin(out.chain, out.histories, pin); !errors.Is(err, want) {
			t.Errorf("%s: %v", name, err)
		}
		st.MustHaveHit(t)
	}
	check("nothing", s.attacked(), nil)
	whole := s.attacked()
	if _, err := whole.RollBack(ctx, s.early.Open(), evil.All); err != nil {
		t.Fatal(err)
	}
	check("whole store", whole, vault.ErrRollback)
	log := s.attacked()
	last := vault.CommitName(tag, s.heads[tag].Seq)
	if _, err := log.Erase(ctx, evil.Name(both(last)...)); err != nil {
		t.Fatal(err)
	}
	check("the log's end", log, vault.ErrRollback)
	gap := s.attacked()
	first := vault.CommitName(s.created.Writer.Tag, 1)
	if _, err := gap.Erase(ctx, evil.Name(both(first)...)); err != nil {
		t.Fatal(err)
	}
	// What one log saw of another is held against it, without any pin.
	if out := s.restore(placed{gap}, s.keys); !out.has(vault.ErrRollback) || !out.has(vault.ErrMissing) {
		t.Error("another log's sight:", out.errs)
	}
	// A listing that leaves out the newest entries hides nothing.
	short := s.attacked()
	a := short.Omit(evil.Name(append(both(last), both(vault.ControlName(s.control.Seq))...)...))
	out := s.restore(placed{short}, s.keys)
	if err := writer.CheckPin(out.chain, out.histories, pin); err != nil || !s.whole(out) {
		t.Error("short listing:", err, out.errs)
	}
	a.MustHaveHit(t)
	// The kit's checkpoint is a floor of its own.
	old := s.early.Open()
	if _, err := Recover(ctx, placed{old}, s.created.Writer.Space, s.created.Kit, []byte("pass"), &Checkpoint{Control: s.control}); !errors.Is(err, vault.ErrRollback) {
		t.Error("checkpoint of the control chain:", err)
	}
	r, err := Recover(ctx, placed{old}, s.created.Writer.Space, s.created.Kit, []byte("pass"),
		&Checkpoint{Control: s.created.Genesis.Head(), Heads: []vault.SeenHead{{Tag: s.created.Writer.Tag, Head: vault.Head{Seq: 3}}}})
	if err != nil {
		t.Fatal(err)
	}
	heads, _, err := r.Reader.Rebuild(ctx, placed{old}, r.View, r.Chain, NewCatalogue(), nil)
	if err != nil || !errors.Is(r.CheckHeads(heads), vault.ErrRollback) {
		t.Error("checkpoint of a log:", err)
	}
}

func TestAnEpochTakenAwayLeavesWhatIsOlderAndSaysSo(t *testing.T) {
	ctx := context.Background()
	s := newScene(t)
	st := s.attacked()
	if _, err := st.Erase(ctx, evil.Name(both(s.kinds["epoch"][0])...)); err != nil {
		t.Fatal(err)
	}
	out := s.restore(placed{st}, s.keys)
	if !out.shutOut || !out.has(vault.ErrMissing) || len(out.contents) != 3 {
		t.Errorf("shut out %v, %d files, %v", out.shutOut, len(out.contents), out.errs)
	}
}

func TestForkedAndVanishedCommitsAreTold(t *testing.T) {
	ctx := context.Background()
	s := newScene(t)
	w := s.created.Writer
	seen := s.heads[w.Tag]
	view := s.second.Writer
	chain, _, _, err := writer.LoadChain(ctx, placed{s.place.Open()}, view, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	walk := func(o writer.Objects, after vault.Head) []writer.Finding {
		_, found, err := writer.WalkLog(ctx, o, view, chain, w.Tag, after, func(writer.LogCommit) error { return nil })
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	has := func(found []writer.Finding, want error) bool {
		return slices.ContainsFunc(found, func(f writer.Finding) bool { return errors.Is(f.Err, want) })
	}
	if f := walk(placed{s.place.Open()}, seen); len(f) != 0 {
		t.Fatal(f)
	}
	// The lost device writes another second commit, and puts it in the first one's place.
	first, err := s.second.Writer.OpenCommit(vault.CommitName(w.Tag, 1), s.place.Bytes(vault.CommitName(w.Tag, 1)))
	if err != nil {
		t.Fatal(err)
	}
	payload, _ := w.SealPayload(2, vault.Payload{Body: vault.Page{}.Encode()}.Encode())
	c := vault.Commit{Seq: 2, Prev: first.Head.Hash, Control: s.created.Genesis.Head(), Time: 99}
	other, err := w.SealCommit(c, payload)
	if err != nil {
		t.Fatal(err)
	}
	st := s.attacked()
	for _, n := range both(other.Name) {
		if _, err := st.Plant(ctx, n, other.Object); err != nil {
			t.Fatal(err)
		}
	}
	if f := walk(placed{st}, seen); !has(f, vault.ErrFork) {
		t.Error("another commit where one was seen:", f)
	}
	if f := walk(placed{st}, vault.Head{}); !has(f, vault.ErrFork) {
		t.Error("another commit than the cap names:", f)
	}
	// A whole other history below the cap is not taken over either.
	c.Seq, c.Prev = 1, w.Genesis
	payload, _ = w.SealPayload(1, vault.Payload{Body: vault.Page{}.Encode()}.Encode())
	forged, err := w.SealCommit(c, payload)
	if err != nil {
		t.Fatal(err)
	}
	st = s.attacked()
	for _, n := range both(forged.Name) {
		if _, err := st.Plant(ctx, n, forged.Object); err != nil {
			t.Fatal(err)
		}
	}
	taken := 0
	_, f, err := writer.WalkLog(ctx, placed{st}, view, chain, w.Tag, vault.Head{}, func(writer.LogCommit) error { taken++; return nil })
	if err != nil || taken != 0 || !has(f, vault.ErrFork) {
		t.Errorf("%d commits of a forged history taken over: %v %v", taken, f, err)
	}
	// A clone of the disk writes the same number beside it.
	tag := s.second.Writer.Tag
	last, err := view.OpenCommit(vault.CommitName(tag, 1), s.place.Bytes(vault.CommitName(tag, 1)))
	if err != nil {
		t.Fatal(err)
	}
	h := last.Header
	h.Time = 77
	payload, _ = view.SealPayload(1, vault.Payload{Body: vault.Page{}.Encode()}.Encode())
	twin, err := view.SealCommitBeside(h, payload)
	if err != nil {
		t.Fatal(err)
	}
	st = s.attacked()
	if _, err := st.Plant(ctx, twin.Name, twin.Object); err != nil {
		t.Fatal(err)
	}
	if out := s.restore(placed{st}, s.keys); !out.has(vault.ErrFork) {
		t.Error("two commits of one number:", out.errs)
	}
	// Accepted, then forgotten: later ones are there.
	st = s.attacked()
	if _, err := st.Erase(ctx, evil.Name(both(vault.CommitName(tag, 1))...)); err != nil {
		t.Fatal(err)
	}
	_, f, err = writer.WalkLog(ctx, placed{st}, view, chain, tag, last.Head, func(writer.LogCommit) error { return nil })
	if err != nil || !has(f, vault.ErrVanished) {
		t.Error(f, err)
	}
}

func TestJunkUnderFutureNamesStopsNothing(t *testing.T) {
	ctx := context.Background()
	s := newScene(t)
	tag := s.second.Writer.Tag
	head := s.heads[tag]
	junk := make([]byte, 9000)
	rand.Read(junk)
	newer := slices.Clone(junk)
	copy(newer, "LPE1\x09")
	next := vault.CommitName(tag, head.Seq+1)
	for name, data := range map[string][]byte{"random": junk, "newer version": newer, "empty": {}, "huge": bytes.Repeat([]byte{7}, vault.MaxChunkObject)} {
		t.Run(name, func(t *testing.T) {
			st := s.attacked()
			for _, n := range []string{next, vault.ControlName(s.control.Seq + 1), vault.CommitName(tag, vault.MaxSeq), vault.ControlName(vault.MaxSeq),
				"l/" + tag.String() + "/0000000/9999999999", "k/00000001", "e/0000000009.00000000", "e/4294967295.00000000", "r/" + strings.Repeat("0", 32), "l/zz/zz"} {
				for _, p := range both(n) {
					if _, err := st.Plant(ctx, p, data); err != nil {
						t.Fatal(err)
					}
				}
			}
			out := s.restore(placed{st}, s.keys)
			if !s.whole(out) || len(out.errs) == 0 || out.heads[tag] != head {
				t.Errorf("%d files, %v", len(out.contents), out.errs)
			}
			// The writer goes on beside the junk, and readers find it.
			d := &device{s: s, w: s.second.Writer, prev: head, control: s.control}
			payload, _ := d.w.SealPayload(head.Seq+1, vault.Payload{Body: vault.Page{}.Encode()}.Encode())
			b, err := d.w.SealCommitBeside(vault.Commit{Seq: head.Seq + 1, Prev: head.Hash, Control: s.control}, payload)
			if err != nil || !vault.ValidName(b.Name) {
				t.Fatal(b.Name, err)
			}
			if _, err := st.Plant(ctx, b.Name, b.Object); err != nil {
				t.Fatal(err)
			}
			if out := s.restore(placed{st}, s.keys); out.heads[tag] != b.Head {
				t.Error("the commit beside the junk is not found")
			}
		})
	}
}

func TestPlantedEpochsAndEntriesBeyondTheCapAreIgnored(t *testing.T) {
	ctx := context.Background()
	s := newScene(t)
	st := s.attacked()
	// The lost device knows M and every public key.
	w := s.created.Writer
	kem, err := vault.NewKEM(s.keys.KEMSeed.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	fake, _, err := BuildEpoch(w.Space, w.Mix, []secret.Secret{secret.Random(32), secret.Random(32), secret.Random(32)},
		[]EpochMember{{ID: s.keys.ID, Reader: kem.PublicKey().Bytes()}})
	if err != nil {
		t.Fatal(err)
	}
	head := s.heads[w.Tag]
	evilPage := vault.Page{Entries: []vault.Entry{{ID: vault.FileID{1}, Path: "planted", Versions: []vault.Version{{}}}}}
	payload, _ := w.SealPayload(head.Seq+1, vault.Payload{Body: evilPage.Encode()}.Encode())
	beyond, err := w.SealCommit(vault.Commit{Seq: head.Seq + 1, Prev: head.Hash, Control: s.created.Genesis.Head()}, payload)
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range []writer.Built{fake, beyond.Built} {
		for _, n := range both(b.Name) {
			if _, err := st.Plant(ctx, n, b.Object); err != nil {
				t.Fatal(err)
			}
		}
	}
	out := s.restore(placed{st}, s.keys)
	if !s.whole(out) || out.chain.Generation() != 2 || out.heads[w.Tag] != head || !out.has(vault.ErrTampered) {
		t.Errorf("%d files, generation %d, %v", len(out.contents), out.chain.Generation(), out.errs)
	}
}

func TestKeyDerivationParametersAreRefusedBeforeAnythingIsAllocated(t *testing.T) {
	s := newScene(t)
	good := s.place.Bytes(s.kinds["slot"][0])
	space, kit := s.created.Writer.Space, s.created.Kit
	for name, edit := range map[string]func([]byte){
		"no pass": func(b []byte) { b[4] = 0 }, "11 passes": func(b []byte) { b[4] = 11 }, "4 billion passes": func(b []byte) { b[1] = 0xff },
		"1 KiB": func(b []byte) { copy(b[5:], []byte{0, 0, 0, 1}) }, "2 GiB + 1 KiB": func(b []byte) { copy(b[5:], []byte{0, 32, 0, 1}) },
		"4 TiB": func(b []byte) { copy(b[5:], []byte{255, 255, 255, 255}) }, "no thread": func(b []byte) { b[9] = 0 }, "9 threads": func(b []byte) { b[9] = 9 },
	} {
		b := bytes.Clone(good)
		edit(b)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := OpenSlot(space, kit, []byte("pass"), b)
		runtime.ReadMemStats(&after)
		if !errors.Is(err, vault.ErrKDFBounds) || after.TotalAlloc-before.TotalAlloc > 1<<20 {
			t.Errorf("%s: %v, %d bytes", name, err, after.TotalAlloc-before.TotalAlloc)
		}
		if _, err := Open(space, s.created.Writer.Device, b, Lock{Passphrase: []byte("pass")}); !errors.Is(err, vault.ErrKDFBounds) {
			t.Errorf("reader.bin, %s: %v", name, err)
		}
	}
	for name, at := range map[string]int{"passes": 4, "memory": 8, "salt": 12} {
		b := bytes.Clone(good)
		b[at] ^= 3
		if _, err := OpenSlot(space, kit, []byte("pass"), b); !errors.Is(err, vault.ErrTampered) {
			t.Errorf("%s within bounds: %v", name, err)
		}
	}
	b := bytes.Clone(good)
	b[0] = 2
	if _, err := OpenSlot(space, kit, []byte("pass"), b); !errors.Is(err, vault.ErrNewer) {
		t.Error("another derivation:", err)
	}
}
