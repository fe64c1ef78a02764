//go:build amd64 && !noasm

#include "go_asm.h"
#include "textflag.h"

// Registers of tileAsm:
//   R8..R13  six rows of A, in bytes from the start of memory
//   SI       offset into the rows, common to all six
//   DI       row of B
//   BX, R15  steps of SI and DI, in bytes
//   CX, DX   inner and outer count
//   AX       the tile; its fields are read again at the end
//   Y4..Y15  sums, two vectors a row; Y0, Y1 row of B; Y2, Y3 values of A
// R14 belongs to the Go runtime.

#define ROW(reg, t, lo, hi) \
	VBROADCASTSS (reg)(SI*1), t; \
	VFMADD231PS  Y0, t, lo;      \
	VFMADD231PS  Y1, t, hi

// init is addressed by CX (rows 0..2) and DI (rows 3..5), rows BX bytes apart.
#define EACH(op) \
	op((CX), 32(CX), Y4, Y5);               \
	op((CX)(BX*1), 32(CX)(BX*1), Y6, Y7);   \
	op((CX)(BX*2), 32(CX)(BX*2), Y8, Y9);   \
	op((DI), 32(DI), Y10, Y11);             \
	op((DI)(BX*1), 32(DI)(BX*1), Y12, Y13); \
	op((DI)(BX*2), 32(DI)(BX*2), Y14, Y15)

#define GET(at, at8, lo, hi) \
	VMOVUPS at, lo;  \
	VMOVUPS at8, hi

#define PUT(at, at8, lo, hi) \
	VMOVUPS lo, at;  \
	VMOVUPS hi, at8

#define STREAM(at, at8, lo, hi) \
	VMOVNTPS lo, at;  \
	VMOVNTPS hi, at8

// func tileAsm(t *tile)
TEXT ·tileAsm(SB), NOSPLIT, $0-8
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
	SHLQ $2, BX
	SHLQ $2, R15
	XORQ SI, SI
	MOVQ tile_ko(AX), DX

outer:
	MOVQ tile_k(AX), CX

inner:
	VMOVUPS (DI), Y0
	VMOVUPS 32(DI), Y1
	ROW(R8, Y2, Y4, Y5)
	ROW(R9, Y3, Y6, Y7)
	ROW(R10, Y2, Y8, Y9)
	ROW(R11, Y3, Y10, Y11)
	ROW(R12, Y2, Y12, Y13)
	ROW(R13, Y3, Y14, Y15)
	ADDQ BX, SI
	ADDQ R15, DI
	DECQ CX
	JNZ  inner

	DECQ DX
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
	VMAXPS Y4, Y0, Y4
	VMAXPS Y5, Y0, Y5
	VMAXPS Y6, Y0, Y6
	VMAXPS Y7, Y0, Y7
	VMAXPS Y8, Y0, Y8
	VMAXPS Y9, Y0, Y9
	VMAXPS Y10, Y0, Y10
	VMAXPS Y11, Y0, Y11
	VMAXPS Y12, Y0, Y12
	VMAXPS Y13, Y0, Y13
	VMAXPS Y14, Y0, Y14
	VMAXPS Y15, Y0, Y15

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

// func fenceAsm()
TEXT ·fenceAsm(SB), NOSPLIT, $0-0
	SFENCE
	RET

// func transpose8Asm(dst *float32, ldd int, src *float32, lds int)
TEXT ·transpose8Asm(SB), NOSPLIT, $0-32
	MOVQ dst+0(FP), DI
	MOVQ ldd+8(FP), R8
	MOVQ src+16(FP), SI
	MOVQ lds+24(FP), R9
	SHLQ $2, R8
	SHLQ $2, R9
	LEAQ (R9)(R9*2), R10
	LEAQ (SI)(R9*4), R11
	LEAQ (R8)(R8*2), R12
	LEAQ (DI)(R8*4), R13
	VMOVUPS (SI), Y0
	VMOVUPS (SI)(R9*1), Y1
	VMOVUPS (SI)(R9*2), Y2
	VMOVUPS (SI)(R10*1), Y3
	VMOVUPS (R11), Y4
	VMOVUPS (R11)(R9*1), Y5
	VMOVUPS (R11)(R9*2), Y6
	VMOVUPS (R11)(R10*1), Y7

	// pairs of rows
	VUNPCKLPS Y1, Y0, Y8
	VUNPCKHPS Y1, Y0, Y9
	VUNPCKLPS Y3, Y2, Y10
	VUNPCKHPS Y3, Y2, Y11
	VUNPCKLPS Y5, Y4, Y12
	VUNPCKHPS Y5, Y4, Y13
	VUNPCKLPS Y7, Y6, Y14
	VUNPCKHPS Y7, Y6, Y15

	// fours of rows
	VSHUFPS $0x44, Y10, Y8, Y0
	VSHUFPS $0xEE, Y10, Y8, Y1
	VSHUFPS $0x44, Y11, Y9, Y2
	VSHUFPS $0xEE, Y11, Y9, Y3
	VSHUFPS $0x44, Y14, Y12, Y4
	VSHUFPS $0xEE, Y14, Y12, Y5
	VSHUFPS $0x44, Y15, Y13, Y6
	VSHUFPS $0xEE, Y15, Y13, Y7

	// halves
	VPERM2F128 $0x20, Y4, Y0, Y8
	VPERM2F128 $0x20, Y5, Y1, Y9
	VPERM2F128 $0x20, Y6, Y2, Y10
	VPERM2F128 $0x20, Y7, Y3, Y11
	VPERM2F128 $0x31, Y4, Y0, Y12
	VPERM2F128 $0x31, Y5, Y1, Y13
	VPERM2F128 $0x31, Y6, Y2, Y14
	VPERM2F128 $0x31, Y7, Y3, Y15
	VMOVUPS Y8, (DI)
	VMOVUPS Y9, (DI)(R8*1)
	VMOVUPS Y10, (DI)(R8*2)
	VMOVUPS Y11, (DI)(R12*1)
	VMOVUPS Y12, (R13)
	VMOVUPS Y13, (R13)(R8*1)
	VMOVUPS Y14, (R13)(R8*2)
	VMOVUPS Y15, (R13)(R12*1)
	VZEROUPPER
	RET

// func pack16Asm(dst, src *float32, ld, rows int)
TEXT ·pack16Asm(SB), NOSPLIT, $0-32
	MOVQ dst+0(FP), DI
	MOVQ src+8(FP), SI
	MOVQ ld+16(FP), R8
	MOVQ rows+24(FP), CX
	SHLQ $2, R8

pack16:
	VMOVUPS (SI), Y0
	VMOVUPS 32(SI), Y1
	VMOVUPS Y0, (DI)
	VMOVUPS Y1, 32(DI)
	ADDQ R8, SI
	ADDQ $64, DI
	DECQ CX
	JNZ  pack16
	VZEROUPPER
	RET

// func pack6Asm(dst, src *float32, ld, rows int, mask *[8]int32)
TEXT ·pack6Asm(SB), NOSPLIT, $0-40
	MOVQ dst+0(FP), DI
	MOVQ src+8(FP), SI
	MOVQ ld+16(FP), R8
	MOVQ rows+24(FP), CX
	MOVQ mask+32(FP), DX
	SHLQ $2, R8
	VMOVDQU (DX), Y1
	DECQ CX
	JZ   pack6Last

pack6:
	// eight values are written, and the last two overwritten by the next row
	VMASKMOVPS (SI), Y1, Y0
	VMOVUPS    Y0, (DI)
	ADDQ R8, SI
	ADDQ $24, DI
	DECQ CX
	JNZ  pack6

pack6Last:
	VMASKMOVPS (SI), Y1, Y0
	VMOVUPS    X0, (DI)
	VEXTRACTF128 $1, Y0, X0
	VMOVLPS    X0, 16(DI)
	VZEROUPPER
	RET
