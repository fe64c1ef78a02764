package display

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"reflect"
)

// picture adds an image as PNG. Small ones are enlarged without smoothing: a
// 7x7 filter would be a dot on the screen.
func picture(b *Bundle, img image.Image) {
	if v := reflect.ValueOf(img); v.Kind() == reflect.Pointer && v.IsNil() {
		b.Data["text/plain"] = fmt.Sprintf("%T (nil)", img)
		return
	}
	size := img.Bounds().Size()
	b.Data["text/plain"] = fmt.Sprintf("%T %d×%d", img, size.X, size.Y)
	if img.Bounds().Empty() {
		return
	}
	encodePNG(b, enlarge(img, zoom(size, 160)))
}

// encodePNG adds an image as it is.
func encodePNG(b *Bundle, img image.Image) {
	var buf bytes.Buffer
	if err := png.Encode(&buf, img); err != nil {
		b.Data["text/plain"] = fmt.Sprintf("%s: image/png: %v", b.Data["text/plain"], err)
		return
	}
	b.Data["image/png"] = buf.Bytes()
}

// zoom is the whole factor that brings the longer side of a small image near
// to the wanted pixels; 1 if that is less than double.
func zoom(size image.Point, want int) int {
	return max(1, want/max(size.X, size.Y, 1))
}

// enlarge repeats every pixel.
func enlarge(img image.Image, factor int) image.Image {
	if factor <= 1 {
		return img
	}
	r := img.Bounds()
	out := image.NewNRGBA(image.Rect(0, 0, r.Dx()*factor, r.Dy()*factor))
	for y := range r.Dy() {
		for x := range r.Dx() {
			c := image.NewUniform(img.At(r.Min.X+x, r.Min.Y+y))
			draw.Draw(out, image.Rect(x*factor, y*factor, (x+1)*factor, (y+1)*factor), c, image.Point{}, draw.Src)
		}
	}
	return out
}

// Limits of a contact sheet.
const (
	sheetWidth = 960 // pixels
	sheetMost  = 256 // pictures
	sheetGap   = 4
)

// pictures adds a contact sheet: the images in rows on white, small ones enlarged.
func pictures(b *Bundle, all []image.Image) {
	text := fmt.Sprintf("%d images", len(all))
	var size image.Point
	for _, img := range all {
		if img != nil {
			s := img.Bounds().Size()
			size.X, size.Y = max(size.X, s.X), max(size.Y, s.Y)
		}
	}
	if size.X == 0 || size.Y == 0 {
		b.Data["text/plain"] = text
		return
	}
	text += fmt.Sprintf(" of up to %d×%d", size.X, size.Y)
	if len(all) > sheetMost {
		text += fmt.Sprintf(" (the first %d are shown)", sheetMost)
		all = all[:sheetMost]
	}
	b.Data["text/plain"] = text

	factor := zoom(size, 64)
	w, h := size.X*factor+sheetGap, size.Y*factor+sheetGap
	columns := max(1, min(len(all), (sheetWidth-sheetGap)/w))
	rows := (len(all) + columns - 1) / columns
	sheet := image.NewNRGBA(image.Rect(0, 0, columns*w+sheetGap, rows*h+sheetGap))
	draw.Draw(sheet, sheet.Bounds(), image.NewUniform(color.White), image.Point{}, draw.Src)
	for i, img := range all {
		if img == nil {
			continue
		}
		big := enlarge(img, factor)
		at := image.Pt(sheetGap+i%columns*w, sheetGap+i/columns*h)
		draw.Draw(sheet, image.Rectangle{Min: at, Max: at.Add(big.Bounds().Size())}, big, big.Bounds().Min, draw.Over)
	}
	encodePNG(b, sheet)
}
