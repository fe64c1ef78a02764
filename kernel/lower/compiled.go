package lower

import (
	"go/types"
	"maps"
	"reflect"
	"slices"
)

// Compiled instances of package slices for the usual element types, with plain names: the interpreter can call these.
var (
	compiled      = map[string]reflect.Value{} // lowered name -> function
	compiledNames = map[string]string{}        // "Func|elem" -> lowered name
)

// CompiledInstances returns the functions that lowered code calls under the name Compiled.
func CompiledInstances() map[string]reflect.Value { return maps.Clone(compiled) }

func compileFor[E int | float64 | string](elem string) {
	for name, f := range map[string]any{
		"Sort": slices.Sort[[]E], "SortFunc": slices.SortFunc[[]E], "SortStableFunc": slices.SortStableFunc[[]E], "IsSorted": slices.IsSorted[[]E],
		"Max": slices.Max[[]E], "Min": slices.Min[[]E], "Contains": slices.Contains[[]E], "Index": slices.Index[[]E],
		"Reverse": slices.Reverse[[]E], "Clone": slices.Clone[[]E], "Equal": slices.Equal[[]E], "Compact": slices.Compact[[]E],
		"Insert": slices.Insert[[]E], "Delete": slices.Delete[[]E], "BinarySearch": slices.BinarySearch[[]E],
	} {
		n := "F_" + elem + "_" + name
		compiled[n] = reflect.ValueOf(f)
		compiledNames[name+"|"+elem] = n
	}
}

func init() {
	compileFor[int]("int")
	compileFor[float64]("float64")
	compileFor[string]("string")
	compiled["F_float64_min"] = reflect.ValueOf(func(x, y float64) float64 { return min(x, y) })
	compiled["F_float64_max"] = reflect.ValueOf(func(x, y float64) float64 { return max(x, y) })
}

// compiledInstance picks a compiled instance when the slice is an unnamed one of a usual element type, or "".
func compiledInstance(f *types.Func, args *types.TypeList) string {
	if args.Len() == 0 || f.Pkg().Path() != "slices" {
		return ""
	}
	sl, ok := args.At(0).(*types.Slice)
	if !ok {
		return ""
	}
	b, ok := sl.Elem().(*types.Basic)
	if !ok {
		return ""
	}
	if n := compiledNames[f.Name()+"|"+b.Name()]; n != "" {
		return Compiled + "." + n
	}
	return ""
}
