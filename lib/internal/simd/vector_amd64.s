//go:build amd64 && !noasm

#include "textflag.h"

// All counts are positive multiples of 8: one vector of eight float32 a round.

// func reluAsm(x *float32, n int)
TEXT ·reluAsm(SB), NOSPLIT, $0-16
	MOVQ x+0(FP), SI
	MOVQ n+8(FP), CX
	VXORPS Y0, Y0, Y0

relu:
	// NaN: the second source, in memory, is the result
	VMAXPS  (SI), Y0, Y1
	VMOVUPS Y1, (SI)
	ADDQ $32, SI
	SUBQ $8, CX
	JG   relu
	VZEROUPPER
	RET

// func reluBackAsm(dy, y *float32, n int)
TEXT ·reluBackAsm(SB), NOSPLIT, $0-24
	MOVQ dy+0(FP), DI
	MOVQ y+8(FP), SI
	MOVQ n+16(FP), CX
	VXORPS Y0, Y0, Y0

reluBack:
	VCMPPS  $1, (SI), Y0, Y1 // 0 < y
	VANDPS  (DI), Y1, Y1
	VMOVUPS Y1, (DI)
	ADDQ $32, SI
	ADDQ $32, DI
	SUBQ $8, CX
	JG   reluBack
	VZEROUPPER
	RET

// func reluBackToAsm(dst, dy, y *float32, n int)
TEXT ·reluBackToAsm(SB), NOSPLIT, $0-32
	MOVQ dst+0(FP), DI
	MOVQ dy+8(FP), R8
	MOVQ y+16(FP), SI
	MOVQ n+24(FP), CX
	VXORPS Y0, Y0, Y0

reluBackTo:
	VCMPPS  $1, (SI), Y0, Y1 // 0 < y
	VANDPS  (R8), Y1, Y1
	VMOVUPS Y1, (DI)
	ADDQ $32, SI
	ADDQ $32, R8
	ADDQ $32, DI
	SUBQ $8, CX
	JG   reluBackTo
	VZEROUPPER
	RET

// func axpyAsm(a float32, x, y *float32, n int)
TEXT ·axpyAsm(SB), NOSPLIT, $0-32
	VBROADCASTSS a+0(FP), Y0
	MOVQ x+8(FP), SI
	MOVQ y+16(FP), DI
	MOVQ n+24(FP), CX

axpy:
	VMOVUPS (DI), Y1
	VFMADD231PS (SI), Y0, Y1
	VMOVUPS Y1, (DI)
	ADDQ $32, SI
	ADDQ $32, DI
	SUBQ $8, CX
	JG   axpy
	VZEROUPPER
	RET

// func scaleAsm(a float32, x *float32, n int)
TEXT ·scaleAsm(SB), NOSPLIT, $0-24
	VBROADCASTSS a+0(FP), Y0
	MOVQ x+8(FP), SI
	MOVQ n+16(FP), CX

scale:
	VMULPS  (SI), Y0, Y1
	VMOVUPS Y1, (SI)
	ADDQ $32, SI
	SUBQ $8, CX
	JG   scale
	VZEROUPPER
	RET

// func dotAsm(x, y *float32, n int) float32
TEXT ·dotAsm(SB), NOSPLIT, $0-28
	MOVQ x+0(FP), SI
	MOVQ y+8(FP), DI
	MOVQ n+16(FP), CX
	VXORPS Y0, Y0, Y0
	VXORPS Y1, Y1, Y1
	VXORPS Y2, Y2, Y2
	VXORPS Y3, Y3, Y3
	SUBQ $32, CX
	JL   dotRest

dot32:
	VMOVUPS (SI), Y4
	VMOVUPS 32(SI), Y5
	VMOVUPS 64(SI), Y6
	VMOVUPS 96(SI), Y7
	VFMADD231PS (DI), Y4, Y0
	VFMADD231PS 32(DI), Y5, Y1
	VFMADD231PS 64(DI), Y6, Y2
	VFMADD231PS 96(DI), Y7, Y3
	ADDQ $128, SI
	ADDQ $128, DI
	SUBQ $32, CX
	JGE  dot32

dotRest:
	ADDQ $32, CX
	JZ   dotSum

dot8:
	VMOVUPS (SI), Y4
	VFMADD231PS (DI), Y4, Y0
	ADDQ $32, SI
	ADDQ $32, DI
	SUBQ $8, CX
	JG   dot8

dotSum:
	VADDPS Y1, Y0, Y0
	VADDPS Y3, Y2, Y2
	VADDPS Y2, Y0, Y0
	VEXTRACTF128 $1, Y0, X1
	VADDPS X1, X0, X0
	VHADDPS X0, X0, X0
	VHADDPS X0, X0, X0
	VMOVSS X0, ret+24(FP)
	VZEROUPPER
	RET

// func sgdAsm(w, v, dw *float32, n int, lr, momentum, decay float32)
TEXT ·sgdAsm(SB), NOSPLIT, $0-44
	MOVQ w+0(FP), DI
	MOVQ v+8(FP), SI
	MOVQ dw+16(FP), DX
	MOVQ n+24(FP), CX
	VBROADCASTSS lr+32(FP), Y0
	VBROADCASTSS momentum+36(FP), Y1
	VBROADCASTSS decay+40(FP), Y2

sgd:
	VMOVUPS (DI), Y3
	VMOVUPS (DX), Y4
	VFMADD231PS Y3, Y2, Y4  // g + decay·w
	VMULPS  (SI), Y1, Y5
	VFNMADD231PS Y4, Y0, Y5 // momentum·v − lr·(…)
	VMOVUPS Y5, (SI)
	VADDPS  Y5, Y3, Y3
	VMOVUPS Y3, (DI)
	ADDQ $32, DI
	ADDQ $32, SI
	ADDQ $32, DX
	SUBQ $8, CX
	JG   sgd
	VZEROUPPER
	RET

// func addRowsAsm(dst, x *float32, n, rows, ld int)
TEXT ·addRowsAsm(SB), NOSPLIT, $0-40
	MOVQ dst+0(FP), DI
	MOVQ x+8(FP), SI
	MOVQ n+16(FP), CX
	MOVQ rows+24(FP), R8
	MOVQ ld+32(FP), R9
	SHLQ $2, R9

	// four vectors wide as long as there are as many
	SUBQ $32, CX
	JL   rowsRest

rows32:
	VMOVUPS (DI), Y0
	VMOVUPS 32(DI), Y1
	VMOVUPS 64(DI), Y2
	VMOVUPS 96(DI), Y3
	MOVQ SI, DX
	MOVQ R8, BX

down32:
	VADDPS (DX), Y0, Y0
	VADDPS 32(DX), Y1, Y1
	VADDPS 64(DX), Y2, Y2
	VADDPS 96(DX), Y3, Y3
	ADDQ R9, DX
	DECQ BX
	JNZ  down32
	VMOVUPS Y0, (DI)
	VMOVUPS Y1, 32(DI)
	VMOVUPS Y2, 64(DI)
	VMOVUPS Y3, 96(DI)
	ADDQ $128, SI
	ADDQ $128, DI
	SUBQ $32, CX
	JGE  rows32

rowsRest:
	ADDQ $32, CX
	JZ   rowsDone

rows8:
	VMOVUPS (DI), Y0
	MOVQ SI, DX
	MOVQ R8, BX

down8:
	VADDPS (DX), Y0, Y0
	ADDQ R9, DX
	DECQ BX
	JNZ  down8
	VMOVUPS Y0, (DI)
	ADDQ $32, SI
	ADDQ $32, DI
	SUBQ $8, CX
	JG   rows8

rowsDone:
	VZEROUPPER
	RET

// func subRowAsm(dst, x, row *float32, n int)
TEXT ·subRowAsm(SB), NOSPLIT, $0-32
	MOVQ dst+0(FP), DI
	MOVQ x+8(FP), SI
	MOVQ row+16(FP), DX
	MOVQ n+24(FP), CX

subRow:
	VMOVUPS (SI), Y0
	VSUBPS  (DX), Y0, Y0
	VMOVUPS Y0, (DI)
	ADDQ $32, SI
	ADDQ $32, DI
	ADDQ $32, DX
	SUBQ $8, CX
	JG   subRow
	VZEROUPPER
	RET

// func addWideAsm(acc *float64, x *float32, n int)
TEXT ·addWideAsm(SB), NOSPLIT, $0-24
	MOVQ acc+0(FP), DI
	MOVQ x+8(FP), SI
	MOVQ n+16(FP), CX

addWide:
	VCVTPS2PD (SI), Y0
	VCVTPS2PD 16(SI), Y1
	VADDPD  (DI), Y0, Y0
	VADDPD  32(DI), Y1, Y1
	VMOVUPD Y0, (DI)
	VMOVUPD Y1, 32(DI)
	ADDQ $32, SI
	ADDQ $64, DI
	SUBQ $8, CX
	JG   addWide
	VZEROUPPER
	RET
