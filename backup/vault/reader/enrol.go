package reader

import (
	"fmt"
	"slices"

	"lightproof/backup/vault"
	"lightproof/backup/vault/writer"
	"lightproof/keystore/secret"
)

// Enrolment adds a computer to a recovered Space: objects to store in this order, and the new device's keysets.
type Enrolment struct {
	Writer  *writer.Keyset
	Reader  *Keyset
	Objects []writer.Built
	Forks   bool // the entries take the place of one that shut the kit out: every other device sees a fork and is told
}

// Enrol makes a new device, signed in by the recovery key; revokes lost devices at the given heads of their logs; and starts a new
// generation that the lost ones cannot read. The chain is extended by device-revoke for each lost one, device-add, epoch. A kit that is
// shut out of the newest generation forks before the entry that did it (FORMAT.md, "Control chain", rule 6): whoever wrote that one
// should be among the lost.
func (r *Recovered) Enrol(deviceName string, lost map[vault.DeviceID]vault.Head, now int64) (*Enrolment, error) {
	chain, out := r.Chain, &Enrolment{}
	if r.View.Generation(chain.Generation()) == nil {
		head, g := chain.HeadHeld(func(g uint32) bool { return r.View.Generation(g) != nil })
		var err error
		if chain, err = chain.Upto(head); err != nil || g == 0 {
			return nil, fmt.Errorf("this kit opens no generation of the chain: %w", vault.ErrWrongKey)
		}
		out.Forks = true
	}
	dev, w, rd, err := newDevice(r.View.Space, deviceName, r.Keys.Mix.Clone())
	if err != nil {
		return nil, err
	}
	out.Writer, out.Reader = w, rd
	w.Genesis, rd.Genesis = r.Keys.Genesis, r.Keys.Genesis
	keys := make([]secret.Secret, r.Chain.NextGeneration())
	for i, e := range r.Reader.Generations[:min(len(r.Reader.Generations), len(keys)-1)] {
		keys[i] = e.Clone()
	}
	key := r.View.Generation(chain.Generation()).ControlKey()
	head := chain.Head()
	w.Matured = min(r.Matured, head.Seq) // what comes after is for this device to wait for
	rd.Matured = w.Matured
	add := func(e *vault.Control) error {
		e.Space, e.Author, e.Seq, e.Prev, e.Generation, e.Time = w.Space, r.Keys.ID, head.Seq+1, head.Hash, chain.Generation(), now
		if err := e.Sign(r.Keys.Signing); err != nil {
			return err
		}
		seal := e.Seal
		if out.Forks {
			seal = e.SealBeside
		}
		name, obj, err := seal(key)
		head = e.Head()
		out.Objects = append(out.Objects, writer.Built{Name: name, Object: obj})
		return err
	}
	members, err := r.remove(chain, lost, add)
	if err != nil {
		return nil, err
	}
	cos, err := rd.Control.Cosign(vault.CtlDeviceAdd.String(), append(append([]byte(nil), r.Keys.Genesis[:]...), dev.Encode()...))
	if err != nil {
		return nil, err
	}
	if err := add(&vault.Control{Type: vault.CtlDeviceAdd, Device: dev, Cosign: cos.Encode()}); err != nil {
		return nil, err
	}
	members = append(members, EpochMember{ID: dev.ID, Reader: dev.ReaderKEM, Writer: dev.WriterKEM})
	keys[len(keys)-1] = secret.Random(32)
	epoch, ref, err := BuildEpoch(w.Space, r.Keys.Mix, keys, members)
	if err != nil {
		return nil, err
	}
	out.Objects = append(out.Objects, epoch)
	if err := add(&vault.Control{Type: vault.CtlEpoch, Epoch: ref}); err != nil {
		return nil, err
	}
	rd.Generations = keys
	for i, e := range keys {
		n := uint32(i + 1)
		if e.IsZero() {
			continue
		}
		epk := r.Chain.EPK(n)
		if n == ref.Generation {
			epk = ref.EPK
		}
		w.Generations, w.EPKs = append(w.Generations, vault.NewGeneration(w.Space, n, writerOf(e, w.Space, n))), append(w.EPKs, epk)
	}
	return out, nil
}

// remove revokes the lost devices, and tells who stays. Where there is still no room for one more, it revokes kits that a device added
// and that are not mature: whoever filled the places must not keep this kit from going on.
func (r *Recovered) remove(chain *vault.Chain, lost map[vault.DeviceID]vault.Head, add func(*vault.Control) error) (stay []EpochMember, err error) {
	for id, at := range lost {
		if p := chain.Device(id); p == nil || p.Device == nil || !p.Active {
			return nil, fmt.Errorf("device to revoke: %w", vault.ErrMissing)
		}
		if err := add(&vault.Control{Type: vault.CtlDeviceRevoke, Target: id, Cap: &at}); err != nil {
			return nil, err
		}
	}
	for _, m := range MembersOf(chain) {
		if _, gone := lost[m.ID]; !gone {
			stay = append(stay, m)
		}
	}
	for i := 0; i < len(stay) && len(stay) >= vault.EpochSlots; {
		if p := chain.Device(stay[i].ID); p.Recovery == nil || p.Rank() > 1 || p.Recovery.ID == r.Keys.ID {
			i++
			continue
		}
		if err := add(&vault.Control{Type: vault.CtlRecoveryRevoke, Target: stay[i].ID}); err != nil {
			return nil, err
		}
		stay = slices.Delete(stay, i, i+1)
	}
	return stay, nil
}
