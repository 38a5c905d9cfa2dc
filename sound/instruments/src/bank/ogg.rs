//! Ogg pages to packets (RFC 3533): just what a Vorbis sample inside a SoundFont needs.

use super::riff::u32_at;

/// Reads the packets of the first logical stream, one after another.
#[derive(Clone, Debug)]
pub struct Packets {
    /// Offset of the next page, and end of the data.
    at: usize,
    end: usize,
    /// Lacing values left of the page at hand, and where its next byte lies.
    lacing: Vec<u8>,
    next: usize,
    body: usize,
    serial: Option<u32>,
}

impl Packets {
    /// A reader of `bytes[start..end]`.
    pub fn new(start: usize, end: usize) -> Self {
        Self {
            at: start,
            end,
            lacing: Vec::new(),
            next: 0,
            body: 0,
            serial: None,
        }
    }

    /// Puts the next packet in `packet`; false at the end or where the stream breaks.
    pub fn read(&mut self, bytes: &[u8], packet: &mut Vec<u8>) -> bool {
        packet.clear();
        loop {
            while let Some(&lace) = self.lacing.get(self.next) {
                self.next += 1;
                let end = self.body + usize::from(lace);
                packet.extend_from_slice(&bytes[self.body..end]);
                self.body = end;
                if lace < 255 {
                    return true;
                }
            }
            if !self.page(bytes) {
                return false;
            }
        }
    }

    /// Opens the next page of the stream.
    fn page(&mut self, bytes: &[u8]) -> bool {
        loop {
            let Some(page) = bytes[..self.end].get(self.at..).filter(|p| p.len() >= 27) else {
                return false;
            };
            if &page[..4] != b"OggS" {
                return false;
            }
            let count = usize::from(page[26]);
            let Some(lacing) = page.get(27..27 + count) else {
                return false;
            };
            let length: usize = lacing.iter().map(|&l| usize::from(l)).sum();
            if page.len() < 27 + count + length {
                return false;
            }
            let serial = u32_at(page, 14);
            let body = self.at + 27 + count;
            self.at = body + length;
            if *self.serial.get_or_insert(serial) == serial {
                self.lacing = lacing.to_vec();
                self.next = 0;
                self.body = body;
                return true;
            }
        }
    }
}

/// The number of frames that the last page of a stream states; `None` when it says nothing.
pub fn total_frames(stream: &[u8]) -> Option<u64> {
    let last = stream.windows(4).rposition(|w| w == b"OggS")?;
    let field = stream.get(last + 6..last + 14)?;
    let granule = u64::from_le_bytes(field.try_into().ok()?);
    (granule != u64::MAX).then_some(granule)
}
