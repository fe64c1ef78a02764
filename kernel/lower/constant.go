package lower

import (
	"go/constant"
	"go/token"
	"go/types"
	"strconv"
	"strings"
)

// constant writes a constant with its final type. Constants for an interface get their default type.
func (e *emitter) constant(p token.Pos, v constant.Value, t types.Type) string {
	b, ok := t.Underlying().(*types.Basic)
	if !ok {
		switch v.Kind() {
		case constant.Bool:
			b = types.Typ[types.Bool]
		case constant.String:
			b = types.Typ[types.String]
		case constant.Int:
			b = types.Typ[types.Int]
		default:
			b = types.Typ[types.Float64]
		}
		t = b
	}
	if b.Info()&types.IsUntyped != 0 {
		t = types.Default(t)
		b = t.(*types.Basic)
	}
	lit, plain := "", false
	switch {
	case b.Info()&types.IsBoolean != 0:
		lit, plain = v.String(), b.Kind() == types.Bool
	case b.Info()&types.IsString != 0:
		lit, plain = strconv.Quote(constant.StringVal(v)), b.Kind() == types.String
	case b.Info()&types.IsInteger != 0:
		iv := constant.ToInt(v)
		if b.Info()&types.IsUnsigned == 0 {
			n, exact := constant.Int64Val(iv)
			if !exact {
				e.refuse(p, "constant %s overflows %s", v, t)
			}
			lit, plain = strconv.FormatInt(n, 10), b.Kind() == types.Int
			if n == -1<<63 { // its magnitude is no int64
				lit = "-9223372036854775807-1"
			}
		} else {
			n, _ := constant.Uint64Val(iv)
			lit = strconv.FormatUint(n, 10)
		}
	case b.Info()&types.IsFloat != 0:
		f := rounded(constant.ToFloat(v), b.Kind() == types.Float32)
		lit = strconv.FormatFloat(f, 'g', -1, 64)
		if !strings.ContainsAny(lit, ".eE") {
			lit += ".0"
		}
		plain = b.Kind() == types.Float64
	case b.Info()&types.IsComplex != 0:
		c := constant.ToComplex(v)
		re, im := rounded(constant.Real(c), b.Kind() == types.Complex64), rounded(constant.Imag(c), b.Kind() == types.Complex64)
		lit = "complex(float64(" + strconv.FormatFloat(re, 'g', -1, 64) + "), float64(" + strconv.FormatFloat(im, 'g', -1, 64) + "))"
		plain = b.Kind() == types.Complex128
	}
	if _, named := types.Unalias(t).(*types.Named); !named && plain {
		if strings.HasPrefix(lit, "-") {
			return "(" + lit + ")"
		}
		return lit
	}
	return e.typ(t) + "(" + lit + ")"
}

// rounded is the nearest number; rounding to single from the nearest double could give another.
func rounded(v constant.Value, single bool) float64 {
	if single {
		f, _ := constant.Float32Val(v)
		return float64(f)
	}
	f, _ := constant.Float64Val(v)
	return f
}

// tooLarge reports whether an untyped integer constant does not fit the type it would be shown with.
func tooLarge(tv types.TypeAndValue, t types.Type) bool {
	b, ok := t.(*types.Basic)
	if !ok || b.Info()&types.IsInteger == 0 {
		return false
	}
	v := constant.ToInt(tv.Value)
	if v.Kind() != constant.Int {
		return false
	}
	_, exact := constant.Int64Val(v)
	return !exact
}
