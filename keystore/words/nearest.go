package words

import "sort"

// maxSuggestions and maxDistance bound what nearest offers: further away lies nearly every short word.
const (
	maxSuggestions = 3
	maxDistance    = 2
)

// nearest returns the words of the list that take the fewest slips (a letter wrong, missing, too many, two swapped) to become
// word; among equals those that share its first four letters come first, for these alone tell the words of the list apart.
func nearest(word []byte) []string {
	if len(word) > MaxLetters+maxDistance {
		return nil
	}
	type candidate struct {
		word  string
		slips int
		start int
	}
	var found []candidate
	for _, w := range list() {
		c := candidate{w, slips(word, w), sharedStart(word, w)}
		if c.slips <= maxDistance && c.slips < len(word) || c.start >= 4 {
			found = append(found, c)
		}
	}
	sort.SliceStable(found, func(i, j int) bool {
		a, b := found[i], found[j]
		if a.slips != b.slips {
			return a.slips < b.slips
		}
		return a.start > b.start
	})
	out := make([]string, 0, maxSuggestions)
	for _, c := range found[:min(len(found), maxSuggestions)] {
		out = append(out, c.word)
	}
	return out
}

func sharedStart(word []byte, w string) int {
	n := 0
	for n < len(word) && n < len(w) && word[n] == w[n] {
		n++
	}
	return n
}

// slips is the optimal string alignment distance (Damerau and Levenshtein, each letter edited once at most).
func slips(a []byte, b string) int {
	var rows [3][MaxLetters + 1]int
	two, one, now := &rows[0], &rows[1], &rows[2]
	for j := range len(b) + 1 {
		one[j] = j
	}
	for i := 1; i <= len(a); i++ {
		now[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			now[j] = min(one[j]+1, now[j-1]+1, one[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				now[j] = min(now[j], two[j-2]+1)
			}
		}
		two, one, now = one, now, two
	}
	return one[len(b)]
}
