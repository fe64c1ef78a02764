//go:build amd64 && !noasm

#include "textflag.h"

// func maxAsm(y, x *float32, n, rows, cols, rs, cs int)
TEXT ·maxAsm(SB), NOSPLIT, $0-56
	MOVQ y+0(FP), DI
	MOVQ x+8(FP), SI
	MOVQ n+16(FP), CX
	MOVQ cols+32(FP), R8
	MOVQ rs+40(FP), R9
	MOVQ cs+48(FP), R10
	SHLQ $2, R9
	SHLQ $2, R10

channels:
	VMOVUPS (SI), Y0
	MOVQ SI, R11
	MOVQ rows+24(FP), AX

row:
	MOVQ R11, DX
	MOVQ R8, BX

cell:
	// equal or NaN: the second source, in memory, is the result
	VMAXPS (DX), Y0, Y0
	ADDQ R10, DX
	DECQ BX
	JNZ  cell
	ADDQ R9, R11
	DECQ AX
	JNZ  row
	VMOVUPS Y0, (DI)
	ADDQ $32, SI
	ADDQ $32, DI
	SUBQ $8, CX
	JG   channels
	VZEROUPPER
	RET

// func maxBackAsm(dx, x, y, dy *float32, n, rows, cols, rs, cs int)
TEXT ·maxBackAsm(SB), NOSPLIT, $0-72
	MOVQ dx+0(FP), DI
	MOVQ x+8(FP), SI
	MOVQ y+16(FP), R12
	MOVQ dy+24(FP), R13
	MOVQ n+32(FP), CX
	MOVQ cols+48(FP), R8
	MOVQ rs+56(FP), R9
	MOVQ cs+64(FP), R10
	SHLQ $2, R9
	SHLQ $2, R10
	SUBQ SI, DI // from a cell of x to the same of dx

back:
	VMOVUPS (R12), Y0 // maximum
	VMOVUPS (R13), Y1 // gradient, until a cell takes it
	MOVQ SI, R11
	MOVQ rows+40(FP), AX

backRow:
	MOVQ R11, DX
	MOVQ R8, BX

backCell:
	VCMPPS  $0, (DX), Y0, Y2
	VANDPS  Y1, Y2, Y3
	VANDNPS Y1, Y2, Y1
	VADDPS  (DX)(DI*1), Y3, Y3
	VMOVUPS Y3, (DX)(DI*1)
	ADDQ R10, DX
	DECQ BX
	JNZ  backCell
	ADDQ R9, R11
	DECQ AX
	JNZ  backRow
	ADDQ $32, SI
	ADDQ $32, R12
	ADDQ $32, R13
	SUBQ $8, CX
	JG   back
	VZEROUPPER
	RET

// func maxWideAsm(y, x *float32, n, rows, cols, rs, cs int)
TEXT ·maxWideAsm(SB), NOSPLIT, $0-56
	MOVQ y+0(FP), DI
	MOVQ x+8(FP), SI
	MOVQ n+16(FP), CX
	MOVQ cols+32(FP), R8
	MOVQ rs+40(FP), R9
	MOVQ cs+48(FP), R10
	SHLQ $2, R9
	SHLQ $2, R10

channels:
	VMOVUPS (SI), Z0
	MOVQ SI, R11
	MOVQ rows+24(FP), AX

row:
	MOVQ R11, DX
	MOVQ R8, BX

cell:
	// equal or NaN: the second source, in memory, is the result
	VMAXPS (DX), Z0, Z0
	ADDQ R10, DX
	DECQ BX
	JNZ  cell
	ADDQ R9, R11
	DECQ AX
	JNZ  row
	VMOVUPS Z0, (DI)
	ADDQ $64, SI
	ADDQ $64, DI
	SUBQ $16, CX
	JG   channels
	VZEROUPPER
	RET

// func maxBackWideAsm(dx, x, y, dy *float32, n, rows, cols, rs, cs int)
TEXT ·maxBackWideAsm(SB), NOSPLIT, $0-72
	MOVQ dx+0(FP), DI
	MOVQ x+8(FP), SI
	MOVQ y+16(FP), R12
	MOVQ dy+24(FP), R13
	MOVQ n+32(FP), CX
	MOVQ cols+48(FP), R8
	MOVQ rs+56(FP), R9
	MOVQ cs+64(FP), R10
	SHLQ $2, R9
	SHLQ $2, R10
	SUBQ SI, DI // from a cell of x to the same of dx

back:
	VMOVUPS (R12), Z0 // maximum
	VMOVUPS (R13), Z1 // gradient
	KXNORW K2, K2, K2 // channels of which no cell has taken it yet
	MOVQ SI, R11
	MOVQ rows+40(FP), AX

backRow:
	MOVQ R11, DX
	MOVQ R8, BX

backCell:
	VCMPPS  $0, (DX), Z0, K1
	VMOVUPS (DX)(DI*1), Z3
	KANDW   K2, K1, K3
	KANDNW  K2, K1, K2
	VADDPS  Z1, Z3, K3, Z3
	VMOVUPS Z3, (DX)(DI*1)
	ADDQ R10, DX
	DECQ BX
	JNZ  backCell
	ADDQ R9, R11
	DECQ AX
	JNZ  backRow
	ADDQ $64, SI
	ADDQ $64, R12
	ADDQ $64, R13
	SUBQ $16, CX
	JG   back
	VZEROUPPER
	RET
