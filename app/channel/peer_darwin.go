package channel

import "golang.org/x/sys/unix"

// credentials reads who is at the other end: for a client the process that called listen, for a server the one that connected.
func credentials(fd int) (uid, pid int, err error) {
	c, err := unix.GetsockoptXucred(fd, unix.SOL_LOCAL, unix.LOCAL_PEERCRED)
	if err != nil {
		return -1, 0, err
	}
	if pid, err = unix.GetsockoptInt(fd, unix.SOL_LOCAL, unix.LOCAL_PEERPID); err != nil {
		pid = 0
	}
	return int(c.Uid), pid, nil
}
