package vault

import (
	"crypto/cipher"
	"encoding/binary"
)

// RecordKeys derives the single-use AEAD, nonce and additional data of one bundle record from its reference.
func RecordKeys(r Ref, space SpaceID) (aead cipher.AEAD, nonce, aad []byte) {
	place := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, r.Off), r.Len)
	info := append([]byte("lp1/record-key\x00"), space[:]...)
	okm := expand(r.Key[:], append(info, place...), 44)
	aad = append(append(aad, space[:]...), "LPB1"...)
	return newGCM(okm[:32]), okm[32:44], append(aad, place...)
}
