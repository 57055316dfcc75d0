package disk

import (
	"encoding/binary"
	"path/filepath"
	"strings"
	"unsafe"

	"golang.org/x/sys/windows"
)

// From winioctl.h and ntddstor.h; the windows package does not name them.
const (
	ioctlStorageQueryProperty = 0x2d1400

	storageDeviceProperty      = 0 // answers with STORAGE_DEVICE_DESCRIPTOR
	storageDeviceSeekPenalty   = 7 // answers with DEVICE_SEEK_PENALTY_DESCRIPTOR
	busTypeOffset              = 28
	incursSeekPenaltyOffset    = 8
	busType1394, busTypeUSB    = 4, 7
	busTypeISCSI               = 9
	busTypeSD, busTypeMMC      = 12, 13
	storagePropertyQueryLength = 12
)

func of(path string) Kind {
	volume, kind, ok := volumeOf(path)
	if !ok {
		return kind
	}
	// No access is asked for: the properties of a volume are told to ordinary users then.
	h, err := windows.CreateFile(volume, 0, windows.FILE_SHARE_READ|windows.FILE_SHARE_WRITE, nil, windows.OPEN_EXISTING, 0, 0)
	if err != nil {
		return kind
	}
	defer windows.CloseHandle(h)
	if d, ok := property(h, storageDeviceProperty, busTypeOffset+4); ok {
		switch binary.LittleEndian.Uint32(d[busTypeOffset:]) {
		case busTypeUSB, busType1394, busTypeSD, busTypeMMC:
			return Removable
		case busTypeISCSI:
			return Network
		}
	}
	if d, ok := property(h, storageDeviceSeekPenalty, incursSeekPenaltyOffset+1); ok {
		if d[incursSeekPenaltyOffset] != 0 {
			return Spinning
		}
		return SolidState
	}
	return kind
}

// volumeOf names the volume that holds the path. ok is false where kind is all that can be known.
func volumeOf(path string) (volume *uint16, kind Kind, ok bool) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, Unknown, false
	}
	name, err := windows.UTF16PtrFromString(path)
	if err != nil {
		return nil, Unknown, false
	}
	root := make([]uint16, windows.MAX_PATH+1)
	if err := windows.GetVolumePathName(name, &root[0], uint32(len(root))); err != nil {
		return nil, Unknown, false
	}
	switch windows.GetDriveType(&root[0]) {
	case windows.DRIVE_REMOTE:
		return nil, Network, false
	case windows.DRIVE_REMOVABLE, windows.DRIVE_CDROM:
		return nil, Removable, false
	case windows.DRIVE_RAMDISK:
		return nil, SolidState, false
	}
	guid := make([]uint16, 64) // \\?\Volume{GUID}\ has 49 characters
	if err := windows.GetVolumeNameForVolumeMountPoint(&root[0], &guid[0], uint32(len(guid))); err != nil {
		return nil, Unknown, false
	}
	volume, err = windows.UTF16PtrFromString(strings.TrimSuffix(windows.UTF16ToString(guid), `\`)) // with the "\" it is the root directory
	return volume, Unknown, err == nil
}

// property asks for one property of the device behind a volume; at least least bytes came back.
func property(h windows.Handle, id uint32, least uint32) ([]byte, bool) {
	var query [storagePropertyQueryLength]byte // property, type of query (0: the standard one), room for parameters
	binary.LittleEndian.PutUint32(query[:], id)
	answer := make([]byte, 1024)
	var n uint32
	err := windows.DeviceIoControl(h, ioctlStorageQueryProperty, (*byte)(unsafe.Pointer(&query[0])), uint32(len(query)), &answer[0], uint32(len(answer)), &n, nil)
	return answer, err == nil && n >= least
}
