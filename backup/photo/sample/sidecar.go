package sample

import (
	"fmt"
	"time"
)

// XMP makes a sidecar (XMP specification part 1) with a rating of 0 to 5, keywords and, where taken is not zero, the date with no zone.
func XMP(taken time.Time, rating int, keywords ...string) []byte {
	date := ""
	if !taken.IsZero() {
		date = fmt.Sprintf("\n   exif:DateTimeOriginal=%q", taken.Format("2006-01-02T15:04:05"))
	}
	list := ""
	for _, k := range keywords {
		list += fmt.Sprintf("     <rdf:li>%s</rdf:li>\n", k)
	}
	return fmt.Appendf(nil, `<?xpacket begin="%s" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about=""
   xmlns:xmp="http://ns.adobe.com/xap/1.0/"
   xmlns:exif="http://ns.adobe.com/exif/1.0/"
   xmlns:dc="http://purl.org/dc/elements/1.1/"
   xmp:Rating="%d"%s>
   <dc:subject>
    <rdf:Bag>
%s    </rdf:Bag>
   </dc:subject>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end="w"?>
`, "\ufeff", rating, date, list)
}
