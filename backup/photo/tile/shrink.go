package tile

import "image"

// shrink averages d × d pixels into one, which keeps every sample's weight and is a tenth of the work of a resampling filter. The size is that
// of img divided by d, rounded down; a rest of up to d−1 pixels at the right and lower edge is left out. Pictures that it has no
// fast way for come back as they are.
//
// The JPEG decoder's own scaling (Options.ScaleDenom of jpegn v0.4.0) is not used: its pictures keep a quarter to an eighth of the contrast.
func shrink(img image.Image, d int) image.Image {
	b := img.Bounds()
	w, h := b.Dx()/d, b.Dy()/d
	if d <= 1 || w == 0 || h == 0 {
		return img
	}
	switch m := img.(type) {
	case *image.Gray:
		out := image.NewGray(image.Rect(0, 0, w, h))
		average(out.Pix, w, h, m.Pix[m.PixOffset(b.Min.X, b.Min.Y):], m.Stride, d, d)
		return out
	case *image.YCbCr:
		sx, sy := 1, 1
		switch m.SubsampleRatio {
		case image.YCbCrSubsampleRatio444:
		case image.YCbCrSubsampleRatio422:
			sx = 2
		case image.YCbCrSubsampleRatio420:
			sx, sy = 2, 2
		case image.YCbCrSubsampleRatio440:
			sy = 2
		default:
			return img
		}
		out := image.NewYCbCr(image.Rect(0, 0, w, h), image.YCbCrSubsampleRatio444)
		average(out.Y, w, h, m.Y[m.YOffset(b.Min.X, b.Min.Y):], m.YStride, d, d)
		c := m.COffset(b.Min.X, b.Min.Y)
		average(out.Cb, w, h, m.Cb[c:], m.CStride, d/sx, d/sy)
		average(out.Cr, w, h, m.Cr[c:], m.CStride, d/sx, d/sy)
		return out
	}
	return img
}

// average fills a plane of w × h with the means of dx × dy samples each.
func average(out []byte, w, h int, in []byte, stride, dx, dy int) {
	sums := make([]uint32, w)
	n := uint32(dx * dy)
	for y := range h {
		clear(sums)
		for r := range dy {
			row := in[(y*dy+r)*stride:][: w*dx : w*dx]
			switch dx {
			case 1:
				for x := range sums {
					sums[x] += uint32(row[x])
				}
			case 2:
				for x := range sums {
					sums[x] += uint32(row[2*x]) + uint32(row[2*x+1])
				}
			case 4:
				for x := range sums {
					p := row[4*x : 4*x+4 : 4*x+4]
					sums[x] += uint32(p[0]) + uint32(p[1]) + uint32(p[2]) + uint32(p[3])
				}
			case 8:
				for x := range sums {
					p := row[8*x : 8*x+8 : 8*x+8]
					sums[x] += uint32(p[0]) + uint32(p[1]) + uint32(p[2]) + uint32(p[3]) + uint32(p[4]) + uint32(p[5]) + uint32(p[6]) + uint32(p[7])
				}
			default:
				for x := range sums {
					for _, v := range row[dx*x : dx*x+dx] {
						sums[x] += uint32(v)
					}
				}
			}
		}
		for x, s := range sums {
			out[y*w+x] = byte((s + n/2) / n)
		}
	}
}
