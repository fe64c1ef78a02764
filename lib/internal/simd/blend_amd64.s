//go:build amd64 && !noasm

#include "go_asm.h"
#include "textflag.h"

// Registers of blendAsm:
//   AX   the blend
//   SI   row 0 of src, DI output 0 of dst, at the current numbers
//   R9   from a row to the next, R8 from an output to the next, in bytes
//   R10  list of terms
//   R11  outputs left, CX terms left, R12 numbers left
//   R13  init, or 0
//   DX   a term's row; R15 its output
// R14 belongs to the Go runtime.

// func blendAsm(b *blend)
TEXT ·blendAsm(SB), NOSPLIT, $24-8
	MOVQ b+0(FP), AX
	MOVQ blend_sj(AX), R9
	MOVQ blend_di(AX), R8
	SHLQ $2, R9
	SHLQ $2, R8
	MOVQ blend_src(AX), SI
	MOVQ blend_dst(AX), DI
	MOVQ blend_count(AX), BX

row:
	MOVQ SI, src-8(SP)
	MOVQ DI, dst-16(SP)
	MOVQ blend_n(AX), R12
	MOVQ blend_init(AX), R13
	SUBQ $32, R12
	JLT  rest

numbers32:
	MOVQ blend_terms(AX), R10
	MOVQ blend_outs(AX), R11
	MOVQ DI, R15

out32:
	VXORPS Y4, Y4, Y4
	VXORPS Y5, Y5, Y5
	VXORPS Y6, Y6, Y6
	VXORPS Y7, Y7, Y7
	TESTQ  R13, R13
	JZ     begin32
	VMOVUPS (R13), Y4
	VMOVUPS 32(R13), Y5
	VMOVUPS 64(R13), Y6
	VMOVUPS 96(R13), Y7

begin32:
	MOVLQSX (R10), CX

term32:
	ADDQ $8, R10
	MOVLQSX (R10), DX
	IMULQ R9, DX
	VBROADCASTSS 4(R10), Y0
	VFMADD231PS (SI)(DX*1), Y0, Y4
	VFMADD231PS 32(SI)(DX*1), Y0, Y5
	VFMADD231PS 64(SI)(DX*1), Y0, Y6
	VFMADD231PS 96(SI)(DX*1), Y0, Y7
	DECQ CX
	JNZ  term32
	ADDQ $8, R10

	CMPB blend_relu(AX), $0
	JEQ  put32
	VXORPS Y0, Y0, Y0
	// NaN: the second source, the sum, is the result
	VMAXPS Y4, Y0, Y4
	VMAXPS Y5, Y0, Y5
	VMAXPS Y6, Y0, Y6
	VMAXPS Y7, Y0, Y7

put32:
	VMOVUPS Y4, (R15)
	VMOVUPS Y5, 32(R15)
	VMOVUPS Y6, 64(R15)
	VMOVUPS Y7, 96(R15)
	ADDQ R8, R15
	DECQ R11
	JNZ  out32

	ADDQ $128, SI
	ADDQ $128, DI
	TESTQ R13, R13
	JZ   next32
	ADDQ $128, R13

next32:
	SUBQ $32, R12
	JGE  numbers32

rest:
	ADDQ $32, R12
	JZ   next

numbers8:
	MOVQ blend_terms(AX), R10
	MOVQ blend_outs(AX), R11
	MOVQ DI, R15

out8:
	VXORPS Y4, Y4, Y4
	TESTQ  R13, R13
	JZ     begin8
	VMOVUPS (R13), Y4

begin8:
	MOVLQSX (R10), CX

term8:
	ADDQ $8, R10
	MOVLQSX (R10), DX
	IMULQ R9, DX
	VBROADCASTSS 4(R10), Y0
	VFMADD231PS (SI)(DX*1), Y0, Y4
	DECQ CX
	JNZ  term8
	ADDQ $8, R10

	CMPB blend_relu(AX), $0
	JEQ  put8
	VXORPS Y0, Y0, Y0
	VMAXPS Y4, Y0, Y4

put8:
	VMOVUPS Y4, (R15)
	ADDQ R8, R15
	DECQ R11
	JNZ  out8

	ADDQ $32, SI
	ADDQ $32, DI
	TESTQ R13, R13
	JZ   next8
	ADDQ $32, R13

next8:
	SUBQ $8, R12
	JG   numbers8

next:
	MOVQ src-8(SP), SI
	MOVQ dst-16(SP), DI
	MOVQ blend_sr(AX), DX
	LEAQ (SI)(DX*4), SI
	MOVQ blend_dr(AX), DX
	LEAQ (DI)(DX*4), DI
	DECQ BX
	JNZ  row
	VZEROUPPER
	RET
