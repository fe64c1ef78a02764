package lower

import (
	"fmt"

	"gonverge/kernel/check"
)

// LowerEach lowers a unit and goes on after refusals, which it returns.
func (s *State) LowerEach(u *check.Unit) (code *Code, refused []string, err error) {
	code, err = s.lower(u, func(f func()) {
		defer func() {
			if r := recover(); r != nil {
				if f, ok := r.(refusal); ok {
					refused = append(refused, f.msg)
				} else {
					refused = append(refused, fmt.Sprintf("internal: %v", r))
				}
			}
		}()
		f()
	})
	return code, refused, err
}
