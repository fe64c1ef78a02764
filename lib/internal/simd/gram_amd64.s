//go:build amd64 && !noasm

#include "textflag.h"

// func describeAsm(dst, x *float32, ld, rows int, shift, low, high *float32, zeros *int32, sum *float64)
//
//   SI x, BX bytes to its next row, DX to that 16 rows on, which is fetched, DI dst, CX rows left
//   Y0, Y1 shift; Y2, Y3 low; Y4, Y5 high; Y6, Y7 zeros; Y8..Y11 sums, four float64 each
TEXT ·describeAsm(SB), NOSPLIT, $0-72
	MOVQ dst+0(FP), DI
	MOVQ x+8(FP), SI
	MOVQ ld+16(FP), BX
	MOVQ rows+24(FP), CX
	SHLQ $2, BX
	MOVQ BX, DX
	SHLQ $4, DX
	MOVQ shift+32(FP), AX
	VMOVUPS (AX), Y0
	VMOVUPS 32(AX), Y1
	MOVQ low+40(FP), R8
	VMOVUPS (R8), Y2
	VMOVUPS 32(R8), Y3
	MOVQ high+48(FP), R9
	VMOVUPS (R9), Y4
	VMOVUPS 32(R9), Y5
	MOVQ zeros+56(FP), R10
	VMOVUPS (R10), Y6
	VMOVUPS 32(R10), Y7
	MOVQ sum+64(FP), R11
	VMOVUPD (R11), Y8
	VMOVUPD 32(R11), Y9
	VMOVUPD 64(R11), Y10
	VMOVUPD 96(R11), Y11

row:
	PREFETCHT0 (SI)(DX*1)
	VMOVUPS (SI), Y12
	VMOVUPS 32(SI), Y13
	VXORPS  Y15, Y15, Y15
	VCMPPS  $0, Y12, Y15, Y14
	VPSUBD  Y14, Y6, Y6
	VCMPPS  $0, Y13, Y15, Y14
	VPSUBD  Y14, Y7, Y7

	// The second source, here the first operand, is the result where one is NaN.
	VMINPS Y2, Y12, Y2
	VMINPS Y3, Y13, Y3
	VMAXPS Y4, Y12, Y4
	VMAXPS Y5, Y13, Y5
	VSUBPS Y0, Y12, Y12
	VSUBPS Y1, Y13, Y13
	VMOVUPS Y12, (DI)
	VMOVUPS Y13, 32(DI)
	VEXTRACTF128 $1, Y12, X14
	VEXTRACTF128 $1, Y13, X15
	VCVTPS2PD X12, Y12
	VCVTPS2PD X14, Y14
	VADDPD Y12, Y8, Y8
	VADDPD Y14, Y9, Y9
	VCVTPS2PD X13, Y13
	VCVTPS2PD X15, Y15
	VADDPD Y13, Y10, Y10
	VADDPD Y15, Y11, Y11
	ADDQ BX, SI
	ADDQ $64, DI
	DECQ CX
	JNZ  row

	VMOVUPS Y2, (R8)
	VMOVUPS Y3, 32(R8)
	VMOVUPS Y4, (R9)
	VMOVUPS Y5, 32(R9)
	VMOVUPS Y6, (R10)
	VMOVUPS Y7, 32(R10)
	VMOVUPD Y8, (R11)
	VMOVUPD Y9, 32(R11)
	VMOVUPD Y10, 64(R11)
	VMOVUPD Y11, 96(R11)
	VZEROUPPER
	RET

#define EIGHT(at) \
	VCVTPS2PD (at*4)(SI), Y0;      \
	VCVTPS2PD (at*4+16)(SI), Y1;   \
	VADDPD    (at*8)(DI), Y0, Y0;   \
	VADDPD    (at*8+32)(DI), Y1, Y1; \
	VMOVUPD   Y0, (at*8)(DI);       \
	VMOVUPD   Y1, (at*8+32)(DI)

#define EIGHTSET(at) \
	VCVTPS2PD (at*4)(SI), Y0;    \
	VCVTPS2PD (at*4+16)(SI), Y1; \
	VADDPD    Y2, Y0, Y0;        \
	VADDPD    Y2, Y1, Y1;        \
	VMOVUPD   Y0, (at*8)(DI);    \
	VMOVUPD   Y1, (at*8+32)(DI)

// func setTileAsm(acc *float64, ld int, x *float32)
TEXT ·setTileAsm(SB), NOSPLIT, $0-24
	MOVQ acc+0(FP), DI
	MOVQ ld+8(FP), BX
	MOVQ x+16(FP), SI
	MOVQ $6, CX
	SHLQ $3, BX
	VXORPD Y2, Y2, Y2 // 0 + x, which is 0 where x is −0

setLine:
	EIGHTSET(0)
	EIGHTSET(8)
	EIGHTSET(16)
	EIGHTSET(24)
	ADDQ $128, SI
	ADDQ BX, DI
	DECQ CX
	JNZ  setLine
	VZEROUPPER
	RET

// func addTileAsm(acc *float64, ld int, x *float32)
TEXT ·addTileAsm(SB), NOSPLIT, $0-24
	MOVQ acc+0(FP), DI
	MOVQ ld+8(FP), BX
	MOVQ x+16(FP), SI
	MOVQ $6, CX
	SHLQ $3, BX

line:
	EIGHT(0)
	EIGHT(8)
	EIGHT(16)
	EIGHT(24)
	ADDQ $128, SI
	ADDQ BX, DI
	DECQ CX
	JNZ  line
	VZEROUPPER
	RET

// func packPanelsAsm(dst *float32, step int, src *float32, ld, rows, panels int)
TEXT ·packPanelsAsm(SB), NOSPLIT, $0-48
	MOVQ dst+0(FP), DI
	MOVQ step+8(FP), R9
	MOVQ src+16(FP), SI
	MOVQ ld+24(FP), R8
	MOVQ rows+32(FP), CX
	MOVQ panels+40(FP), BX
	SHLQ $2, R8
	SHLQ $2, R9

packRow:
	MOVQ SI, R10
	MOVQ DI, R11
	MOVQ BX, DX

packPanel:
	VMOVUPS (R10), Y0
	VMOVUPS 32(R10), Y1
	VMOVUPS Y0, (R11)
	VMOVUPS Y1, 32(R11)
	ADDQ $64, R10
	ADDQ R9, R11
	DECQ DX
	JNZ  packPanel
	ADDQ R8, SI
	ADDQ $64, DI
	DECQ CX
	JNZ  packRow
	VZEROUPPER
	RET

#define FETCH(row) \
	PREFETCHT0 (row);     \
	PREFETCHT0 64(row);   \
	PREFETCHT0 128(row);  \
	PREFETCHT0 192(row)

// func fetchTileAsm(acc *float64, ld int)
TEXT ·fetchTileAsm(SB), NOSPLIT, $0-16
	MOVQ acc+0(FP), DI
	MOVQ ld+8(FP), BX
	SHLQ $3, BX
	LEAQ (BX)(BX*2), CX
	ADDQ DI, CX
	FETCH(DI)
	FETCH(CX)
	ADDQ BX, DI
	ADDQ BX, CX
	FETCH(DI)
	FETCH(CX)
	ADDQ BX, DI
	ADDQ BX, CX
	FETCH(DI)
	FETCH(CX)
	RET
