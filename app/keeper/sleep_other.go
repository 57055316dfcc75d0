//go:build !linux

package keeper

import "context"

// WatchSleep cannot hear of sleep yet on this system and returns ErrUnsupported at once.
func WatchSleep(context.Context, func(asleep bool)) error { return ErrUnsupported }
