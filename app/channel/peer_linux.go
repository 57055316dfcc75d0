package channel

import "golang.org/x/sys/unix"

// credentials reads who is at the other end: for a client the process that called listen, for a server the one that connected.
func credentials(fd int) (uid, pid int, err error) {
	c, err := unix.GetsockoptUcred(fd, unix.SOL_SOCKET, unix.SO_PEERCRED)
	if err != nil {
		return -1, 0, err
	}
	return int(c.Uid), int(c.Pid), nil
}
