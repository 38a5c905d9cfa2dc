//! Bits, most significant first, and the two checksums of a FLAC frame.

/// Collects bits into bytes, most significant bit first.
#[derive(Default)]
pub(crate) struct BitWriter {
    pub(crate) bytes: Vec<u8>,
    held: u64,
    count: u32,
}

impl BitWriter {
    /// Appends the lowest `bits` (0..=32) bits of `value`.
    #[inline]
    pub(crate) fn put(&mut self, value: u32, bits: u32) {
        let value = u64::from(value) & ((1_u64 << bits) - 1);
        self.held = self.held << bits | value;
        self.count += bits;
        if self.count >= 32 {
            self.count -= 32;
            let word = (self.held >> self.count) as u32;
            self.bytes.extend_from_slice(&word.to_be_bytes());
        }
    }

    /// Appends a signed value in two's complement.
    #[inline]
    pub(crate) fn put_signed(&mut self, value: i32, bits: u32) {
        self.put(value as u32, bits);
    }

    /// Appends `zeros` zero bits and a one.
    #[inline]
    pub(crate) fn put_unary(&mut self, mut zeros: u32) {
        while zeros >= 31 {
            self.put(0, 31);
            zeros -= 31;
        }
        self.put(1, zeros + 1);
    }

    /// Fills up the last byte with zeros.
    pub(crate) fn align(&mut self) {
        let odd = self.count % 8;
        if odd > 0 {
            self.put(0, 8 - odd);
        }
        while self.count > 0 {
            self.count -= 8;
            self.bytes.push((self.held >> self.count) as u8);
        }
    }
}

/// CRC-8 with polynomial x^8 + x^2 + x + 1 (RFC 9639, section 9.1.8).
pub(crate) fn crc8(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0, |crc: u8, byte| {
        (0..8).fold(crc ^ byte, |c, _| {
            c << 1 ^ if c & 0x80 != 0 { 0x07 } else { 0 }
        })
    })
}

/// Row `r` holds what a byte becomes when `r` zero bytes follow it.
const CRC16: [[u16; 256]; 8] = {
    let mut table = [[0; 256]; 8];
    let mut i = 0;
    while i < 256 {
        let mut crc = (i as u16) << 8;
        let mut row = 0;
        while row < 8 {
            let mut bit = 0;
            while bit < 8 {
                crc = crc << 1 ^ if crc & 0x8000 != 0 { 0x8005 } else { 0 };
                bit += 1;
            }
            table[row][i] = crc;
            row += 1;
        }
        i += 1;
    }
    table
};

/// CRC-16 with polynomial x^16 + x^15 + x^2 + 1 (RFC 9639, section 9.3).
pub(crate) fn crc16(bytes: &[u8]) -> u16 {
    // Eight bytes at once: their table entries do not wait for each other.
    let eights = bytes.chunks_exact(8);
    let rest = eights.remainder();
    let crc = eights.fold(0_u16, |crc, b| {
        let [high, low] = crc.to_be_bytes();
        let row = |row: usize, byte: u8| CRC16[row][usize::from(byte)];
        row(7, b[0] ^ high)
            ^ row(6, b[1] ^ low)
            ^ row(5, b[2])
            ^ row(4, b[3])
            ^ row(3, b[4])
            ^ row(2, b[5])
            ^ row(1, b[6])
            ^ row(0, b[7])
    });
    rest.iter().fold(crc, |crc, byte| {
        crc << 8 ^ CRC16[0][usize::from((crc >> 8) as u8 ^ byte)]
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_match_their_published_check_values() {
        // CRC-8/SMBUS and CRC-16/UMTS of "123456789".
        assert_eq!(crc8(b"123456789"), 0xF4);
        assert_eq!(crc16(b"123456789"), 0xFEE8);
        let long: Vec<u8> = (0..=255).map(|i: u8| i.wrapping_mul(89)).collect();
        let by_bits = long.iter().fold(0_u16, |crc, &byte| {
            (0..8).fold(crc ^ u16::from(byte) << 8, |c, _| {
                c << 1 ^ if c & 0x8000 != 0 { 0x8005 } else { 0 }
            })
        });
        assert_eq!(crc16(&long), by_bits);
    }

    #[test]
    fn bits_come_out_in_order() {
        let mut w = BitWriter::default();
        w.put(0b101, 3);
        w.put_unary(40);
        w.put_signed(-1, 4);
        w.align();
        assert_eq!(w.bytes, [0b1010_0000, 0, 0, 0, 0, 0b0001_1111]);
    }
}
