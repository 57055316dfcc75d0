package source

import "errors"

// look reports one name of a directory, or says that it is a directory. f and err are what the system says of the name.
func (w *walker) look(l *level, name string, f facts, err error, beside func(string) bool) (isDir bool, _ error) {
	if err == nil && f.Kind == KindDir {
		return true, nil
	}
	path := join(l.path, name)
	if err != nil {
		err = classify(err)
		if errors.Is(err, ErrVanished) {
			w.sum.Vanished++
			return false, nil
		}
		f = facts{Item: Item{Kind: KindOther, UID: -1, GID: -1}}
	}
	f.Path = path
	verdict := w.rules.judge(l.verdict, path, false)
	if rule, out := w.skipRule(f, verdict, err != nil, beside); out {
		return false, w.skip(f.Item, rule)
	}
	if err != nil {
		return false, w.unknownFile(f.Item, err)
	}
	if len(path) > w.options.MaxPath {
		return false, w.fail(f.Item, ReasonNameTooLong, ErrNameTooLong)
	}
	if f.Kind == KindSymlink {
		return false, w.link(l, name, f.Item)
	}
	if placeholder(f) || f.Size > 0 && f.blocks == 0 && w.sparseMeansOnline(f.ID.Device) {
		f.State = OnlineOnly
		return false, w.emit(f.Item)
	}
	if err := w.readable(l, name, f); err != nil {
		f.State, f.Reason, f.Err = Unreadable, ReasonPermission, classify(err)
		return false, w.emit(f.Item)
	}
	f.State = Found
	return false, w.emit(f.Item)
}

// readable asks the system unless the answer is plain: to a file's owner the mode speaks alone, access lists or not (acl(5)). A server
// may think otherwise, so on network file systems it is asked.
func (w *walker) readable(l *level, name string, f facts) error {
	if f.Mode&0o400 != 0 && f.UID == w.user && !w.systems[f.ID.Device].network {
		return nil
	}
	return l.dir.readable(name)
}

// skipRule names the rule that leaves f out. What is excluded by identity and what is no file cannot be included by the user.
func (w *walker) skipRule(f facts, verdict int, unknown bool, beside func(string) bool) (string, bool) {
	if !unknown {
		if rule, out := w.exclude.rule(f.ID, f.Path); out {
			return rule, true
		}
		if f.Kind == KindOther {
			return RuleNotFile, true
		}
	}
	if rule, out := w.rules.skips(verdict); out {
		return rule, true
	}
	if f.Kind == KindFile && !w.includes(verdict) {
		if rule := junk(f.Path, beside); rule != "" {
			return rule, true
		}
	}
	return "", false
}

func (w *walker) link(l *level, name string, item Item) error {
	target, err := l.dir.readlink(name)
	if err != nil {
		err = classify(err)
		if errors.Is(err, ErrVanished) {
			w.sum.Vanished++
			return nil
		}
		return w.unknownFile(item, err)
	}
	item.State, item.Target, item.Size = Found, target, int64(len(target))
	return w.emit(item)
}

// unknownFile reports a name whose facts could not be had.
func (w *walker) unknownFile(item Item, err error) error {
	switch {
	case errors.Is(err, ErrUnreadable):
		item.State, item.Reason, item.Err = Unreadable, ReasonPermission, err
		return w.emit(item)
	case errors.Is(err, ErrNameTooLong):
		return w.fail(item, ReasonNameTooLong, err)
	}
	return w.fail(item, ReasonReadError, err)
}

func (w *walker) fail(item Item, reason Reason, err error) error {
	item.State, item.Reason, item.Err = Failed, reason, err
	return w.emit(item)
}

func (w *walker) skip(item Item, rule string) error {
	item.State, item.Rule = Skipped, rule
	return w.emit(item)
}

// unlisted reports a directory whose contents stay unknown.
func (w *walker) unlisted(item Item) error {
	w.sum.AtLeast = true
	item.UID, item.GID = -1, -1
	if errors.Is(item.Err, ErrNameTooLong) {
		return w.fail(item, ReasonNameTooLong, item.Err)
	}
	if !errors.Is(item.Err, ErrUnreadable) {
		w.aborted = true
	}
	item.State, item.Reason = Unreadable, ReasonContentsUnknown
	return w.emit(item)
}

func (w *walker) emit(item Item) error {
	w.sum.Items++
	switch item.State {
	case Found:
		w.sum.Found++
		if item.Kind == KindFile {
			w.sum.Bytes += item.Size
		}
	case Skipped:
		w.sum.Skipped++
	case Unreadable:
		w.sum.Unreadable++
	case OnlineOnly:
		w.sum.OnlineOnly++
	case Failed:
		w.sum.Failed++
	}
	return w.fn(item)
}

func (w *walker) includes(verdict int) bool {
	return verdict < len(w.rules.rules) && w.rules.rules[verdict].Include
}

func (w *walker) sparseMeansOnline(device uint64) bool {
	for _, name := range w.options.SparseMeansOnline {
		if name == w.systems[device].name {
			return true
		}
	}
	return false
}
