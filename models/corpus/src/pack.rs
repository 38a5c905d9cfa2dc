//! One file of many pieces: versioned, checked, read piece by piece.
//!
//! ```text
//! "YFC\n"  version u16  pieces u32
//! piece*   packed length u32, unpacked length u32, first 8 bytes of the BLAKE3 of the packed
//!          bytes, packed bytes (deflate)
//! "END\n"  first 16 bytes of the BLAKE3 of everything before
//! ```
//! Numbers are little-endian. Inside a piece numbers are LEB128, signed ones zigzag; times are
//! differences, in units that a track's notes share. A track's notes are absolute in its packed
//! form and dealt to its phrases again.

mod bytes;
mod piece;

use crate::{CorpusError, Piece};
use bytes::Bytes;
use std::{
    fs::File,
    io::{BufReader, BufWriter, Read, Write},
    path::Path,
};

/// Version of the format.
pub const VERSION: u16 = 1;

const MAGIC: &[u8; 4] = b"YFC\n";
const END: &[u8; 4] = b"END\n";

/// Largest piece, packed or not, in bytes.
const PIECE_BYTES: u32 = 64 << 20;

/// Most pieces of a file.
const PIECES: u32 = 10_000_000;

fn damaged(found: impl Into<String>) -> CorpusError {
    CorpusError::Damaged {
        version: VERSION,
        found: found.into(),
    }
}

/// Writes a corpus. The file appears whole or not at all: it is written beside its place and
/// moved there at the end.
///
/// # Errors
/// When the disk fails.
pub fn write(path: &Path, pieces: &[Piece]) -> Result<(), CorpusError> {
    let mut part = path.as_os_str().to_owned();
    part.push(format!(".{}.part", std::process::id()));
    let part = std::path::PathBuf::from(part);
    let result = File::create(&part)
        .and_then(|file| {
            let mut file = BufWriter::new(file);
            write_to(&mut file, pieces)?;
            file.into_inner()
                .map_err(std::io::IntoInnerError::into_error)?
                .sync_all()
        })
        .and_then(|()| std::fs::rename(&part, path));
    if result.is_err() {
        // What is left of a failed attempt is of no use; the error that matters is the first.
        let _ = std::fs::remove_file(&part);
    }
    result.map_err(CorpusError::io(path))
}

/// Writes a corpus to any sink.
///
/// # Errors
/// What the sink says; more pieces, or larger ones, than can be read again.
pub fn write_to(sink: &mut impl Write, pieces: &[Piece]) -> std::io::Result<()> {
    let mut hash = blake3::Hasher::new();
    let mut put = |sink: &mut dyn Write, bytes: &[u8]| {
        hash.update(bytes);
        sink.write_all(bytes)
    };
    let count = u32::try_from(pieces.len()).ok().filter(|n| *n <= PIECES);
    let count = count.ok_or_else(|| std::io::Error::other("too many pieces"))?;
    put(sink, MAGIC)?;
    put(sink, &VERSION.to_le_bytes())?;
    put(sink, &count.to_le_bytes())?;
    for piece in pieces {
        let plain = piece::encode(piece);
        let mut packer =
            flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::new(6));
        packer.write_all(&plain)?;
        let packed = packer.finish()?;
        let size = |bytes: &[u8]| {
            let size = u32::try_from(bytes.len())
                .ok()
                .filter(|n| *n <= PIECE_BYTES);
            size.ok_or_else(|| std::io::Error::other("a piece is too large"))
        };
        put(sink, &size(&packed)?.to_le_bytes())?;
        put(sink, &size(&plain)?.to_le_bytes())?;
        put(sink, &blake3::hash(&packed).as_bytes()[..8])?;
        put(sink, &packed)?;
    }
    put(sink, END)?;
    let sum = hash.finalize();
    sink.write_all(&sum.as_bytes()[..16])?;
    sink.flush()
}

/// Reads the pieces of a corpus one by one.
#[derive(Debug)]
pub struct Reader<R> {
    source: R,
    hash: blake3::Hasher,
    left: u32,
    total: u32,
    done: bool,
}

impl Reader<BufReader<File>> {
    /// Opens a packed corpus.
    ///
    /// # Errors
    /// When the file cannot be read, or is no corpus of this version.
    pub fn open(path: &Path) -> Result<Self, CorpusError> {
        let file = File::open(path).map_err(CorpusError::io(path))?;
        Self::new(BufReader::new(file))
    }
}

impl<R: Read> Reader<R> {
    /// Reads from any source.
    ///
    /// # Errors
    /// When it is no corpus of this version.
    pub fn new(mut source: R) -> Result<Self, CorpusError> {
        let mut hash = blake3::Hasher::new();
        let mut head = [0; 10];
        read(&mut source, &mut head)?;
        hash.update(&head);
        if &head[..4] != MAGIC {
            return Err(damaged("another kind of file"));
        }
        let version = u16::from_le_bytes([head[4], head[5]]);
        if version != VERSION {
            return Err(damaged(format!("version {version}")));
        }
        let total = u32::from_le_bytes([head[6], head[7], head[8], head[9]]);
        if total > PIECES {
            return Err(damaged("more pieces than there can be"));
        }
        Ok(Self {
            source,
            hash,
            left: total,
            total,
            done: false,
        })
    }

    /// How many pieces the file has.
    pub fn pieces(&self) -> usize {
        self.total as usize
    }

    fn piece(&mut self) -> Result<Piece, CorpusError> {
        let mut head = [0; 16];
        read(&mut self.source, &mut head)?;
        self.hash.update(&head);
        let word =
            |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
        let (packed, plain) = (word(0), word(4));
        if packed > PIECE_BYTES || plain > PIECE_BYTES {
            return Err(damaged("a piece beyond the limit"));
        }
        // Grown as bytes arrive: a length that lies costs nothing.
        let mut bytes = Vec::new();
        let mut limited = (&mut self.source).take(u64::from(packed));
        limited
            .read_to_end(&mut bytes)
            .map_err(|error| damaged(error.to_string()))?;
        if bytes.len() != packed as usize || blake3::hash(&bytes).as_bytes()[..8] != head[8..] {
            return Err(damaged("a damaged piece"));
        }
        self.hash.update(&bytes);
        let mut unpacked = Vec::new();
        flate2::read::DeflateDecoder::new(bytes.as_slice())
            .take(u64::from(plain) + 1)
            .read_to_end(&mut unpacked)
            .map_err(|error| damaged(error.to_string()))?;
        if unpacked.len() != plain as usize {
            return Err(damaged("a piece of another length"));
        }
        let mut bytes = Bytes::new(&unpacked);
        let piece = piece::decode(&mut bytes);
        piece
            .filter(|_| bytes.is_empty())
            .ok_or_else(|| damaged("a piece that cannot be understood"))
    }

    fn end(&mut self) -> Result<(), CorpusError> {
        let mut tail = [0; 20];
        read(&mut self.source, &mut tail)?;
        self.hash.update(&tail[..4]);
        let sum = self.hash.finalize();
        if &tail[..4] != END || sum.as_bytes()[..16] != tail[4..] {
            return Err(damaged("a wrong checksum"));
        }
        Ok(())
    }
}

impl<R: Read> Iterator for Reader<R> {
    type Item = Result<Piece, CorpusError>;

    /// The next piece. After an error, or the last piece, nothing follows; a checksum that does
    /// not agree is an error in place of the end.
    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        if self.left == 0 {
            self.done = true;
            return self.end().err().map(Err);
        }
        self.left -= 1;
        let piece = self.piece();
        self.done = piece.is_err();
        Some(piece)
    }
}

fn read(source: &mut impl Read, bytes: &mut [u8]) -> Result<(), CorpusError> {
    source
        .read_exact(bytes)
        .map_err(|error| damaged(format!("a file that ends early ({error})")))
}
