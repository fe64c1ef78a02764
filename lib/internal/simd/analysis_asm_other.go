//go:build !amd64 || noasm

package simd

func addTileAsm(*float64, int, *float32) { panic(noAsm) }

func setTileAsm(*float64, int, *float32) { panic(noAsm) }

func describeAsm(*float32, *float32, int, int, *float32, *float32, *float32, *int32, *float64) {
	panic(noAsm)
}

func exactRowAsm(*exactRow) int { panic(noAsm) }

func exactTopsAsm(*exactRow) int { panic(noAsm) }

func exactTotalsAsm(*exactTotals) int { panic(noAsm) }

func packPanelsAsm(*float32, int, *float32, int, int, int) { panic(noAsm) }

func fetchTileAsm(*float64, int) { panic(noAsm) }

func nearest64Asm(*int, *float64, *float64, int, *float64, int, int) { panic(noAsm) }
