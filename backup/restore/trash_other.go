//go:build !linux

package restore

import "time"

// trash is not served here yet: the caller keeps both files and says so.
func trash(*dir, string, string, time.Time) error { return ErrNoTrash }
