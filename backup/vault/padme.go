package vault

import "math/bits"

// Padme rounds a length up so that only its magnitude shows (Padmé, "Reducing Metadata Leakage from Encrypted Files and
// Communication with PURBs", 2019): with e = floor(log2 n) and s = floor(log2 e)+1 the result is a multiple of 2^(e-s).
func Padme(n int) int {
	if n < 2 {
		return n
	}
	e := bits.Len(uint(n)) - 1
	s := bits.Len(uint(e))
	if s >= e {
		return n
	}
	mask := 1<<(e-s) - 1
	return (n + mask) &^ mask
}
