//! A raster of pixels with rectangles, lines and small labels.

use crate::font::GLYPHS;

/// A color, 8 bits a channel.
pub type Rgb = [u8; 3];

/// A picture in memory, 8 bits a channel, top row first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Canvas {
    width: usize,
    height: usize,
    pixels: Vec<u8>,
}

impl Canvas {
    /// A canvas of one color. Sizes are limited to 16 384 pixels a side.
    pub fn new(width: usize, height: usize, color: Rgb) -> Self {
        let (width, height) = (width.clamp(1, 16_384), height.clamp(1, 16_384));
        Self {
            width,
            height,
            pixels: color.repeat(width * height),
        }
    }

    /// Width in pixels.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Height in pixels.
    pub fn height(&self) -> usize {
        self.height
    }

    /// The color of a pixel, if it is on the canvas.
    pub fn get(&self, x: usize, y: usize) -> Option<Rgb> {
        let at = (y * self.width + x) * 3;
        (x < self.width && y < self.height)
            .then(|| [self.pixels[at], self.pixels[at + 1], self.pixels[at + 2]])
    }

    /// Sets a pixel; positions off the canvas are left out.
    pub fn set(&mut self, x: i32, y: i32, color: Rgb) {
        if let (Ok(x), Ok(y)) = (usize::try_from(x), usize::try_from(y))
            && x < self.width
            && y < self.height
        {
            let at = (y * self.width + x) * 3;
            self.pixels[at..at + 3].copy_from_slice(&color);
        }
    }

    /// Fills a rectangle; at least one pixel wide and high.
    pub fn fill(&mut self, x: i32, y: i32, width: i32, height: i32, color: Rgb) {
        for row in y.max(0)..(y + height.max(1)).min(self.height as i32) {
            for column in x.max(0)..(x + width.max(1)).min(self.width as i32) {
                self.set(column, row, color);
            }
        }
    }

    /// A straight line (Bresenham).
    pub fn line(&mut self, from: (i32, i32), to: (i32, i32), color: Rgb) {
        let (mut x, mut y) = from;
        let (dx, dy) = ((to.0 - x).abs(), -(to.1 - y).abs());
        let (sx, sy) = ((to.0 - x).signum(), (to.1 - y).signum());
        let mut error = dx + dy;
        loop {
            self.set(x, y, color);
            if (x, y) == to {
                return;
            }
            let twice = 2 * error;
            if twice >= dy {
                error += dy;
                x += sx;
            }
            if twice <= dx {
                error += dx;
                y += sy;
            }
        }
    }

    /// A label in the 5 by 7 font, six pixels a character; signs that it lacks show as a dot.
    pub fn text(&mut self, x: i32, y: i32, text: &str, color: Rgb) {
        for (index, sign) in text.chars().enumerate() {
            let code = (sign as usize).wrapping_sub(32);
            let glyph = GLYPHS.get(code).copied().unwrap_or([0, 0, 0x18, 0x18, 0]);
            for (column, bits) in glyph.iter().enumerate() {
                for row in 0..8 {
                    if bits >> row & 1 == 1 {
                        self.set(x + index as i32 * 6 + column as i32, y + row, color);
                    }
                }
            }
        }
    }

    /// The picture as a PNG file.
    ///
    /// # Errors
    /// When the encoder refuses, which a canvas within its limits never causes.
    pub fn png(&self) -> Result<Vec<u8>, String> {
        let mut out = Vec::new();
        let mut encoder = png::Encoder::new(&mut out, self.width as u32, self.height as u32);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        encoder.set_compression(png::Compression::Balanced);
        let mut writer = encoder.write_header().map_err(|error| error.to_string())?;
        writer
            .write_image_data(&self.pixels)
            .map_err(|error| error.to_string())?;
        writer.finish().map_err(|error| error.to_string())?;
        Ok(out)
    }
}

/// A color between two, `t` in 0..=1.
pub fn blend(a: Rgb, b: Rgb, t: f32) -> Rgb {
    let t = t.clamp(0.0, 1.0);
    std::array::from_fn(|i| {
        (f32::from(a[i]) + (f32::from(b[i]) - f32::from(a[i])) * t).round() as u8
    })
}

/// A perceptually rising scale from black through violet and orange to light yellow, `t` in 0..=1.
pub fn heat(t: f32) -> Rgb {
    const STOPS: [Rgb; 6] = [
        [0, 0, 4],
        [51, 16, 104],
        [136, 34, 106],
        [203, 64, 73],
        [247, 143, 57],
        [252, 253, 191],
    ];
    let place = t.clamp(0.0, 1.0) * 5.0;
    let index = (place as usize).min(4);
    blend(STOPS[index], STOPS[index + 1], place - index as f32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_become_png() {
        let mut canvas = Canvas::new(40, 20, [255; 3]);
        canvas.fill(-5, -5, 10, 10, [1, 2, 3]);
        canvas.line((0, 19), (39, 0), [9, 9, 9]);
        canvas.text(8, 8, "Ab~é", [0; 3]);
        assert_eq!(canvas.get(0, 0), Some([1, 2, 3]));
        assert_eq!(canvas.get(40, 0), None);
        let png = canvas.png().unwrap();
        assert_eq!(&png[1..4], b"PNG");
    }
}
