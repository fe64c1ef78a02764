//go:build amd64 && !noasm

#include "go_asm.h"
#include "textflag.h"

DATA exactMagic<>+0(SB)/8, $0x4338000000000000 // 1.5·2^52: the low bits of x + magic are the integer x
GLOBL exactMagic<>(SB), RODATA|NOPTR, $8
DATA exactBase<>+0(SB)/8, $0x41f0000000000000 // 2^32
GLOBL exactBase<>(SB), RODATA|NOPTR, $8
DATA exactAbs<>+0(SB)/8, $0x7fffffffffffffff
DATA exactAbs<>+8(SB)/8, $0x7fffffffffffffff
DATA exactAbs<>+16(SB)/8, $0x7fffffffffffffff
DATA exactAbs<>+24(SB)/8, $0x7fffffffffffffff
GLOBL exactAbs<>(SB), RODATA|NOPTR, $32
DATA exactBias<>+0(SB)/8, $1023
DATA exactBias<>+8(SB)/8, $1023
DATA exactBias<>+16(SB)/8, $1023
DATA exactBias<>+24(SB)/8, $1023
GLOBL exactBias<>(SB), RODATA|NOPTR, $32
DATA exactHigh<>+0(SB)/8, $31
DATA exactHigh<>+8(SB)/8, $31
DATA exactHigh<>+16(SB)/8, $31
DATA exactHigh<>+24(SB)/8, $31
GLOBL exactHigh<>(SB), RODATA|NOPTR, $32
DATA exactNone<>+0(SB)/8, $0xe0000000e0000000 // −2^29, twice
DATA exactNone<>+8(SB)/8, $0xe0000000e0000000
GLOBL exactNone<>(SB), RODATA|NOPTR, $16
DATA exactOne<>+0(SB)/8, $1
GLOBL exactOne<>(SB), RODATA|NOPTR, $8
DATA exactBins<>+0(SB)/8, $32
GLOBL exactBins<>(SB), RODATA|NOPTR, $8
DATA exactLast<>+0(SB)/8, $0x7ff
GLOBL exactLast<>(SB), RODATA|NOPTR, $8
DATA exactHalf<>+0(SB)/8, $0x0008000000000000 // 2^51
GLOBL exactHalf<>(SB), RODATA|NOPTR, $8
DATA exactDown<>+0(SB)/8, $0x3df0000000000000 // 2^−32
GLOBL exactDown<>(SB), RODATA|NOPTR, $8
DATA exactMost<>+0(SB)/8, $28
GLOBL exactMost<>(SB), RODATA|NOPTR, $8
DATA exactLeast<>+0(SB)/8, $-25
GLOBL exactLeast<>(SB), RODATA|NOPTR, $8
DATA exactLow<>+0(SB)/8, $-31
DATA exactLow<>+8(SB)/8, $-31
DATA exactLow<>+16(SB)/8, $-31
DATA exactLow<>+24(SB)/8, $-31
GLOBL exactLow<>(SB), RODATA|NOPTR, $32

// DIGIT adds the digits of x (Y4) and y (Y5) to a row of sums; NEXT brings the next ones before the point.
#define DIGIT(row) \
	VROUNDPD $3, Y4, Y8;          \
	VROUNDPD $3, Y5, Y9;          \
	VADDPD   Y9, Y8, Y10;         \
	VADDPD   Y12, Y10, Y10;       \
	VPSUBQ   Y12, Y10, Y10;       \
	VPADDQ   (row)(AX*8), Y10, Y10; \
	VMOVDQU  Y10, (row)(AX*8)

#define NEXT \
	VSUBPD Y8, Y4, Y4;  \
	VSUBPD Y9, Y5, Y5;  \
	VMULPD Y11, Y4, Y4; \
	VMULPD Y11, Y5, Y5

// NUMBERS makes, of j = AX to AX+3, x (Y4): n·mean·means[j] rounded, and y (Y5): what that lost, and the centred moment.
#define NUMBERS \
	VMOVUPD     (R8)(AX*8), Y1;  \
	VMULPD      Y1, Y14, Y2;     \
	VFMSUB213PD Y2, Y14, Y1;     \
	VMULPD      Y2, Y15, Y4;     \
	VFMSUB213PD Y4, Y15, Y2;     \
	VMULPD      Y1, Y15, Y1;     \
	VADDPD      Y1, Y2, Y2;      \
	VMULPD      (R9)(AX*8), Y13, Y3; \
	VDIVPD      Y15, Y3, Y3;     \
	VMOVUPD     (R10)(AX*8), Y5; \
	VSUBPD      Y3, Y5, Y5;      \
	VADDPD      Y2, Y5, Y5

// func exactRowAsm(r *exactRow) int
//
//   Sums of wide layers do not stay in the cache: they are fetched sixteen turns ahead.
//
//   Y11 2^32, Y12 magic, Y13 sum, Y14 mean, Y15 n; Y0 the scale 2^(−32·top)
TEXT ·exactRowAsm(SB), NOSPLIT, $0-16
	MOVQ r+0(FP), SI
	VBROADCASTSD exactRow_n(SI), Y15
	VBROADCASTSD exactRow_mean(SI), Y14
	VBROADCASTSD exactRow_sum(SI), Y13
	VBROADCASTSD exactMagic<>(SB), Y12
	VBROADCASTSD exactBase<>(SB), Y11
	MOVQ exactRow_means(SI), R8
	MOVQ exactRow_sums(SI), R9
	MOVQ exactRow_gram(SI), R10
	MOVQ exactRow_top(SI), R11
	MOVQ exactRow_d0(SI), R12
	MOVQ exactRow_d1(SI), R13
	MOVQ exactRow_d2(SI), DI
	MOVQ exactRow_d3(SI), BX
	MOVQ exactRow_count(SI), CX
	XORQ AX, AX

four:
	PREFETCHT0 512(R12)(AX*8)
	PREFETCHT0 512(R13)(AX*8)
	PREFETCHT0 512(DI)(AX*8)
	PREFETCHT0 512(BX)(AX*8)
	PREFETCHT0 512(R10)(AX*8)
	VPMOVSXDQ (R11)(AX*4), Y0
	VPCMPGTQ  exactHigh<>(SB), Y0, Y1
	VMOVDQU   exactLow<>(SB), Y2
	VPCMPGTQ  Y0, Y2, Y2
	VPOR      Y1, Y2, Y6
	VPSLLQ    $5, Y0, Y0
	VMOVDQU   exactBias<>(SB), Y1
	VPSUBQ    Y0, Y1, Y0
	VPSLLQ    $52, Y0, Y0

	NUMBERS
	VMULPD      Y0, Y4, Y4
	VMULPD      Y0, Y5, Y5
	VANDPD      exactAbs<>(SB), Y4, Y7
	VANDPD      exactAbs<>(SB), Y5, Y8
	VCMPPD      $5, Y11, Y7, Y7 // not less than
	VCMPPD      $5, Y11, Y8, Y8
	VORPD       Y7, Y6, Y6
	VORPD       Y8, Y6, Y6
	VMOVMSKPD   Y6, DX
	TESTQ       DX, DX
	JNZ         done

	DIGIT(R12)
	NEXT
	DIGIT(R13)
	NEXT
	DIGIT(DI)
	NEXT
	DIGIT(BX)
	ADDQ $4, AX
	CMPQ AX, CX
	JLT  four

done:
	MOVQ AX, ret+8(FP)
	VZEROUPPER
	RET

// func exactTopsAsm(r *exactRow) int
//
//   Y8 0, Y9 1, Y10 32, Y11 0x7ff, X12 −2^29, Y13 sum, Y14 mean, Y15 n
TEXT ·exactTopsAsm(SB), NOSPLIT, $0-16
	MOVQ r+0(FP), SI
	VBROADCASTSD exactRow_n(SI), Y15
	VBROADCASTSD exactRow_mean(SI), Y14
	VBROADCASTSD exactRow_sum(SI), Y13
	VMOVDQU exactNone<>(SB), X12
	VPBROADCASTQ exactLast<>(SB), Y11
	VPBROADCASTQ exactBins<>(SB), Y10
	VPBROADCASTQ exactOne<>(SB), Y9
	VPXOR Y8, Y8, Y8
	MOVQ exactRow_means(SI), R8
	MOVQ exactRow_sums(SI), R9
	MOVQ exactRow_gram(SI), R10
	MOVQ exactRow_top(SI), R11
	MOVQ exactRow_count(SI), CX
	XORQ AX, AX

topsFour:
	VPCMPGTD  (R11)(AX*4), X12, X0 // −2^29 is above: no number yet
	VMOVMSKPS X0, DX
	CMPQ      DX, $15
	JNE       topsDone
	NUMBERS

	// the larger exponent; 0 and 0x7ff are not for here
	VPSLLQ    $1, Y4, Y4
	VPSLLQ    $1, Y5, Y5
	VPSRLQ    $53, Y4, Y4
	VPSRLQ    $53, Y5, Y5
	VPMAXSD   Y5, Y4, Y4
	VPCMPEQQ  Y8, Y4, Y0
	VPCMPEQQ  Y11, Y4, Y1
	VPOR      Y1, Y0, Y0
	VMOVMSKPD Y0, DX
	TESTQ     DX, DX
	JNZ       topsDone

	// ⌊(e − 1023)/32⌋
	VPADDQ Y9, Y4, Y4
	VPSRLQ $5, Y4, Y4
	VPSUBQ Y10, Y4, Y4
	VEXTRACTF128 $1, Y4, X5
	VSHUFPS $0x88, X5, X4, X4
	VMOVUPS X4, (R11)(AX*4)
	ADDQ $4, AX
	CMPQ AX, CX
	JLT  topsFour

topsDone:
	MOVQ AX, ret+8(FP)
	VZEROUPPER
	RET

// LIMB reads a row of digits, of which Y6 collects whether one is too large, as float64 times the scale.
#define LIMB(row, x) \
	VMOVDQU (row)(AX*8), x; \
	VPADDQ  Y11, x, Y7;     \
	VPSRLQ  $52, Y7, Y7;    \
	VPOR    Y7, Y6, Y6;     \
	VPADDQ  Y12, x, x;      \
	VSUBPD  Y12, x, x;      \
	VMULPD  Y0, x, x

// TWOSUM: hi and Y7 become the sum of hi and x and its rounding error; uses Y8, Y9.
#define TWOSUM(hi, x) \
	VADDPD x, hi, Y8;   \
	VSUBPD hi, Y8, Y7;  \
	VSUBPD Y7, Y8, Y9;  \
	VSUBPD Y9, hi, Y9;  \
	VSUBPD Y7, x, Y7;   \
	VADDPD Y7, Y9, Y7;  \
	VMOVAPD Y8, hi

// RENORM: hi + lo, with hi their sum rounded; uses Y8.
#define RENORM(hi, lo) \
	VADDPD lo, hi, Y8;  \
	VSUBPD hi, Y8, hi;  \
	VSUBPD hi, lo, lo;  \
	VMOVAPD Y8, hi

#define PLUS(x) \
	TWOSUM(Y1, x);      \
	VADDPD Y7, Y2, Y2;  \
	RENORM(Y1, Y2)

// OVER: hi and lo become the quotient by n, to be normalised; uses Y8.
#define OVER(hi, lo) \
	VDIVPD Y15, hi, Y8;         \
	VFNMADD231PD Y15, Y8, hi;   \
	VADDPD lo, hi, lo;          \
	VDIVPD Y15, lo, lo;         \
	VMOVAPD Y8, hi

// func exactTotalsAsm(r *exactTotals) int
//
//   Y10 2^−32, Y11 2^51, Y12 magic, Y13 lo, Y14 hi, Y15 n; Y0 the scale of a row of digits;
//   Y1, Y2 Σ x y; Y4, Y5 Σ x Σ y / n
TEXT ·exactTotalsAsm(SB), NOSPLIT, $0-16
	MOVQ r+0(FP), SI
	VBROADCASTSD exactTotals_n(SI), Y15
	VBROADCASTSD exactTotals_hi(SI), Y14
	VBROADCASTSD exactTotals_lo(SI), Y13
	VBROADCASTSD exactMagic<>(SB), Y12
	VPBROADCASTQ exactHalf<>(SB), Y11
	VBROADCASTSD exactDown<>(SB), Y10
	MOVQ exactTotals_his(SI), R8
	MOVQ exactTotals_los(SI), R9
	MOVQ exactTotals_cov(SI), R10
	MOVQ exactTotals_top(SI), R11
	MOVQ exactTotals_d0(SI), R12
	MOVQ exactTotals_d1(SI), R13
	MOVQ exactTotals_d2(SI), DI
	MOVQ exactTotals_d3(SI), BX
	MOVQ exactTotals_count(SI), CX
	XORQ AX, AX

total:
	VPMOVSXDQ (R11)(AX*4), Y0
	VPBROADCASTQ exactMost<>(SB), Y1
	VPCMPGTQ  Y1, Y0, Y6
	VPBROADCASTQ exactLeast<>(SB), Y1
	VPCMPGTQ  Y0, Y1, Y1
	VPOR      Y1, Y6, Y6
	VPSLLQ    $5, Y0, Y0
	VPADDQ    exactBias<>(SB), Y0, Y0
	VPSLLQ    $52, Y0, Y0

	LIMB(R12, Y1)
	VMULPD Y10, Y0, Y0
	LIMB(R13, Y3)
	VMULPD Y10, Y0, Y0
	LIMB(DI, Y4)
	VMULPD Y10, Y0, Y0
	LIMB(BX, Y5)
	VPTEST Y6, Y6
	JNZ    totalDone
	VXORPD Y2, Y2, Y2
	PLUS(Y3)
	PLUS(Y4)
	PLUS(Y5)

	VMOVUPD (R8)(AX*8), Y3
	VMULPD Y3, Y14, Y4
	VMOVAPD Y3, Y5
	VFMSUB213PD Y4, Y14, Y5
	VFMADD231PD (R9)(AX*8), Y14, Y5
	VFMADD231PD Y3, Y13, Y5
	RENORM(Y4, Y5)
	OVER(Y4, Y5)
	RENORM(Y4, Y5)

	VXORPD Y3, Y3, Y3
	VSUBPD Y4, Y3, Y4
	TWOSUM(Y1, Y4)
	VADDPD Y2, Y7, Y2
	VSUBPD Y5, Y2, Y2
	RENORM(Y1, Y2)
	OVER(Y1, Y2)
	VADDPD Y2, Y1, Y1
	VMOVUPD Y1, (R10)(AX*8)
	ADDQ $4, AX
	CMPQ AX, CX
	JLT  total

totalDone:
	MOVQ AX, ret+8(FP)
	VZEROUPPER
	RET
