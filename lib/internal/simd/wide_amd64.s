//go:build amd64 && !noasm

#include "go_asm.h"
#include "textflag.h"

// Registers of tileWideAsm are those of tileAsm, but
//   Z4..Z15  sums, two vectors of sixteen a row; Z0, Z1 row of B; Z2, Z3 values of A
//   DX       from the first panel of B to the second, in bytes
// and the outer count is on the stack.

#define ROW(reg, t, lo, hi) \
	VBROADCASTSS (reg)(SI*1), t; \
	VFMADD231PS  Z0, t, lo;      \
	VFMADD231PS  Z1, t, hi

#define EACH(op) \
	op((CX), 64(CX), Z4, Z5);               \
	op((CX)(BX*1), 64(CX)(BX*1), Z6, Z7);   \
	op((CX)(BX*2), 64(CX)(BX*2), Z8, Z9);   \
	op((DI), 64(DI), Z10, Z11);             \
	op((DI)(BX*1), 64(DI)(BX*1), Z12, Z13); \
	op((DI)(BX*2), 64(DI)(BX*2), Z14, Z15)

#define EACH4(op) \
	op((CX), 64(CX), Z4, Z5);             \
	op((CX)(BX*1), 64(CX)(BX*1), Z6, Z7); \
	op((CX)(BX*2), 64(CX)(BX*2), Z8, Z9); \
	op((DI), 64(DI), Z10, Z11)

#define GET(at, at16, lo, hi) \
	VMOVUPS at, lo;   \
	VMOVUPS at16, hi

#define PUT(at, at16, lo, hi) \
	VMOVUPS lo, at;   \
	VMOVUPS hi, at16

#define STREAM(at, at16, lo, hi) \
	VMOVNTPS lo, at;   \
	VMOVNTPS hi, at16

// func tileWideAsm(t *tile)
TEXT ·tileWideAsm(SB), NOSPLIT, $8-8
	MOVQ t+0(FP), AX

	// sums = init
	MOVQ tile_init(AX), CX
	MOVQ tile_ldi(AX), BX
	SHLQ $2, BX
	LEAQ (BX)(BX*2), DI
	ADDQ CX, DI
	EACH(GET)

	MOVQ tile_a(AX), CX
	MOVQ tile_off(AX), BX
	MOVQ 0(BX), R8
	MOVQ 8(BX), R9
	MOVQ 16(BX), R10
	MOVQ 24(BX), R11
	MOVQ 32(BX), R12
	MOVQ 40(BX), R13
	LEAQ (CX)(R8*4), R8
	LEAQ (CX)(R9*4), R9
	LEAQ (CX)(R10*4), R10
	LEAQ (CX)(R11*4), R11
	LEAQ (CX)(R12*4), R12
	LEAQ (CX)(R13*4), R13

	MOVQ tile_b(AX), DI
	MOVQ tile_aks(AX), BX
	MOVQ tile_bks(AX), R15
	MOVQ tile_next(AX), DX
	SHLQ $2, BX
	SHLQ $2, R15
	SHLQ $2, DX
	XORQ SI, SI
	MOVQ tile_ko(AX), CX
	MOVQ CX, outer-8(SP)

outer:
	MOVQ tile_k(AX), CX

inner:
	VMOVUPS (DI), Z0
	VMOVUPS (DI)(DX*1), Z1
	ROW(R8, Z2, Z4, Z5)
	ROW(R9, Z3, Z6, Z7)
	ROW(R10, Z2, Z8, Z9)
	ROW(R11, Z3, Z10, Z11)
	ROW(R12, Z2, Z12, Z13)
	ROW(R13, Z3, Z14, Z15)
	ADDQ BX, SI
	ADDQ R15, DI
	DECQ CX
	JNZ  inner

	DECQ outer-8(SP)
	JZ   store

	// From the end of one segment to the start of the next: step by aro − k·aks, bro − k·bks.
	MOVQ  tile_k(AX), CX
	IMULQ BX, CX
	SUBQ  CX, SI
	MOVQ  tile_aro(AX), CX
	LEAQ  (SI)(CX*4), SI
	MOVQ  tile_k(AX), CX
	IMULQ R15, CX
	SUBQ  CX, DI
	MOVQ  tile_bro(AX), CX
	LEAQ  (DI)(CX*4), DI
	JMP   outer

store:
	MOVQ tile_relu(AX), CX
	TESTQ CX, CX
	JZ   put
	VXORPS Y0, Y0, Y0
	VMAXPS Z4, Z0, Z4
	VMAXPS Z5, Z0, Z5
	VMAXPS Z6, Z0, Z6
	VMAXPS Z7, Z0, Z7
	VMAXPS Z8, Z0, Z8
	VMAXPS Z9, Z0, Z9
	VMAXPS Z10, Z0, Z10
	VMAXPS Z11, Z0, Z11
	VMAXPS Z12, Z0, Z12
	VMAXPS Z13, Z0, Z13
	VMAXPS Z14, Z0, Z14
	VMAXPS Z15, Z0, Z15

put:
	MOVQ tile_c(AX), CX
	MOVQ tile_ldc(AX), BX
	SHLQ $2, BX
	LEAQ (BX)(BX*2), DI
	ADDQ CX, DI
	CMPQ tile_stream(AX), $0
	JNE  past
	EACH(PUT)
	VZEROUPPER
	RET

past:
	EACH(STREAM)
	VZEROUPPER
	RET

// func tileWide4Asm(t *tile)
TEXT ·tileWide4Asm(SB), NOSPLIT, $8-8
	MOVQ t+0(FP), AX

	// sums = init
	MOVQ tile_init(AX), CX
	MOVQ tile_ldi(AX), BX
	SHLQ $2, BX
	LEAQ (BX)(BX*2), DI
	ADDQ CX, DI
	EACH4(GET)

	MOVQ tile_a(AX), CX
	MOVQ tile_off(AX), BX
	MOVQ 0(BX), R8
	MOVQ 8(BX), R9
	MOVQ 16(BX), R10
	MOVQ 24(BX), R11
	LEAQ (CX)(R8*4), R8
	LEAQ (CX)(R9*4), R9
	LEAQ (CX)(R10*4), R10
	LEAQ (CX)(R11*4), R11

	MOVQ tile_b(AX), DI
	MOVQ tile_aks(AX), BX
	MOVQ tile_bks(AX), R15
	MOVQ tile_next(AX), DX
	SHLQ $2, BX
	SHLQ $2, R15
	SHLQ $2, DX
	XORQ SI, SI
	MOVQ tile_ko(AX), CX
	MOVQ CX, outer-8(SP)

outer:
	MOVQ tile_k(AX), CX

inner:
	VMOVUPS (DI), Z0
	VMOVUPS (DI)(DX*1), Z1
	ROW(R8, Z2, Z4, Z5)
	ROW(R9, Z3, Z6, Z7)
	ROW(R10, Z2, Z8, Z9)
	ROW(R11, Z3, Z10, Z11)
	ADDQ BX, SI
	ADDQ R15, DI
	DECQ CX
	JNZ  inner

	DECQ outer-8(SP)
	JZ   store

	// From the end of one segment to the start of the next: step by aro − k·aks, bro − k·bks.
	MOVQ  tile_k(AX), CX
	IMULQ BX, CX
	SUBQ  CX, SI
	MOVQ  tile_aro(AX), CX
	LEAQ  (SI)(CX*4), SI
	MOVQ  tile_k(AX), CX
	IMULQ R15, CX
	SUBQ  CX, DI
	MOVQ  tile_bro(AX), CX
	LEAQ  (DI)(CX*4), DI
	JMP   outer

store:
	MOVQ tile_relu(AX), CX
	TESTQ CX, CX
	JZ   put
	VXORPS Y0, Y0, Y0
	VMAXPS Z4, Z0, Z4
	VMAXPS Z5, Z0, Z5
	VMAXPS Z6, Z0, Z6
	VMAXPS Z7, Z0, Z7
	VMAXPS Z8, Z0, Z8
	VMAXPS Z9, Z0, Z9
	VMAXPS Z10, Z0, Z10
	VMAXPS Z11, Z0, Z11

put:
	MOVQ tile_c(AX), CX
	MOVQ tile_ldc(AX), BX
	SHLQ $2, BX
	LEAQ (BX)(BX*2), DI
	ADDQ CX, DI
	CMPQ tile_stream(AX), $0
	JNE  past
	EACH4(PUT)
	VZEROUPPER
	RET

past:
	EACH4(STREAM)
	VZEROUPPER
	RET
