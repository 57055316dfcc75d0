// Package e2e holds tests only: the whole line from originals over the engine, a destination and recovery to restored files, its
// faults, crashes and kills. The long ones run as a seeded sample; LIGHTPROOF_TORTURE=1 runs them in full.
package e2e
