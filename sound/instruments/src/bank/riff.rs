//! RIFF chunks: tags, lengths, and nothing else.

use super::BankError;

/// One chunk: its tag and where its content lies in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// Four ASCII characters.
    pub tag: [u8; 4],
    /// Offset of the content from the start of the file.
    pub start: usize,
    /// Offset just after the content.
    pub end: usize,
}

/// The chunks that follow each other in `bytes[start..end]`.
///
/// # Errors
/// When a chunk says it is longer than what holds it. Odd trailing bytes are ignored, as every
/// reader does.
pub fn chunks(bytes: &[u8], start: usize, end: usize) -> Result<Vec<Chunk>, BankError> {
    let mut found = Vec::new();
    let mut at = start;
    while at + 8 <= end {
        let tag: [u8; 4] = bytes[at..at + 4].try_into().expect("four bytes");
        let length = u32_at(bytes, at + 4) as usize;
        let content = at + 8;
        if length > end - content {
            return Err(BankError::damaged(
                format!("chunk `{}` at byte {at}", name(tag)),
                format!("at most {} bytes", end - content),
                format!("a length of {length}"),
            ));
        }
        found.push(Chunk {
            tag,
            start: content,
            end: content + length,
        });
        at = content + length;
        // An odd chunk is followed by a padding byte, but some writers of SF3 forget it.
        if length & 1 == 1 && (plausible(bytes, at + 1, end) || !plausible(bytes, at, end)) {
            at += 1;
        }
    }
    Ok(found)
}

/// Whether a chunk could begin here.
fn plausible(bytes: &[u8], at: usize, end: usize) -> bool {
    at + 8 <= end
        && bytes[at..at + 4].iter().all(u8::is_ascii_alphanumeric)
        && u32_at(bytes, at + 4) as usize <= end - at - 8
}

/// A tag in readable form.
pub fn name(tag: [u8; 4]) -> String {
    tag.iter()
        .map(|&byte| {
            if byte.is_ascii_graphic() || byte == b' ' {
                char::from(byte)
            } else {
                '?'
            }
        })
        .collect()
}

/// Little-endian 16 bits at an offset that lies inside.
pub fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

/// Little-endian 32 bits at an offset that lies inside.
pub fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}
