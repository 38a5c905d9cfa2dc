//! Recorded lines as bytes: what the network is trained on.

use std::io::{self, Read, Write};
pub use yuefu_voice::neural::NOISE;
use yuefu_voice::neural::bands::BANDS;

/// Values of a frame: envelope, noise, pitch, whether there is voice, weight.
pub const FRAME_VALUES: usize = BANDS + NOISE + 3;

/// A phone with its time.
#[derive(Clone, Debug, PartialEq)]
pub struct LabeledPhone {
    /// Number of the phone's symbol in the inventory; 0 is silence.
    pub symbol: u8,
    /// 0 Mandarin, 1 English.
    pub lang: u8,
    /// 0 onset, 1 glide, 2 nucleus, 3 coda, 4 silence.
    pub part: u8,
    /// Mandarin tone 1 to 5; 0 for none.
    pub tone: u8,
    /// Stress: 0 none, 1 primary, 2 secondary, 3 where the language has none.
    pub stress: u8,
    /// Number of the syllable in the line; 255 for silence.
    pub syllable: u8,
    /// When it begins, in frames of 12.5 ms.
    pub start: f32,
    /// When it ends.
    pub end: f32,
}

/// A recorded line.
#[derive(Clone, Debug, PartialEq)]
pub struct Recorded {
    /// Number in the cast.
    pub singer: u8,
    /// Semitones by which the teacher's pitch was moved.
    pub moved: f32,
    /// Phones in order, without gaps from the first frame to the last.
    pub phones: Vec<LabeledPhone>,
    /// [`FRAME_VALUES`] for each frame.
    pub frames: Vec<f32>,
}

impl Recorded {
    /// Number of frames.
    pub fn len(&self) -> usize {
        self.frames.len() / FRAME_VALUES
    }

    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    /// Appends it to a file.
    ///
    /// # Errors
    /// Of the file.
    pub fn write(&self, to: &mut impl Write) -> io::Result<()> {
        to.write_all(&(self.phones.len() as u32).to_le_bytes())?;
        to.write_all(&(self.len() as u32).to_le_bytes())?;
        to.write_all(&[self.singer])?;
        to.write_all(&self.moved.to_le_bytes())?;
        for phone in &self.phones {
            to.write_all(&[
                phone.symbol,
                phone.lang,
                phone.part,
                phone.tone,
                phone.stress,
                phone.syllable,
            ])?;
            to.write_all(&phone.start.to_le_bytes())?;
            to.write_all(&phone.end.to_le_bytes())?;
        }
        let bytes: Vec<u8> = self.frames.iter().flat_map(|x| x.to_le_bytes()).collect();
        to.write_all(&bytes)
    }

    /// Reads the next line; `None` at the end of the file.
    ///
    /// # Errors
    /// Of the file; a line that was cut off in writing counts as the end.
    pub fn read(from: &mut impl Read) -> io::Result<Option<Self>> {
        match Self::read_whole(from) {
            Ok(line) => Ok(Some(line)),
            Err(fault) if fault.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
            Err(fault) => Err(fault),
        }
    }

    fn read_whole(from: &mut impl Read) -> io::Result<Self> {
        let phones = number(from)? as usize;
        let frames = number(from)? as usize;
        if phones > 10_000 || frames > 100_000 {
            return Err(io::Error::other(
                "expected a recorded line, found other bytes",
            ));
        }
        let mut singer = [0];
        from.read_exact(&mut singer)?;
        let moved = f32::from_bits(number(from)?);
        let mut out = Self {
            singer: singer[0],
            moved,
            phones: Vec::with_capacity(phones),
            frames: Vec::new(),
        };
        for _ in 0..phones {
            let mut b = [0; 6];
            from.read_exact(&mut b)?;
            out.phones.push(LabeledPhone {
                symbol: b[0],
                lang: b[1],
                part: b[2],
                tone: b[3],
                stress: b[4],
                syllable: b[5],
                start: f32::from_bits(number(from)?),
                end: f32::from_bits(number(from)?),
            });
        }
        let mut bytes = vec![0; frames * FRAME_VALUES * 4];
        from.read_exact(&mut bytes)?;
        out.frames = bytes
            .as_chunks::<4>()
            .0
            .iter()
            .map(|four| f32::from_le_bytes(*four))
            .collect();
        Ok(out)
    }
}

fn number(from: &mut impl Read) -> io::Result<u32> {
    let mut four = [0; 4];
    from.read_exact(&mut four)?;
    Ok(u32::from_le_bytes(four))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_back_and_a_cut_one_ends_the_file() {
        let line = Recorded {
            singer: 3,
            moved: -2.5,
            phones: vec![LabeledPhone {
                symbol: 9,
                lang: 1,
                part: 2,
                tone: 0,
                stress: 1,
                syllable: 0,
                start: 0.5,
                end: 2.0,
            }],
            frames: (0..FRAME_VALUES * 2).map(|i| i as f32).collect(),
        };
        let mut bytes = Vec::new();
        line.write(&mut bytes).unwrap();
        line.write(&mut bytes).unwrap();
        bytes.truncate(bytes.len() - 7);
        let mut from = bytes.as_slice();
        assert_eq!(Recorded::read(&mut from).unwrap(), Some(line));
        assert_eq!(Recorded::read(&mut from).unwrap(), None);
    }
}
