package dataset

import (
	"archive/tar"
	"bytes"
	"context"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"io"
	"os"
	"path"
	"path/filepath"
	"sort"
	"strings"
)

// classSource is where the pictures of one class are: a folder, or an archive.
type classSource struct {
	label   int
	path    string
	archive bool
}

// picture is a decoded one, with its name for the order.
type picture struct {
	name   string
	pixels []uint8 // cifarBytes
}

// largestPicture is the size in bytes of the largest file that is looked at: pictures of
// 32×32 pixels need a hundredth of it, so that memory stays bounded for any input.
const largestPicture = 1 << 20

// readClasses decodes the pictures of all classes, a class a core at a time, and takes
// them in turns.
func readClasses(ctx context.Context, m *meter, classes [2][]classSource) ([2]*records, error) {
	sources := append(append([]classSource(nil), classes[trainPart]...), classes[testPart]...)
	found := make([][]picture, len(sources))
	err := parallel(ctx, len(sources), func(ctx context.Context, i int) (err error) {
		if sources[i].archive {
			found[i], err = readClassArchive(ctx, m, sources[i].path)
		} else {
			found[i], err = readClassFolder(ctx, m, sources[i].path)
		}
		if err == nil && len(found[i]) == 0 {
			err = fmt.Errorf("dataset: %s: no pictures (.jpg, .jpeg or .png)", sources[i].path)
		}
		return err
	})
	if err != nil {
		return [2]*records{}, err
	}
	n := len(classes[trainPart])
	return [2]*records{
		interleave(classes[trainPart], found[:n]),
		interleave(classes[testPart], found[n:]),
	}, nil
}

// interleave takes one picture of each class in turns until all are used; nil if there
// are none.
func interleave(sources []classSource, found [][]picture) *records {
	if len(sources) == 0 {
		return nil
	}
	all := &records{shape: cifarShape()}
	for i, left := 0, true; left; i++ {
		left = false
		for c, pictures := range found {
			if i < len(pictures) {
				copy(all.next(sources[c].label), pictures[i].pixels)
				pictures[i].pixels = nil
				left = true
			}
		}
	}
	return all
}

// readClassFolder decodes the pictures of a folder, in order of their names.
func readClassFolder(ctx context.Context, m *meter, dir string) ([]picture, error) {
	names, err := namesIn(dir)
	if err != nil {
		return nil, err
	}
	var found []picture
	for _, name := range names {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		m.add(1 / float64(len(names)))
		if !isPicture(name) {
			continue
		}
		file := filepath.Join(dir, name)
		f, err := os.Open(file)
		if err != nil {
			return nil, fmt.Errorf("dataset: %w", err)
		}
		pixels, err := decodePicture(f, file)
		_ = f.Close() // only read
		if err != nil {
			return nil, err
		}
		found = append(found, picture{name, pixels})
	}
	return found, nil
}

// readClassArchive decodes the pictures of a tar.gz, in order of their names.
func readClassArchive(ctx context.Context, m *meter, file string) ([]picture, error) {
	s, err := open(ctx, m, file)
	if err != nil {
		return nil, err
	}
	defer s.close()
	var found []picture
	for t := tar.NewReader(s); ; {
		head, err := t.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, damaged(file, err)
		}
		if head.Typeflag != tar.TypeReg || !isPicture(path.Base(head.Name)) {
			continue
		}
		pixels, err := decodePicture(t, file+": "+head.Name)
		if err != nil {
			return nil, err
		}
		found = append(found, picture{head.Name, pixels})
	}
	if err := s.drain(file); err != nil {
		return nil, err
	}
	sort.SliceStable(found, func(i, j int) bool { return before(found[i].name, found[j].name) })
	return found, nil
}

// isPicture tells by the name; files that systems hide are none.
func isPicture(name string) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".jpg", ".jpeg", ".png":
		return !strings.HasPrefix(name, ".")
	}
	return false
}

// decodePicture returns the 32×32×3 bytes of a JPEG or PNG; the first bytes tell which.
func decodePicture(r io.Reader, name string) ([]uint8, error) {
	m, err := decodeImage(context.Background(), r, name, largestPicture, func(width, height int) string {
		if width != 32 || height != 32 {
			return "32×32"
		}
		return ""
	})
	if err != nil {
		return nil, err
	}
	return rgb(m, name)
}

// decodeImage decodes a JPEG or PNG of at most so many bytes. Before it takes memory for
// the pixels it asks expected, which names the size that is wanted instead, or "".
func decodeImage(ctx context.Context, r io.Reader, name string, most int, expected func(width, height int) string) (image.Image, error) {
	b, err := io.ReadAll(io.LimitReader(&watched{ctx: ctx, r: r}, int64(most)+1))
	if err != nil && ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, damaged(name, err)
	}
	if len(b) > most {
		return nil, fmt.Errorf("dataset: %s: more than %d bytes, the most that is read of a picture", name, most)
	}
	if err := checkHeader(bytes.NewReader(b), name, expected); err != nil {
		return nil, err
	}
	decode := jpeg.Decode
	if bytes.HasPrefix(b, pngBegin) {
		decode = png.Decode
	}
	m, err := decode(&watched{ctx: ctx, r: bytes.NewReader(b)}) // a large one ends with the context
	if err != nil && ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, fmt.Errorf("dataset: %s (%d bytes) is no whole JPEG or PNG picture: %w", name, len(b), err)
	}
	return m, nil
}

// rgb returns the bytes of a picture of 32×32; grey gets three equal channels.
func rgb(m image.Image, name string) ([]uint8, error) {
	pixels := make([]uint8, 0, cifarBytes)
	at := m.Bounds().Min
	fast, ok := m.(image.RGBA64Image) // At would allocate for each pixel
	if !ok {
		return nil, fmt.Errorf("dataset: %s: pixels of type %T, expected RGB", name, m)
	}
	for y := 0; y < 32; y++ {
		for x := 0; x < 32; x++ {
			p := fast.RGBA64At(at.X+x, at.Y+y)
			if p.A != 0xffff {
				return nil, fmt.Errorf("dataset: %s: transparent at row %d, column %d, expected RGB", name, y, x)
			}
			pixels = append(pixels, uint8(p.R>>8), uint8(p.G>>8), uint8(p.B>>8))
		}
	}
	return pixels, nil
}

// pngBegin is how a PNG begins.
var pngBegin = []byte("\x89PNG")

// checkHeader says what is wrong with a JPEG or PNG as far as its beginning tells; see
// decodeImage.
func checkHeader(r io.ReadSeeker, name string, expected func(width, height int) string) error {
	size, err := r.Seek(0, io.SeekEnd)
	if err != nil {
		return damaged(name, err)
	}
	begin := make([]byte, len(pngBegin))
	if _, err = r.Seek(0, io.SeekStart); err == nil {
		_, err = io.ReadFull(r, begin)
	}
	if err == nil {
		_, err = r.Seek(0, io.SeekStart)
	}
	config := jpeg.DecodeConfig
	if bytes.Equal(begin, pngBegin) {
		config = png.DecodeConfig
	}
	var c image.Config
	if err == nil {
		c, err = config(r)
	}
	if err != nil {
		return fmt.Errorf("dataset: %s (%d bytes) is no whole JPEG or PNG picture: %w", name, size, err)
	}
	if wanted := expected(c.Width, c.Height); wanted != "" {
		return fmt.Errorf("dataset: %s: picture of %d×%d pixels, expected %s", name, c.Width, c.Height, wanted)
	}
	return nil
}
