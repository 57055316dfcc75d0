// Package catalog keeps what this computer remembers about a vault in SQLite files whose every row is sealed: which original is
// where, which copy was proven when (writer side), and what the timeline shows (reader side). The files are disposable: what is
// lost or refused is rebuilt from a destination. DESIGN.md beside this file states keys, layouts and limits.
//
// [Open] gives a [DB] of sealed tables. [OpenWriter] and [OpenReader] put the project's own records on top.
package catalog
