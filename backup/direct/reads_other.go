//go:build !linux

package direct

import "os"

// kernelReads: other systems have no such call.
type kernelReads struct{}

func newKernelReads() *kernelReads { return nil }

func (k *kernelReads) close() {}

func (k *kernelReads) read([]*os.File, [][]byte, []int) {}
