package server

import (
	"context"
	"strconv"
	"syscall"
)

// watchParent calls gone when the parent process has ended. On Windows the number is not that of the process but of a
// handle to it, which this process inherited.
func watchParent(_ context.Context, gone func(), number string) {
	handle, err := strconv.ParseUint(number, 10, 64)
	if err != nil {
		return
	}
	if event, err := syscall.WaitForSingleObject(syscall.Handle(handle), syscall.INFINITE); err == nil && event == syscall.WAIT_OBJECT_0 {
		gone()
	}
}
