package vault

import (
	"crypto/cipher"
	"encoding/binary"
)

// RecordKeys derives the single-use AEAD, nonce and additional data of one bundle record from its reference.
func RecordKeys(r Ref, space SpaceID) (aead cipher.AEAD, nonce, aad []byte) {
	info := append(append(make([]byte, 0, 64), "lp1/record-key\x00"...), space[:]...)
	info = binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(info, r.Off), r.Len)
	okm := expand(r.Key[:], info, 44)
	aad = append(append(make([]byte, 0, 28), space[:]...), "LPB1"...)
	aad = binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(aad, r.Off), r.Len)
	return newGCM(okm[:32]), okm[32:44], aad
}
