package kit

import (
	"bytes"
	"crypto/rand"
	"testing"
)

func TestCheckAsksThreeDifferentWords(t *testing.T) {
	k := sample(t)
	// 255 is past the last multiple of 24 and skipped; 7 twice is drawn again
	c, err := NewCheck(k.Words, bytes.NewReader([]byte{255, 7, 7, 31, 23, 0}))
	if err != nil || c.Positions() != [Asked]int{1, 8, 24} {
		t.Fatalf("positions %v, %v", c.Positions(), err)
	}
	answer := func(a, b, c string) [Asked][]byte { return [Asked][]byte{[]byte(a), []byte(b), []byte(c)} }
	w1, w8, w24 := k.Words[0], k.Words[7], k.Words[23]
	for name, q := range map[string]struct {
		answers [Asked][]byte
		want    [Asked]bool
	}{
		"right":             {answer(w1, w8, w24), [Asked]bool{true, true, true}},
		"careless":          {answer(" 1. "+string(bytes.ToUpper([]byte(w1))), w8+"\n", "24) "+w24), [Asked]bool{true, true, true}},
		"one wrong":         {answer(w1, "zoo", w24), [Asked]bool{true, false, true}},
		"swapped":           {answer(w8, w1, w24), [Asked]bool{false, false, true}},
		"nothing":           {answer("", "", ""), [Asked]bool{}},
		"none given":        {[Asked][]byte{}, [Asked]bool{}},
		"more than a word":  {answer(w1+" "+w8, w8, w24), [Asked]bool{false, true, true}},
		"word and more":     {answer(w1+"xxxxxxxxx", w8, w24), [Asked]bool{false, true, true}},
		"beginning of word": {answer(w1[:3], w8, w24), [Asked]bool{false, true, true}},
	} {
		if got := c.Verify(q.answers); got != q.want {
			t.Errorf("%s: %v, want %v", name, got, q.want)
		}
	}
	c.Wipe()
	for _, after := range [][Asked][]byte{answer(w1, w8, w24), answer("", "", "")} {
		if got := c.Verify(after); got != [Asked]bool{} {
			t.Errorf("after Wipe: %v", got)
		}
	}
}

func TestCheckNeedsWordsAndRandomness(t *testing.T) {
	if _, err := NewCheck(nil, rand.Reader); err == nil {
		t.Error("a check of no words")
	}
	if _, err := NewCheck(sample(t).Words, bytes.NewReader([]byte{1, 1, 1})); err == nil {
		t.Error("a check without randomness")
	}
}

func TestCheckReachesEveryWord(t *testing.T) {
	k := sample(t)
	asked := map[int]bool{}
	for range 1000 { // a place is missed with probability (7/8)^1000
		c, err := NewCheck(k.Words, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range c.Positions() {
			asked[p] = true
		}
	}
	if len(asked) != len(k.Words) || !asked[1] || !asked[24] {
		t.Errorf("only places %v are asked for", asked)
	}
}
