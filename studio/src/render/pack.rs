//! Audio in the artifact store: lossless, small, and quick to read.
//!
//! Processed audio lies on the 24-bit grid (multiples of 2^-23), so it is stored as integers:
//! the residual of a fixed second-order predictor (as in FLAC, RFC 9639 §9.2.5), packed in
//! blocks with as many bits as their largest value needs. Silence costs one byte per block.
//! Samples that lie on no such grid are stored as they are; what comes back is always what went
//! in, bit for bit.

use yuefu_audio::{AudioBuffer, SampleRate};

/// Samples that share a width.
const BLOCK: usize = 128;

/// How a channel is stored.
const AS_FLOATS: u8 = 0;
const AS_STEPS: u8 = 1;
const LIKE_BEFORE: u8 = 2;

/// Steps per unit: the grid of processed audio.
const GRID: f32 = 8_388_608.0;

/// Packs audio.
pub(crate) fn pack(audio: &AudioBuffer) -> Vec<u8> {
    let frames = audio.frames();
    let mut out = Vec::with_capacity(16 + frames * audio.channels.len() * 2);
    out.extend((frames as u64).to_le_bytes());
    out.push(audio.channels.len() as u8);
    let mut steps = Vec::with_capacity(frames);
    for (index, channel) in audio.channels.iter().enumerate() {
        if index > 0 && same(&audio.channels[index - 1], channel) {
            out.push(LIKE_BEFORE);
        } else if to_steps(channel, &mut steps) {
            out.push(AS_STEPS);
            write_steps(&steps, &mut out);
        } else {
            out.push(AS_FLOATS);
            for sample in channel {
                out.extend(sample.to_le_bytes());
            }
        }
    }
    out
}

/// Unpacks audio; `None` for anything that [`pack`] did not make.
pub(crate) fn unpack(bytes: &[u8], rate: SampleRate) -> Option<AudioBuffer> {
    let (frames, rest) = bytes.split_first_chunk::<8>()?;
    let frames = usize::try_from(u64::from_le_bytes(*frames)).ok()?;
    let (&count, mut rest) = rest.split_first()?;
    // A byte per block is the least that a channel takes.
    if frames / BLOCK > bytes.len() && count > 0 {
        return None;
    }
    let mut channels: Vec<Vec<f32>> = Vec::with_capacity(usize::from(count));
    for _ in 0..count {
        let (&how, after) = rest.split_first()?;
        rest = after;
        let channel = match how {
            LIKE_BEFORE => channels.last()?.clone(),
            AS_STEPS => {
                let (channel, used) = read_steps(rest, frames)?;
                rest = &rest[used..];
                channel
            }
            AS_FLOATS => {
                let (floats, after) = rest.split_at_checked(frames.checked_mul(4)?)?;
                rest = after;
                floats
                    .chunks_exact(4)
                    .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))
                    .collect()
            }
            _ => return None,
        };
        channels.push(channel);
    }
    rest.is_empty().then_some(AudioBuffer { rate, channels })
}

/// Equal bit for bit.
fn same(a: &[f32], b: &[f32]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(x, y)| x.to_bits() == y.to_bits())
}

/// Samples as grid steps; false when they do not lie on the grid.
fn to_steps(channel: &[f32], steps: &mut Vec<i32>) -> bool {
    steps.clear();
    let mut exact = true;
    steps.extend(channel.iter().map(|&x| {
        let scaled = x * GRID;
        let step = scaled as i32;
        // Minus zero is not zero to whoever compares bits.
        exact &= step as f32 == scaled && (x != 0.0 || x.is_sign_positive());
        step
    }));
    exact
}

fn zigzag(value: i32) -> u32 {
    ((value << 1) ^ (value >> 31)) as u32
}

fn zagzig(value: u32) -> i32 {
    (value >> 1) as i32 ^ -((value & 1) as i32)
}

fn write_steps(steps: &[i32], out: &mut Vec<u8>) {
    let (mut before, mut last) = (0_i32, 0_i32);
    let mut residual = [0_u32; BLOCK];
    for block in steps.chunks(BLOCK) {
        let mut all = 0;
        for (to, &step) in residual.iter_mut().zip(block) {
            let guess = last.wrapping_mul(2).wrapping_sub(before);
            *to = zigzag(step.wrapping_sub(guess));
            all |= *to;
            (before, last) = (last, step);
        }
        let width = 32 - all.leading_zeros();
        out.push(width as u8);
        let (mut held, mut bits) = (0_u64, 0_u32);
        for &value in &residual[..block.len()] {
            held |= u64::from(value) << bits;
            bits += width;
            if bits >= 32 {
                out.extend((held as u32).to_le_bytes());
                held >>= 32;
                bits -= 32;
            }
        }
        if bits > 0 {
            out.extend(&held.to_le_bytes()[..bits.div_ceil(8) as usize]);
        }
    }
}

/// The samples and how many bytes they took.
fn read_steps(bytes: &[u8], frames: usize) -> Option<(Vec<f32>, usize)> {
    let mut channel = Vec::with_capacity(frames);
    let (mut before, mut last) = (0_i32, 0_i32);
    let mut at = 0;
    let mut left = frames;
    while left > 0 {
        let count = left.min(BLOCK);
        left -= count;
        let width = u32::from(*bytes.get(at)?);
        at += 1;
        if width > 32 {
            return None;
        }
        let packed = bytes.get(at..at + (count * width as usize).div_ceil(8))?;
        at += packed.len();
        let mask = if width == 0 {
            0
        } else {
            u64::MAX >> (64 - width)
        };
        let (mut held, mut bits, mut next) = (0_u64, 0_u32, 0);
        for _ in 0..count {
            if bits < width {
                let four = &packed[next.min(packed.len())..(next + 4).min(packed.len())];
                let mut word = [0; 4];
                word[..four.len()].copy_from_slice(four);
                held |= u64::from(u32::from_le_bytes(word)) << bits;
                bits += 32;
                next += 4;
            }
            let residual = zagzig((held & mask) as u32);
            held >>= width;
            bits -= width;
            let step = residual.wrapping_add(last.wrapping_mul(2).wrapping_sub(before));
            (before, last) = (last, step);
            channel.push(step as f32 / GRID);
        }
    }
    Some((channel, at))
}

#[cfg(test)]
mod tests {
    use super::*;
    use yuefu_engine::Rng;

    #[test]
    fn audio_comes_back_bit_for_bit() {
        let rate = SampleRate(44_100);
        let mut rng = Rng::new(5);
        let mut grid = |count: usize, size: f32| -> Vec<f32> {
            (0..count)
                .map(|_| (rng.bipolar() * size * GRID).round() / GRID)
                .collect()
        };
        let quiet = [vec![0.0; 500], grid(300, 1e-4), vec![0.0; 1]].concat();
        for channels in [
            vec![grid(1000, 1.9), grid(1000, 0.01)],
            vec![quiet.clone(), quiet],
            vec![vec![0.1, -0.2, f32::MIN_POSITIVE, -0.0], vec![0.0; 4]],
            vec![vec![f32::NAN, f32::INFINITY, 255.0, -256.0]; 2],
            vec![grid(129, 200.0)],
            vec![vec![], vec![]],
            vec![],
        ] {
            let audio = AudioBuffer { rate, channels };
            let bytes = pack(&audio);
            let back = unpack(&bytes, rate).expect("what was packed");
            for (a, b) in audio.channels.iter().zip(&back.channels) {
                assert!(same(a, b));
            }
            assert_eq!(audio.channels.len(), back.channels.len());
            for cut in 0..bytes.len().min(40) {
                // Never a panic, and never more than was there.
                let _ = unpack(&bytes[..cut], rate);
            }
        }
    }

    #[test]
    fn damaged_bytes_never_panic() {
        let mut rng = Rng::new(6);
        for _ in 0..2000 {
            let mut bytes: Vec<u8> = (0..rng.below(200)).map(|_| rng.bits() as u8).collect();
            if bytes.len() > 8 {
                bytes[1..8].fill(0);
            }
            let _ = unpack(&bytes, SampleRate(44_100));
        }
    }

    #[test]
    fn silence_is_small() {
        let audio = AudioBuffer::silent(SampleRate(44_100), 2, 1 << 19);
        assert!(pack(&audio).len() < 5000);
    }
}
