package dataset

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"math"
	"math/rand/v2"
	"sync/atomic"
	"testing"

	xdraw "golang.org/x/image/draw"
)

// cropByDraw is crop by golang.org/x/image/draw, which makes the whole scaled picture.
func cropByDraw(c FolderConfig, dst []uint8, m image.Image) {
	from := m.Bounds()
	w, h := c.Resize, c.Resize
	if !c.Stretch {
		from = middle(from)
		short := min(from.Dx(), from.Dy())
		scaled := func(side int) int { return int(math.Round(float64(side) * float64(c.Resize) / float64(short))) }
		w, h = scaled(from.Dx()), scaled(from.Dy())
	}
	at := image.Pt(-((w - c.Size) / 2), -((h - c.Size) / 2))
	out := image.NewRGBA(image.Rect(0, 0, c.Size, c.Size))
	xdraw.CatmullRom.Scale(out, image.Rect(0, 0, w, h).Add(at), m, from, xdraw.Src, nil)
	for i := range c.Size * c.Size {
		p := out.Pix[4*i : 4*i+4]
		white := 255 - p[3]
		dst[3*i], dst[3*i+1], dst[3*i+2] = p[0]+white, p[1]+white, p[2]+white
	}
}

// unknown is a picture of no type that anything knows.
type unknown struct{ image.Image }

// TestCropHasTheBytesOfDraw: for all kinds of pictures that decoders make, smaller and larger, square and long.
func TestCropHasTheBytesOfDraw(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 9))
	fill := func(lists ...[]uint8) {
		for _, p := range lists {
			for i := range p {
				p[i] = uint8(r.IntN(256)) * uint8(r.IntN(4)%3) // many zeros
			}
		}
	}
	kinds := map[string]func(b image.Rectangle) image.Image{
		"grey":    func(b image.Rectangle) image.Image { m := image.NewGray(b); fill(m.Pix); return m },
		"grey 16": func(b image.Rectangle) image.Image { m := image.NewGray16(b); fill(m.Pix); return m },
		"NRGBA":   func(b image.Rectangle) image.Image { m := image.NewNRGBA(b); fill(m.Pix); return m },
		"NRGBA64": func(b image.Rectangle) image.Image { m := image.NewNRGBA64(b); fill(m.Pix); return m },
		"CMYK":    func(b image.Rectangle) image.Image { m := image.NewCMYK(b); fill(m.Pix); return m },
		"RGBA": func(b image.Rectangle) image.Image {
			m := image.NewRGBA(b)
			for y := b.Min.Y; y < b.Max.Y; y++ {
				for x := b.Min.X; x < b.Max.X; x++ {
					m.Set(x, y, color.NRGBA{uint8(r.IntN(256)), uint8(r.IntN(256)), uint8(r.IntN(256)), uint8(r.IntN(256))})
				}
			}
			return m
		},
		"palette": func(b image.Rectangle) image.Image {
			m := image.NewPaletted(b, color.Palette{color.Black, color.White, color.NRGBA{200, 10, 30, 100}, color.Transparent})
			for i := range m.Pix {
				m.Pix[i] = uint8(r.IntN(4))
			}
			return m
		},
		"plain": func(b image.Rectangle) image.Image { m := image.NewNRGBA(b); fill(m.Pix); return unknown{m} },
	}
	for ratio := image.YCbCrSubsampleRatio444; ratio <= image.YCbCrSubsampleRatio410; ratio++ {
		kinds[fmt.Sprint(ratio)] = func(b image.Rectangle) image.Image {
			m := image.NewYCbCr(b, ratio)
			fill(m.Y, m.Cb, m.Cr)
			return m
		}
	}
	for name, make1 := range kinds {
		for _, b := range []image.Rectangle{image.Rect(0, 0, 1, 1), image.Rect(0, 0, 17, 17), image.Rect(0, 0, 40, 23), image.Rect(0, 0, 23, 40), image.Rect(3, 5, 130, 66), image.Rect(0, 0, 200, 9), image.Rect(0, 0, 5, 161)} {
			m := make1(b)
			for _, c := range []FolderConfig{{Size: 16, Resize: 16}, {Size: 13, Resize: 20}, {Size: 9, Resize: 9, Stretch: true}, {Size: 30, Resize: 31, Stretch: true}, {Size: 1, Resize: 1}} {
				got, want := make([]uint8, 3*c.Size*c.Size), make([]uint8, 3*c.Size*c.Size)
				if err := c.crop(context.Background(), got, m); err != nil {
					t.Fatal(err)
				}
				cropByDraw(c, want, m)
				if !bytes.Equal(got, want) {
					t.Errorf("%s of %v to %+v: differs", name, b, [3]any{c.Size, c.Resize, c.Stretch})
				}
			}
		}
	}
}

// countingContext counts how often it is asked, and has ended after the first so many times.
type countingContext struct {
	context.Context
	asked *atomic.Int64
	end   int64
}

func (c countingContext) Err() error {
	if c.asked.Add(1) > c.end {
		return context.Canceled
	}
	return nil
}

// TestCropEndsWithinARow: a picture that is being scaled is left at its next row.
func TestCropEndsWithinARow(t *testing.T) {
	c, m := FolderConfig{Size: 8, Resize: 8}, image.NewGray(image.Rect(0, 0, 100, 60))
	for end := range int64(60) {
		ctx := countingContext{context.Background(), new(atomic.Int64), end}
		if err := c.crop(ctx, make([]uint8, 3*8*8), m); err != context.Canceled || ctx.asked.Load() != end+1 {
			t.Fatalf("ended after %d rows: %v, asked %d times", end, err, ctx.asked.Load())
		}
	}
}

func BenchmarkCropBesideDraw(b *testing.B) {
	m := image.NewYCbCr(image.Rect(0, 0, 500, 375), image.YCbCrSubsampleRatio420)
	c, dst := FolderConfig{Size: 227, Resize: 256}, make([]uint8, 3*227*227)
	b.Run("ours", func(b *testing.B) {
		for b.Loop() {
			if err := c.crop(context.Background(), dst, m); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("draw", func(b *testing.B) {
		for b.Loop() {
			cropByDraw(c, dst, m)
		}
	})
}
