package check

import (
	"go/constant"
	"go/token"
	"go/types"
	"testing"
)

func TestConstantsHaveTheValuesOfThisSystem(t *testing.T) {
	p := types.NewPackage("os", "os")
	p.Scope().Insert(types.NewConst(token.NoPos, p, "O_CREATE", types.Typ[types.Int], constant.MakeInt64(0x40)))
	p.Scope().Insert(types.NewConst(token.NoPos, p, "DevNull", types.Typ[types.UntypedString], constant.MakeString("/dev/null")))
	localize(p, map[string]constant.Value{"O_CREATE": constant.MakeInt64(0x200), "DevNull": constant.MakeString("NUL"), "Absent": constant.MakeInt64(1)})
	for name, want := range map[string]string{"O_CREATE": "512", "DevNull": `"NUL"`} {
		if got := p.Scope().Lookup(name).(*types.Const).Val().String(); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
}
