package check

import (
	"go/constant"
	"go/token"
	"go/types"
	"math"
	"math/bits"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"unsafe"
)

// platform is that of the export data. Constants that other systems have otherwise get the values of this one when their
// package is read; of package syscall all is other, and cells elsewhere do without.
const platform = "linux/amd64"

// here are those constants.
var here = map[string]map[string]constant.Value{
	"os": {
		"O_RDONLY": number(os.O_RDONLY), "O_WRONLY": number(os.O_WRONLY), "O_RDWR": number(os.O_RDWR), "O_APPEND": number(os.O_APPEND),
		"O_CREATE": number(os.O_CREATE), "O_EXCL": number(os.O_EXCL), "O_SYNC": number(os.O_SYNC), "O_TRUNC": number(os.O_TRUNC),
		"PathSeparator": number(os.PathSeparator), "PathListSeparator": number(os.PathListSeparator), "DevNull": constant.MakeString(os.DevNull),
	},
	"path/filepath": {"Separator": number(filepath.Separator), "ListSeparator": number(filepath.ListSeparator)},
	"runtime":       {"GOOS": constant.MakeString(runtime.GOOS), "GOARCH": constant.MakeString(runtime.GOARCH)},
	"strconv":       {"IntSize": number(bits.UintSize)},
	"math":          {"MaxInt": number(math.MaxInt), "MinInt": number(math.MinInt), "MaxUint": constant.MakeUint64(math.MaxUint)},
	"math/bits":     {"UintSize": number(bits.UintSize)},
}

func number(n int) constant.Value { return constant.MakeInt64(int64(n)) }

// localize gives the constants of a package the values that they have on this system.
func localize(p *types.Package, values map[string]constant.Value) {
	for name, v := range values {
		c, ok := p.Scope().Lookup(name).(*types.Const)
		if !ok || constant.Compare(c.Val(), token.EQL, v) {
			continue
		}
		if f := reflect.ValueOf(c).Elem().FieldByName("val"); f.IsValid() && f.Type() == reflect.TypeFor[constant.Value]() {
			*(*constant.Value)(unsafe.Pointer(f.UnsafeAddr())) = v
		}
	}
}
