// Package cut finds where a photo or a film is cut before it is stored, so that an edit of its metadata stores the metadata anew and
// the picture data not again. FORMAT.md of the vault ("Cutting") says what becomes of the parts; readers never need this package, since
// the lengths of the parts stand beside them.
//
// The rules, by splitter id:
//
//	1 JPEG        one cut: at the first marker after SOI that is neither APPn nor COM (ITU-T T.81, annex B).
//	2 TIFF        TIFF 6.0 and what is built on it (DNG, NEF, ARW, CR2, PEF, ORF, RW2, GPR, BigTIFF): where the data of each image begins
//	              and ends, SubIFDs included. Strips or tiles of one directory are one run where at most 16 bytes lie between them. Runs of
//	              two directories are never joined, because editors move previews and sensor data apart.
//	3 ISO media   ISO 14496-12 and 23008-12 (HEIC, HIF, AVIF, CR3, MP4, MOV): each box of the top level, the start of the content of
//	              mdat, whose length stands before it, and both ends of each Exif and XMP item that lies outside the meta box.
//
// Then each cut between two pieces of less than 64 KiB is dropped: large runs stand alone, what lies between two of them is one piece.
//
// Cuts follow the structure of the container alone, never its content, so what is stored tells nothing about the picture that its
// size does not tell. The same bytes always give the same cuts: no clock has a say, and everything that is read is counted against the
// bounds of reader.go. At any doubt (a box or a directory that does not fit, a bound reached, a read that fails) there are no cuts and the file is
// stored in fixed pieces. A wrong cut could cost room, never a byte: whatever the cuts are, the parts join to the file.
//
// The package photo walks the same containers but shares no walk with this one: reading fields forgives what it can, because a
// field too few is a loss; cutting forgives nothing, because two readings of a damaged file must not differ.
package cut
