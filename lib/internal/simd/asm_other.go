//go:build !amd64 || noasm

package simd

func detect() bool     { return false }
func detectWide() bool { return false }

// Without assembly useAsm is false and none of the functions below is called.
const noAsm = "simd: assembly called in a build without it"

func tileAsm(*tile)                                                       { panic(noAsm) }
func tileWideAsm(*tile)                                                   { panic(noAsm) }
func tileWide4Asm(*tile)                                                  { panic(noAsm) }
func blendAsm(*blend)                                                     { panic(noAsm) }
func transpose8Asm(*float32, int, *float32, int)                          { panic(noAsm) }
func pack16Asm(*float32, *float32, int, int)                              { panic(noAsm) }
func pack6Asm(*float32, *float32, int, int, *[8]int32)                    { panic(noAsm) }
func reluAsm(*float32, int)                                               { panic(noAsm) }
func reluBackAsm(*float32, *float32, int)                                 { panic(noAsm) }
func reluBackToAsm(*float32, *float32, *float32, int)                     { panic(noAsm) }
func axpyAsm(float32, *float32, *float32, int)                            { panic(noAsm) }
func scaleAsm(float32, *float32, int)                                     { panic(noAsm) }
func dotAsm(*float32, *float32, int) float32                              { panic(noAsm) }
func sgdAsm(*float32, *float32, *float32, int, float32, float32, float32) { panic(noAsm) }
func addRowsAsm(*float32, *float32, int, int, int)                        { panic(noAsm) }
func subRowAsm(*float32, *float32, *float32, int)                         { panic(noAsm) }
func addWideAsm(*float64, *float32, int)                                  { panic(noAsm) }
func maxAsm(*float32, *float32, int, int, int, int, int)                  { panic(noAsm) }
func maxWideAsm(*float32, *float32, int, int, int, int, int)              { panic(noAsm) }
func maxBackWideAsm(*float32, *float32, *float32, *float32, int, int, int, int, int) {
	panic(noAsm)
}
func maxBackAsm(*float32, *float32, *float32, *float32, int, int, int, int, int) {
	panic(noAsm)
}
func axpy64Asm(float64, *float64, *float64, int)       { panic(noAsm) }
func dot64Asm(*float64, *float64, int) float64         { panic(noAsm) }
func dots12Asm(*float64, *float64, *float64, int, int) { panic(noAsm) }
func dots64Asm(*float64, *float64, *float64, int, int) { panic(noAsm) }
func fenceAsm()                                        { panic(noAsm) }
func fmaAsm(int)                                       { panic(noAsm) }
func block8x32Asm(*block)                              { panic(noAsm) }
func block4x32Asm(*block)                              { panic(noAsm) }
func block2x32Asm(*block)                              { panic(noAsm) }
func block1x32Asm(*block)                              { panic(noAsm) }
func block8x16Asm(*block)                              { panic(noAsm) }
func block4x16Asm(*block)                              { panic(noAsm) }
func block2x16Asm(*block)                              { panic(noAsm) }
func block1x16Asm(*block)                              { panic(noAsm) }
func block4x88Asm(*block)                              { panic(noAsm) }
func block2x88Asm(*block)                              { panic(noAsm) }
func block1x88Asm(*block)                              { panic(noAsm) }
