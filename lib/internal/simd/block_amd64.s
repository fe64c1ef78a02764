//go:build amd64 && !noasm

#include "go_asm.h"
#include "textflag.h"

// Registers of the kernels of a block:
//   R8..R13, AX, DX  up to eight rows of A
//   SI               offset into the rows, common to all
//   DI               row of B
//   BX, R15          steps of SI and DI, in bytes
//   CX               inner count, and the block wherever no row is worked on
//   Z16..Z31         sums of eight rows, two vectors a row; Y4..Y11 of four
//   Z0, Z1           row of B; Z2..Z5 values of A
// The other counts are on the stack.

// ROWS lays the rows' first addresses, ars apart.
#define ROWS \
	MOVQ block_a(CX), R8;    \
	MOVQ block_ars(CX), BX;  \
	SHLQ $2, BX;             \
	LEAQ (R8)(BX*1), R9;     \
	LEAQ (R8)(BX*2), R10;    \
	LEAQ (R9)(BX*2), R11;    \
	LEAQ (R8)(BX*4), R12;    \
	LEAQ (R9)(BX*4), R13;    \
	LEAQ (R10)(BX*4), AX;    \
	LEAQ (R11)(BX*4), DX

#define START \
	MOVQ t+0(FP), CX;         \
	MOVQ block_init(CX), SI;  \
	MOVQ block_ldi(CX), BX;   \
	SHLQ $2, BX

#define COUNTS \
	MOVQ block_b(CX), DI;     \
	MOVQ block_aks(CX), BX;   \
	MOVQ block_bks(CX), R15;  \
	SHLQ $2, BX;              \
	SHLQ $2, R15;             \
	MOVQ block_kp(CX), SI;    \
	MOVQ SI, outer-16(SP);    \
	XORQ SI, SI

// SUM runs the three loops around the products of one row of B.
#define SUM(products) \
picture:                      \
	MOVQ block_ko(CX), CX;     \
	MOVQ CX, middle-8(SP);     \
	MOVQ t+0(FP), CX;          \
segment:                      \
	MOVQ block_k(CX), CX;      \
inner:                        \
	products;                  \
	ADDQ BX, SI;               \
	ADDQ R15, DI;              \
	DECQ CX;                   \
	JNZ  inner;                \
	MOVQ t+0(FP), CX;          \
	DECQ middle-8(SP);         \
	JZ   end;                  \
	ADDQ block_anext(CX), SI;  \
	ADDQ block_bnext(CX), DI;  \
	JMP  segment;              \
end:                          \
	DECQ outer-16(SP);         \
	JZ   store;                \
	ADDQ block_ajump(CX), SI;  \
	ADDQ block_bjump(CX), DI;  \
	JMP  picture;              \
store:                        \
	MOVQ block_c(CX), SI;      \
	MOVQ block_ldc(CX), BX;    \
	SHLQ $2, BX;               \
	CMPQ block_relu(CX), $0;   \
	JE   put

#define GET32(lo, hi) \
	VMOVUPS (SI), lo;   \
	VMOVUPS 64(SI), hi; \
	ADDQ BX, SI

#define PUT32(lo, hi) \
	VMOVUPS lo, (SI);   \
	VMOVUPS hi, 64(SI); \
	ADDQ BX, SI

#define GET16(sum) \
	VMOVUPS (SI), sum; \
	ADDQ BX, SI

#define PUT16(sum) \
	VMOVUPS sum, (SI); \
	ADDQ BX, SI

#define GET88(lo, hi) \
	VMOVUPS (SI), lo;   \
	VMOVUPS 32(SI), hi; \
	ADDQ BX, SI

#define PUT88(lo, hi) \
	VMOVUPS lo, (SI);   \
	VMOVUPS hi, 32(SI); \
	ADDQ BX, SI

// the second source is the result where the other is equal or a NaN
#define RELU32(lo, hi) \
	VMAXPS lo, Z0, lo; \
	VMAXPS hi, Z0, hi

#define RELU16(sum) VMAXPS sum, Z0, sum

#define RELU88(lo, hi) \
	VMAXPS lo, Y0, lo; \
	VMAXPS hi, Y0, hi

#define ROW32(reg, t, lo, hi) \
	VBROADCASTSS (reg)(SI*1), t; \
	VFMADD231PS  Z0, t, lo;      \
	VFMADD231PS  Z1, t, hi

#define ROW16(reg, sum) VFMADD231PS.BCST (reg)(SI*1), Z0, sum

#define ROW88(reg, t, lo, hi) \
	VBROADCASTSS (reg)(SI*1), t; \
	VFMADD231PS  Y0, t, lo;      \
	VFMADD231PS  Y1, t, hi

#define B32 \
	VMOVUPS (DI), Z0;   \
	VMOVUPS 64(DI), Z1

#define B16 VMOVUPS (DI), Z0

#define B88 \
	VMOVUPS (DI), Y0;   \
	VMOVUPS 32(DI), Y1

#define ONE32 B32; ROW32(R8, Z2, Z16, Z17)
#define TWO32 ONE32; ROW32(R9, Z3, Z18, Z19)
#define FOUR32 TWO32; ROW32(R10, Z4, Z20, Z21); ROW32(R11, Z5, Z22, Z23)
#define EIGHT32 FOUR32; ROW32(R12, Z2, Z24, Z25); ROW32(R13, Z3, Z26, Z27); ROW32(AX, Z4, Z28, Z29); ROW32(DX, Z5, Z30, Z31)

#define ONE16 B16; ROW16(R8, Z16)
#define TWO16 ONE16; ROW16(R9, Z17)
#define FOUR16 TWO16; ROW16(R10, Z18); ROW16(R11, Z19)
#define EIGHT16 FOUR16; ROW16(R12, Z20); ROW16(R13, Z21); ROW16(AX, Z22); ROW16(DX, Z23)

#define ONE88 B88; ROW88(R8, Y2, Y4, Y5)
#define TWO88 ONE88; ROW88(R9, Y3, Y6, Y7)
#define FOUR88 TWO88; ROW88(R10, Y2, Y8, Y9); ROW88(R11, Y3, Y10, Y11)

#define DO1(op) op(Z16, Z17)
#define DO2(op) DO1(op); op(Z18, Z19)
#define DO4(op) DO2(op); op(Z20, Z21); op(Z22, Z23)
#define DO8(op) DO4(op); op(Z24, Z25); op(Z26, Z27); op(Z28, Z29); op(Z30, Z31)

#define DO1H(op) op(Z16)
#define DO2H(op) DO1H(op); op(Z17)
#define DO4H(op) DO2H(op); op(Z18); op(Z19)
#define DO8H(op) DO4H(op); op(Z20); op(Z21); op(Z22); op(Z23)

#define DO1Y(op) op(Y4, Y5)
#define DO2Y(op) DO1Y(op); op(Y6, Y7)
#define DO4Y(op) DO2Y(op); op(Y8, Y9); op(Y10, Y11)

#define KERNEL(each, get, products, relu, store) \
	START;            \
	each(get);        \
	ROWS;             \
	COUNTS;           \
	SUM(products);    \
	VXORPS Y0, Y0, Y0; \
	each(relu);       \
put:                 \
	each(store);      \
	VZEROUPPER;       \
	RET

// func block8x32Asm(t *block)
TEXT ·block8x32Asm(SB), NOSPLIT, $16-8
	KERNEL(DO8, GET32, EIGHT32, RELU32, PUT32)

// func block4x32Asm(t *block)
TEXT ·block4x32Asm(SB), NOSPLIT, $16-8
	KERNEL(DO4, GET32, FOUR32, RELU32, PUT32)

// func block2x32Asm(t *block)
TEXT ·block2x32Asm(SB), NOSPLIT, $16-8
	KERNEL(DO2, GET32, TWO32, RELU32, PUT32)

// func block1x32Asm(t *block)
TEXT ·block1x32Asm(SB), NOSPLIT, $16-8
	KERNEL(DO1, GET32, ONE32, RELU32, PUT32)

// func block8x16Asm(t *block)
TEXT ·block8x16Asm(SB), NOSPLIT, $16-8
	KERNEL(DO8H, GET16, EIGHT16, RELU16, PUT16)

// func block4x16Asm(t *block)
TEXT ·block4x16Asm(SB), NOSPLIT, $16-8
	KERNEL(DO4H, GET16, FOUR16, RELU16, PUT16)

// func block2x16Asm(t *block)
TEXT ·block2x16Asm(SB), NOSPLIT, $16-8
	KERNEL(DO2H, GET16, TWO16, RELU16, PUT16)

// func block1x16Asm(t *block)
TEXT ·block1x16Asm(SB), NOSPLIT, $16-8
	KERNEL(DO1H, GET16, ONE16, RELU16, PUT16)

// func block4x88Asm(t *block)
TEXT ·block4x88Asm(SB), NOSPLIT, $16-8
	KERNEL(DO4Y, GET88, FOUR88, RELU88, PUT88)

// func block2x88Asm(t *block)
TEXT ·block2x88Asm(SB), NOSPLIT, $16-8
	KERNEL(DO2Y, GET88, TWO88, RELU88, PUT88)

// func block1x88Asm(t *block)
TEXT ·block1x88Asm(SB), NOSPLIT, $16-8
	KERNEL(DO1Y, GET88, ONE88, RELU88, PUT88)
