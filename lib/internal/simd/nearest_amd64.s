//go:build amd64 && !noasm

#include "textflag.h"

DATA nearestInf<>+0(SB)/8, $0x7ff0000000000000
GLOBL nearestInf<>(SB), RODATA|NOPTR, $8

// func nearest64Asm(nearest *int, dist, points *float64, n int, centres *float64, k, d int)
//
//   SI the eight points at hand, R8 bytes from a coordinate to the next, R9 points left
//   Y0, Y1 least; Y2, Y3 its centre; Y4, Y5 sums; R11 the centre at hand
TEXT ·nearest64Asm(SB), NOSPLIT, $0-56
	MOVQ nearest+0(FP), DI
	MOVQ dist+8(FP), DX
	MOVQ points+16(FP), SI
	MOVQ n+24(FP), R9
	MOVQ R9, R8
	SHLQ $3, R8

eight:
	VBROADCASTSD nearestInf<>(SB), Y0
	VMOVAPD Y0, Y1
	VPXOR   Y2, Y2, Y2
	VPXOR   Y3, Y3, Y3
	MOVQ    centres+32(FP), BX
	XORQ    R11, R11

centre:
	VXORPD Y4, Y4, Y4
	VXORPD Y5, Y5, Y5
	MOVQ   SI, R10
	MOVQ   d+48(FP), CX

coordinate:
	VBROADCASTSD (BX), Y6
	VMOVUPD (R10), Y7
	VMOVUPD 32(R10), Y8
	VSUBPD  Y6, Y7, Y7
	VSUBPD  Y6, Y8, Y8
	VMULPD  Y7, Y7, Y7
	VMULPD  Y8, Y8, Y8
	VADDPD  Y7, Y4, Y4
	VADDPD  Y8, Y5, Y5
	ADDQ    $8, BX
	ADDQ    R8, R10
	DECQ    CX
	JNZ     coordinate

	VMOVQ        R11, X6
	VPBROADCASTQ X6, Y6
	VCMPPD       $1, Y0, Y4, Y7 // sum < least
	VCMPPD       $1, Y1, Y5, Y8
	VBLENDVPD    Y7, Y4, Y0, Y0
	VBLENDVPD    Y8, Y5, Y1, Y1
	VBLENDVPD    Y7, Y6, Y2, Y2
	VBLENDVPD    Y8, Y6, Y3, Y3
	INCQ         R11
	CMPQ         R11, k+40(FP)
	JLT          centre

	VMOVUPD Y0, (DX)
	VMOVUPD Y1, 32(DX)
	VMOVDQU Y2, (DI)
	VMOVDQU Y3, 32(DI)
	ADDQ    $64, DX
	ADDQ    $64, DI
	ADDQ    $64, SI
	SUBQ    $8, R9
	JG      eight
	VZEROUPPER
	RET
