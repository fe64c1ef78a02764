//go:build unix

package session

import (
	"os/exec"
	"syscall"
)

// ownGroup starts a program in a process group of its own, all of which ends with its context.
func ownGroup(p *exec.Cmd) {
	p.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	p.Cancel = func() error { return syscall.Kill(-p.Process.Pid, syscall.SIGKILL) }
}
