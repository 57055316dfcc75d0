package library

import (
	"fmt"
	"strings"
)

// xmpBody is the XMP of a picture with a rating and a number of develop steps.
func xmpBody(rating, steps int) string {
	var b strings.Builder
	fmt.Fprintf(&b, `<x:xmpmeta xmlns:x="adobe:ns:meta/">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/"
    xmp:Rating="%d" xmp:CreatorTool="%s">
   <dc:subject><rdf:Bag><rdf:li>harbour</rdf:li><rdf:li>evening</rdf:li></rdf:Bag></dc:subject>
`, rating, cameraModel)
	if steps > 0 {
		b.WriteString("   <dc:description><rdf:Alt><rdf:li xml:lang=\"x-default\">")
		for i := range steps {
			fmt.Fprintf(&b, "step %d: exposure %+.2f, contrast %+d, highlights %+d; ", i+1, float64(i*37%200)/100-1, i*53%100-50, i*29%100-50)
		}
		b.WriteString("</rdf:li></rdf:Alt></dc:description>\n")
	}
	b.WriteString("  </rdf:Description>\n </rdf:RDF>\n</x:xmpmeta>\n")
	return b.String()
}

// sidecar is the text of an XMP sidecar: three to seven kilobytes, longer with each rewriting.
func sidecar(f File) string {
	return "<?xpacket begin=\"\uFEFF\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\n" + xmpBody(f.rating, 50+int(f.number%40)+5*f.rewritten) + "<?xpacket end=\"w\"?>\n"
}
