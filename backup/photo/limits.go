package photo

import "time"

// Limits of one Read. Each is checked before the allocation or read it bounds; the largest value seen in a real photo is
// well below every one of them.
const (
	// HeadSize is how many first bytes Detect wants; fewer are accepted.
	HeadSize = 4096

	maxBytes     = 1 << 20 // bytes read from one file
	maxCalls     = 4096    // reads of one file
	maxCallsLong = 65536   // the same for chunked containers: PNG, WebP
	bufferSize   = 64 << 10

	maxSegments   = 1024 // JPEG marker segments before the scan
	maxBoxes      = 4096 // ISO-BMFF boxes on one level
	maxItems      = 4096
	maxItemTable  = 256 << 10 // bytes of iinf and iloc
	maxExtents    = 16
	maxIFDs       = 64
	maxIFDDepth   = 4
	maxIFDChain   = 8
	maxScanned    = 2000 // entries looked at in one directory
	maxValue      = 4096 // bytes of one value
	maxElements   = 64   // elements of one numeric value
	maxKeptBytes  = 8 << 10
	maxXMP        = 48 << 10
	maxXMPTokens  = 10000
	maxIPTC       = 16 << 10
	maxMovieKeys  = 64 << 10
	maxPreviews   = 16
	minPreview    = 100
	maxPreview    = 64 << 20
	maxShown      = 256 // runes of a text
	metadataTime  = time.Second
	maxNamespaces = 64
)
