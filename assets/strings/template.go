// Package texts is the string table: every message, verdict sentence and tray line that Lightproof shows, with the rules of
// its wording. It holds plain English templates with named parameters, and no logic of the engine or of a screen. The
// folder is called strings; the package is texts, so that it does not hide the standard library's strings.
//
// A template names its parameters in braces, with the kind that says how the value is written:
//
//	{n:count}            41,207          whole number with thousands separators
//	{name}               NAS             text as it is, control characters shown as "�"
//	{room:size}          48 GB           bytes, 1 GB = 10⁹
//	{age:span}           9 days          how long, rounded down
//	{since:date}         3 Nov           a day, with its year when that is not the current one
//	{at:clock}           14:02           a time of day, with its date when that is not today
//	{n?original|originals}               the first form for exactly one, else the second
package texts

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"
)

// Params are a template's values by name. Numbers may be any integer type, float64 without fraction or json.Number;
// spans time.Duration or a number of seconds; dates and clocks time.Time or RFC 3339 text: so values keep their meaning
// across JSON.
type Params map[string]any

// Printer writes texts as of one moment. Now decides which dates need a year and which times need a date; its location
// is the zone in which times are shown.
type Printer struct{ Now time.Time }

// ErrParameter says that a value is missing, is of the wrong kind, or that no template asks for it. The text returned
// beside it is complete all the same, with "?" for what is not known.
var ErrParameter = errors.New("parameter")

// unknown stands for a value that was not given; it is what the screen shows rather than an invented number.
const unknown = "?"

// fill writes the template with its values. used collects the names that it asked for.
func (p Printer) fill(template string, values Params, used map[string]bool) (string, error) {
	var out strings.Builder
	var faults []error
	for rest := template; ; {
		before, after, found := strings.Cut(rest, "{")
		out.WriteString(before)
		if !found {
			return out.String(), errors.Join(faults...)
		}
		inside, next, closed := strings.Cut(after, "}")
		if !closed {
			return out.String(), errors.Join(append(faults, fmt.Errorf("%w: no closing brace in %q", ErrParameter, template))...)
		}
		text, err := p.one(inside, values, used)
		if err != nil {
			faults = append(faults, err)
		}
		out.WriteString(text)
		rest = next
	}
}

// one writes what stands between one pair of braces.
func (p Printer) one(inside string, values Params, used map[string]bool) (string, error) {
	name, forms, plural := strings.Cut(inside, "?")
	kind := "count"
	if !plural {
		if name, kind, _ = strings.Cut(inside, ":"); kind == "" {
			kind = "name"
		}
	}
	used[name] = true
	value, given := values[name]
	if !given {
		if plural {
			return afterBar(forms), fmt.Errorf("%w %s is missing", ErrParameter, name)
		}
		return unknown, fmt.Errorf("%w %s is missing", ErrParameter, name)
	}
	text, one, ok := p.value(kind, value)
	switch {
	case !ok:
		return unknown, fmt.Errorf("%w %s: %T is no %s", ErrParameter, name, value, kind)
	case plural && one:
		before, _, _ := strings.Cut(forms, "|")
		return before, nil
	case plural:
		return afterBar(forms), nil
	}
	return text, nil
}

func afterBar(forms string) string {
	_, after, _ := strings.Cut(forms, "|")
	return after
}

// value writes v as its kind demands; one tells whether it is exactly one.
func (p Printer) value(kind string, v any) (text string, one, ok bool) {
	switch kind {
	case "name":
		s, ok := v.(string)
		return Name(s), false, ok
	case "count":
		n, ok := whole(v)
		return Count(n), n == 1, ok
	case "size":
		n, ok := whole(v)
		return Size(n), false, ok
	case "span":
		d, ok := v.(time.Duration)
		if !ok {
			var seconds int64
			if seconds, ok = whole(v); ok {
				d = time.Duration(seconds) * time.Second
			}
		}
		return Span(d), false, ok
	case "date", "clock":
		at, ok := v.(time.Time)
		if s, isText := v.(string); isText {
			var err error
			at, err = time.Parse(time.RFC3339Nano, s)
			ok = err == nil
		}
		if kind == "date" {
			return p.Date(at), false, ok
		}
		return p.Clock(at), false, ok
	}
	return unknown, false, false
}

// whole takes any integer, also where JSON made a float64 of it.
func whole(v any) (int64, bool) {
	switch n := v.(type) {
	case int:
		return int64(n), true
	case int64:
		return n, true
	case uint64:
		return int64(min(n, math.MaxInt64)), true
	case int32:
		return int64(n), true
	case uint32:
		return int64(n), true
	case float64:
		return int64(n), n == math.Trunc(n) && math.Abs(n) < 1<<53
	case json.Number:
		i, err := n.Int64()
		return i, err == nil
	}
	return 0, false
}
