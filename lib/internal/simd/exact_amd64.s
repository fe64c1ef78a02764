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

// func exactRowAsm(r *exactRow) int
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
	VPMOVSXDQ (R11)(AX*4), Y0
	VPCMPGTQ  exactHigh<>(SB), Y0, Y1
	VMOVDQU   exactLow<>(SB), Y2
	VPCMPGTQ  Y0, Y2, Y2
	VPOR      Y1, Y2, Y6
	VPSLLQ    $5, Y0, Y0
	VMOVDQU   exactBias<>(SB), Y1
	VPSUBQ    Y0, Y1, Y0
	VPSLLQ    $52, Y0, Y0

	// x: n·mean·means[j] rounded; y: what that lost, and the centred moment
	VMOVUPD     (R8)(AX*8), Y1
	VMULPD      Y1, Y14, Y2
	VFMSUB213PD Y2, Y14, Y1
	VMULPD      Y2, Y15, Y4
	VFMSUB213PD Y4, Y15, Y2
	VMULPD      Y1, Y15, Y1
	VADDPD      Y1, Y2, Y2
	VMULPD      (R9)(AX*8), Y13, Y3
	VDIVPD      Y15, Y3, Y3
	VMOVUPD     (R10)(AX*8), Y5
	VSUBPD      Y3, Y5, Y5
	VADDPD      Y2, Y5, Y5
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
