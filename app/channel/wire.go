package channel

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"unicode/utf8"
)

// File names are bytes, JSON strings are Unicode: encoding/json would turn a name that is not valid UTF-8 into another name. Such
// a string travels as rawMark and its bytes in base64. The mark begins with a zero byte, which no path holds.
const rawMark = "\x00b64:"

// encode gives v as JSON, every string whole.
func encode(v any) ([]byte, error) {
	r := reflect.ValueOf(v)
	if hasString(r, func(s string) bool { return !utf8.ValidString(s) || strings.HasPrefix(s, rawMark) }) {
		r = rewrite(r, func(s string) string {
			if utf8.ValidString(s) && !strings.HasPrefix(s, rawMark) {
				return s
			}
			return rawMark + base64.StdEncoding.EncodeToString([]byte(s))
		})
		v = r.Interface()
	}
	return json.Marshal(v)
}

// decodeStrict reads exactly one JSON object into the struct that v points to. An unknown field, a repeated one, or anything after
// the object is an error that matches ErrBadRequest: a command that was half understood must not be carried out.
func decodeStrict(body []byte, v any) error {
	if err := checkMembers(body); err != nil {
		return fmt.Errorf("%w: %v", ErrBadRequest, err)
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return fmt.Errorf("%w: %v", ErrBadRequest, err)
	}
	return restore(v)
}

// decodeLenient reads an answer or event; what it does not know is ignored.
func decodeLenient(body []byte, v any) error {
	if err := json.Unmarshal(body, v); err != nil {
		return err
	}
	return restore(v)
}

// restore puts back in place the strings that encode marked.
func restore(v any) error {
	r := reflect.ValueOf(v).Elem()
	if !hasString(r, func(s string) bool { return strings.HasPrefix(s, rawMark) }) {
		return nil
	}
	var bad error
	r.Set(rewrite(r, func(s string) string {
		coded, marked := strings.CutPrefix(s, rawMark)
		if !marked {
			return s
		}
		raw, err := base64.StdEncoding.DecodeString(coded)
		if err != nil {
			bad = fmt.Errorf("%w: %v", ErrBadRequest, err)
		}
		return string(raw)
	}))
	return bad
}

// checkMembers refuses JSON that is not one object, or that names a member of any object twice (RFC 8259, section 4, leaves the
// meaning of that open).
func checkMembers(body []byte) error {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	type level struct {
		names map[string]bool // nil in an array
		key   bool            // the next token is a member's name
	}
	var open []level
	for first := true; ; first = false {
		t, err := d.Token()
		if err == io.EOF && !first && len(open) == 0 {
			return nil
		}
		if err != nil {
			return err
		}
		if len(open) == 0 && (!first || t != json.Delim('{')) {
			return errors.New("not one object")
		}
		switch {
		case t == json.Delim('{'):
			open = append(open, level{names: map[string]bool{}, key: true})
			continue
		case t == json.Delim('['):
			open = append(open, level{})
			continue
		case t == json.Delim('}'), t == json.Delim(']'):
			open = open[:len(open)-1]
		case open[len(open)-1].key:
			at := &open[len(open)-1]
			name := strings.ToLower(t.(string)) // encoding/json matches names in any case
			if at.names[name] {
				return fmt.Errorf("member %.40q twice", name)
			}
			at.names[name], at.key = true, false
			continue
		}
		if n := len(open); n > 0 && open[n-1].names != nil {
			open[n-1].key = true
		}
	}
}

// hasString tells whether any string in v, however deep, is one that match is looking for.
func hasString(v reflect.Value, match func(string) bool) bool {
	switch v.Kind() {
	case reflect.String:
		return match(v.String())
	case reflect.Pointer, reflect.Interface:
		return !v.IsNil() && hasString(v.Elem(), match)
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() && hasString(v.Field(i), match) {
				return true
			}
		}
	case reflect.Slice, reflect.Array:
		if k := v.Type().Elem().Kind(); k == reflect.Uint8 {
			return false
		}
		for i := range v.Len() {
			if hasString(v.Index(i), match) {
				return true
			}
		}
	case reflect.Map:
		for it := v.MapRange(); it.Next(); {
			if hasString(it.Key(), match) || hasString(it.Value(), match) {
				return true
			}
		}
	}
	return false
}

// rewrite returns a deep copy of v with f applied to every string. Unexported fields (time.Time) are copied as they are.
func rewrite(v reflect.Value, f func(string) string) reflect.Value {
	out := reflect.New(v.Type()).Elem()
	switch v.Kind() {
	case reflect.String:
		out.SetString(f(v.String()))
	case reflect.Pointer:
		if !v.IsNil() {
			p := reflect.New(v.Type().Elem())
			p.Elem().Set(rewrite(v.Elem(), f))
			out.Set(p)
		}
	case reflect.Interface:
		if !v.IsNil() {
			out.Set(rewrite(v.Elem(), f))
		}
	case reflect.Struct:
		out.Set(v)
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				out.Field(i).Set(rewrite(v.Field(i), f))
			}
		}
	case reflect.Slice:
		if v.IsNil() || v.Type().Elem().Kind() == reflect.Uint8 {
			out.Set(v)
			break
		}
		out.Set(reflect.MakeSlice(v.Type(), v.Len(), v.Len()))
		for i := range v.Len() {
			out.Index(i).Set(rewrite(v.Index(i), f))
		}
	case reflect.Map:
		if v.IsNil() {
			break
		}
		out.Set(reflect.MakeMapWithSize(v.Type(), v.Len()))
		for it := v.MapRange(); it.Next(); {
			out.SetMapIndex(rewrite(it.Key(), f), rewrite(it.Value(), f))
		}
	default:
		out.Set(v)
	}
	return out
}
