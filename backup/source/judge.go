package source

import "strings"

// Judge tells which rule, if any, leaves a path out, without looking at a disk: for trees other than the system's own, and to try
// a rule before it is made.
type Judge struct{ set *ruleSet }

// NewJudge makes rules ready. It returns ErrBadPattern.
func NewJudge(rules Rules) (*Judge, error) {
	set, err := compileRules(rules)
	if err != nil {
		return nil, err
	}
	return &Judge{set}, nil
}

// Skips names the rule that leaves the file at path out: one of the user's or a built-in rule about names. beside tells whether
// another name stands in the same directory; nil means no.
func (j *Judge) Skips(path string, beside func(name string) bool) (rule string, yes bool) {
	verdict := none
	for at := 0; ; {
		i := strings.IndexByte(path[at:], '/')
		if i < 0 {
			break
		}
		at += i
		dir := path[:at]
		verdict = j.set.judge(verdict, dir, true)
		included := verdict < len(j.set.rules) && j.set.rules[verdict].Include
		if !strings.Contains(dir, "/") && volumeFolder(dir) && !included {
			return RuleVolumeSystem, true
		}
		if _, name := cutLast(dir); restoreFolder(name) && !included {
			return RuleRestore, true
		}
		at++
	}
	verdict = j.set.judge(verdict, path, false)
	if name, out := j.set.skips(verdict); out {
		return name, true
	}
	if verdict != none {
		return "", false
	}
	if beside == nil {
		beside = func(string) bool { return false }
	}
	name := junk(path, beside)
	return name, name != ""
}
