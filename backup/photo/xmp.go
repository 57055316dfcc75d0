package photo

import (
	"encoding/xml"
	"strconv"
	"strings"
)

// Namespaces of the properties that are read (XMP specification parts 1 and 2; Google's camera and container schemas).
var xmpNamespaces = map[string]string{
	"http://ns.adobe.com/exif/1.0/":                        "exif",
	"http://cipa.jp/exif/1.0/":                             "exifEX",
	"http://ns.adobe.com/tiff/1.0/":                        "tiff",
	"http://ns.adobe.com/xap/1.0/":                         "xmp",
	"http://ns.adobe.com/photoshop/1.0/":                   "photoshop",
	"http://ns.adobe.com/exif/1.0/aux/":                    "aux",
	"http://ns.google.com/photos/1.0/camera/":              "GCamera",
	"http://ns.google.com/photos/1.0/container/":           "Container",
	"http://ns.google.com/photos/1.0/container/item/":      "Item",
	"http://www.w3.org/1999/02/22-rdf-syntax-ns#":          "rdf",
	"adobe:ns:meta/":                                       "x",
	"http://ns.google.com/photos/dd/1.0/container/":        "Container",
	"http://ns.google.com/photos/dd/1.0/item/":             "Item",
	"http://ns.google.com/photos/1.0/camera/gcamera/":      "GCamera",
	"http://ns.google.com/photos/1.0/camera/microvideo/1/": "GCamera",
}

// xmpReader collects the first value of each known property of a packet.
type xmpReader struct {
	prefixes map[string]string
	path     []string
	values   map[string]string
	items    []map[string]string // members of a Google container directory
}

// xmp reads the first 48 KiB of a packet. Only tokens are taken from the XML reader: no entities, no tree, no namespace
// machinery beyond a small table; a packet cut by the limit gives what was read until there.
func (p *parse) xmp(s section, source string) {
	raw := s.bytes(0, int(min(s.size, maxXMP)))
	if raw == nil {
		return
	}
	x := &xmpReader{prefixes: map[string]string{}, values: map[string]string{}}
	x.read(decodeText(raw))
	p.xmpFields(x, source)
}

func (x *xmpReader) read(text string) {
	text = strings.TrimLeft(text, "\ufeff \t\r\n")
	d := xml.NewDecoder(strings.NewReader(text))
	d.Strict = false
	for range maxXMPTokens {
		token, err := d.RawToken()
		if err != nil {
			return
		}
		switch t := token.(type) {
		case xml.StartElement:
			x.start(t)
		case xml.EndElement:
			if len(x.path) > 0 {
				x.path = x.path[:len(x.path)-1]
			}
		case xml.CharData:
			x.text(t)
		}
	}
}

func (x *xmpReader) start(t xml.StartElement) {
	for _, a := range t.Attr {
		if a.Name.Space == "xmlns" && len(x.prefixes) < maxNamespaces {
			if known, ok := xmpNamespaces[a.Value]; ok {
				x.prefixes[a.Name.Local] = known
			}
		}
	}
	name := x.name(t.Name)
	if len(x.path) < 64 {
		x.path = append(x.path, name)
	} else {
		x.path[63] = "" // deeper than any real packet; the names no longer matter
	}
	if name == "Container:Item" && len(x.items) < 16 {
		x.items = append(x.items, map[string]string{})
	}
	for _, a := range t.Attr {
		x.keep(x.name(a.Name), a.Value)
	}
}

func (x *xmpReader) name(n xml.Name) string {
	known, ok := x.prefixes[n.Space]
	if !ok || len(n.Local) > 64 {
		return ""
	}
	return known + ":" + n.Local
}

// text gives character data to the property it stands in, looking through the rdf lists around a single item.
func (x *xmpReader) text(data []byte) {
	value := strings.TrimSpace(string(data))
	if value == "" {
		return
	}
	for i := len(x.path) - 1; i >= 0; i-- {
		if name := x.path[i]; !strings.HasPrefix(name, "rdf:") {
			x.keep(name, value)
			return
		}
	}
}

func (x *xmpReader) keep(name, value string) {
	if name == "" || len(value) > maxValue {
		return
	}
	if strings.HasPrefix(name, "Item:") && len(x.items) > 0 {
		x.items[len(x.items)-1][name[5:]] = value
		return
	}
	if _, ok := x.values[name]; !ok && len(x.values) < 512 {
		x.values[name] = value
	}
}

// xmpFields fills what stronger sources left open.
func (p *parse) xmpFields(x *xmpReader, source string) {
	v := func(name string) string { return cleanText([]byte(x.values[name])) }
	for _, f := range []struct {
		into  *Value[string]
		names []string
	}{
		{&p.f.Make, []string{"tiff:Make"}}, {&p.f.Model, []string{"tiff:Model"}},
		{&p.f.Lens, []string{"exifEX:LensModel", "aux:Lens"}}, {&p.f.BurstID, []string{"GCamera:BurstID"}},
	} {
		for _, n := range f.names {
			if s := v(n); s != "" {
				f.into.set(s, source+" "+n)
			}
		}
	}
	for _, n := range []string{"exif:DateTimeOriginal", "photoshop:DateCreated", "xmp:CreateDate"} {
		if d, _, ok := parseDate(v(n)); ok {
			p.offerDate(d.taken(), source+" "+n)
		}
	}
	if d, _, ok := parseDate(v("xmp:ModifyDate")); ok {
		p.f.Edited.set(d.taken(), source+" xmp:ModifyDate")
	}
	if o, err := strconv.Atoi(v("tiff:Orientation")); err == nil && o >= 1 && o <= 8 {
		p.f.Orientation.set(o, source+" tiff:Orientation")
	}
	if r, err := strconv.Atoi(v("xmp:Rating")); err == nil && r >= -1 && r <= 5 {
		p.f.Rating.set(r, source+" xmp:Rating")
	}
	lat, ok1 := xmpAxis(v("exif:GPSLatitude"), "N", "S", 90)
	lon, ok2 := xmpAxis(v("exif:GPSLongitude"), "E", "W", 180)
	if ok1 && ok2 && (lat != 0 || lon != 0) {
		p.f.Position.set(Position{Lat: lat, Lon: lon}, source+" exif:GPS")
	}
	p.motionMark(x, source)
}

// motionMark reads Google's marks of a motion photo: the length of the movie at the end of the file.
func (p *parse) motionMark(x *xmpReader, source string) {
	length := int64(0)
	switch {
	case x.values["GCamera:MotionPhoto"] == "1":
		for _, item := range x.items {
			if item["Semantic"] == "MotionPhoto" || strings.HasPrefix(item["Mime"], "video/") {
				length, _ = strconv.ParseInt(item["Length"], 10, 64)
			}
		}
	case x.values["GCamera:MicroVideo"] == "1":
		length, _ = strconv.ParseInt(x.values["GCamera:MicroVideoOffset"], 10, 64)
	default:
		return
	}
	if length < 0 || length >= p.w.size {
		length = 0
	}
	p.f.Motion.set(Motion{Length: length}, source)
	if p.f.Kind == JPEG {
		p.placeMotion()
	}
}

// placeMotion finds the movie behind the picture; without a movie's mark there it stays a mark only.
func (p *parse) placeMotion() {
	n := p.f.Motion.V.Length
	at := p.w.size - n
	if b := p.w.at(at, 8, 8); n < 8 || b == nil || string(b[4:8]) != "ftyp" {
		p.f.Motion.V = Motion{}
		p.f.Motion.doubt("no movie where the picture says it is")
		return
	}
	p.f.Motion.V.Offset = at
}
