package wire_test

import (
	"errors"
	"fmt"

	"gonverge/kernel/wire"
)

func Example() {
	alice, mallory := wire.NewSigner("the key of the connection file"), wire.NewSigner("a guess")
	frames, err := alice.Encode(&wire.Message{
		Header: wire.NewHeader("session", "stream"), Content: wire.Stream{Name: "stdout", Text: "hello\n"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(len(frames), "frames:", string(frames[0]), "...", string(frames[5]))
	_, err = mallory.Decode(frames)
	fmt.Println(errors.Is(err, wire.ErrSignature))
	// Output:
	// 6 frames: <IDS|MSG> ... {"name":"stdout","text":"hello\n"}
	// true
}
