package reader

import (
	"lightproof/backup/vault"
	"lightproof/backup/vault/writer"
	"lightproof/keystore/secret"
)

// View is the writer-level view that this keyset's generations give: it checks chain and logs and cannot write.
func (k *Keyset) View() *writer.Keyset {
	v := &writer.Keyset{Space: k.Space, Device: k.Device, Genesis: k.Genesis, Mix: k.Mix, Matured: k.Matured}
	for i, e := range k.Generations {
		if e.IsZero() {
			continue
		}
		g := uint32(i + 1)
		w := vault.WriterFromReader(e.Bytes(), k.Space, g)
		v.Generations = append(v.Generations, vault.NewGeneration(k.Space, g, secret.New(append([]byte(nil), w[:]...))))
		v.EPKs = append(v.EPKs, nil)
	}
	v.Obey(&k.condemned)
	return v
}
