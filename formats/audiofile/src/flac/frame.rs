//! One FLAC frame (RFC 9639, section 9): header, subframes, checksums.

use super::bits::{BitWriter, crc8, crc16};
use super::predict::{self, Lpc};
use super::rice::{self, RicePlan};

/// How hard the encoder tries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effort {
    /// The smallest file: linear prediction, every choice by the whole block.
    Best,
    /// A third of the work: fixed predictors, chosen by a part of the block.
    Fast,
}

/// Working memory of one thread, reused from frame to frame.
#[derive(Default)]
pub(crate) struct Workspace {
    window: Vec<f32>,
    windowed: Vec<f32>,
    sums: Vec<u64>,
    residual: Vec<i32>,
    other: Vec<i32>,
    mid: Vec<i32>,
    side: Vec<i32>,
}

/// How a subframe is coded, with its size in bits.
enum Coding {
    Constant,
    Verbatim,
    Fixed(usize, RicePlan),
    Lpc(Lpc, RicePlan),
}

/// Encodes one block of equally long channels as frame `number` of a stream.
pub(crate) fn encode(
    channels: &[&[i32]],
    number: u64,
    rate: u32,
    bits: u32,
    effort: Effort,
    work: &mut Workspace,
) -> Vec<u8> {
    let len = channels[0].len();
    let mut w = BitWriter::default();
    w.bytes.reserve(len * channels.len() * bits as usize / 10);
    let mut mid = std::mem::take(&mut work.mid);
    let mut side = std::mem::take(&mut work.side);
    let mut assignment = channels.len() as u32 - 1;
    let mut coded: [(&[i32], u32); 8] = [(&[], bits); 8];
    for (slot, channel) in coded.iter_mut().zip(channels) {
        slot.0 = channel;
    }
    // Silence has nothing to gain from the other channel.
    if let [left, right] = channels
        && !(constant(left) && constant(right))
    {
        mid.clear();
        side.clear();
        let pairs = || left.iter().zip(*right);
        mid.extend(pairs().map(|(l, r)| (l + r) >> 1));
        side.extend(pairs().map(|(l, r)| l - r));
        // Choose the pair by the size of the best fixed residual, as the reference encoder's
        // adaptive mode does; exact costs are computed for the chosen pair only.
        let cost = |x: &[i32]| u64::max(1, fixed_order(x, effort).1);
        let (l, r, m, s) = (cost(left), cost(right), cost(&mid), cost(&side));
        // Bits grow with the logarithm of the sum, so products compare what sums cannot.
        let product = |a: u64, b: u64| u128::from(a) * u128::from(b);
        let options = [
            (product(l, r), 1),
            (product(l, s), 8),
            (product(s, r), 9),
            (product(m, s), 10),
        ];
        let mut best = options[0];
        for option in options {
            if option.0 < best.0 {
                best = option;
            }
        }
        assignment = best.1;
        match assignment {
            8 => coded[1] = (&side, bits + 1),
            9 => coded[0] = (&side, bits + 1),
            10 => {
                coded[0] = (&mid, bits);
                coded[1] = (&side, bits + 1);
            }
            _ => {}
        }
    }
    header(&mut w, len, number, rate, bits, assignment);
    for (x, bits) in &coded[..channels.len()] {
        subframe(&mut w, x, *bits, effort, work);
    }
    w.align();
    let crc = crc16(&w.bytes);
    w.bytes.extend_from_slice(&crc.to_be_bytes());
    work.mid = mid;
    work.side = side;
    w.bytes
}

/// The fixed predictor to use, and how large its residual is (comparable between channels).
fn fixed_order(x: &[i32], effort: Effort) -> (usize, u64) {
    match effort {
        Effort::Best => predict::best_fixed(x),
        Effort::Fast => predict::guess_fixed(x),
    }
}

fn constant(x: &[i32]) -> bool {
    x.iter().all(|&v| v == x[0])
}

fn header(w: &mut BitWriter, len: usize, number: u64, rate: u32, bits: u32, assignment: u32) {
    w.put(0xFFF8, 16);
    let short = len != 4096;
    w.put(if short { 0b0111 } else { 0b1100 }, 4);
    w.put(
        match rate {
            88_200 => 1,
            176_400 => 2,
            192_000 => 3,
            8_000 => 4,
            16_000 => 5,
            22_050 => 6,
            24_000 => 7,
            32_000 => 8,
            44_100 => 9,
            48_000 => 10,
            96_000 => 11,
            _ => 0,
        },
        4,
    );
    w.put(assignment, 4);
    w.put(if bits == 16 { 0b100 } else { 0b110 } << 1, 4);
    coded_number(w, number);
    if short {
        w.put(len as u32 - 1, 16);
    }
    w.align();
    let crc = crc8(&w.bytes);
    w.put(u32::from(crc), 8);
}

/// A frame number in the extended UTF-8 of RFC 9639, section 9.1.5.
fn coded_number(w: &mut BitWriter, number: u64) {
    if number < 0x80 {
        w.put(number as u32, 8);
        return;
    }
    let mut more = 1;
    while more < 6 && number >> (5 * more + 6) != 0 {
        more += 1;
    }
    let lead = (0xFF00_u32 >> (more + 1)) & 0xFF;
    w.put(lead | (number >> (6 * more)) as u32, 8);
    for i in (0..more).rev() {
        w.put(0x80 | (number >> (6 * i)) as u32 & 0x3F, 8);
    }
}

fn subframe(w: &mut BitWriter, x: &[i32], bits: u32, effort: Effort, work: &mut Workspace) {
    // `residual` always holds the residual of the coding chosen so far.
    let mut residual = std::mem::take(&mut work.residual);
    let mut other = std::mem::take(&mut work.other);
    let coding = choose(x, bits, effort, work, &mut residual, &mut other);
    match &coding {
        Coding::Constant => {
            w.put(0, 8);
            w.put_signed(x[0], bits);
        }
        Coding::Verbatim => {
            w.put(1 << 1, 8);
            for &v in x {
                w.put_signed(v, bits);
            }
        }
        Coding::Fixed(order, plan) => {
            w.put((8 + *order as u32) << 1, 8);
            for &v in &x[..*order] {
                w.put_signed(v, bits);
            }
            rice::write(w, &residual, *order, plan);
        }
        Coding::Lpc(lpc, plan) => {
            let order = lpc.coefficients.len();
            w.put((32 + order as u32 - 1) << 1, 8);
            for &v in &x[..order] {
                w.put_signed(v, bits);
            }
            w.put(predict::PRECISION - 1, 4);
            w.put(lpc.shift, 5);
            for &c in &lpc.coefficients {
                w.put_signed(c, predict::PRECISION);
            }
            rice::write(w, &residual, order, plan);
        }
    }
    work.residual = residual;
    work.other = other;
}

fn choose(
    x: &[i32],
    bits: u32,
    effort: Effort,
    work: &mut Workspace,
    residual: &mut Vec<i32>,
    other: &mut Vec<i32>,
) -> Coding {
    if constant(x) {
        return Coding::Constant;
    }
    let verbatim = u64::from(bits) * x.len() as u64;
    let (order, _) = fixed_order(x, effort);
    predict::fixed_residual(x, order, residual);
    let plan = rice::plan(residual, order, &mut work.sums);
    let fixed = plan.bits + u64::from(bits) * order as u64;
    if effort == Effort::Best && work.window.len() != x.len() {
        work.window = predict::tukey(x.len());
    }
    if effort == Effort::Best
        && let Some(lpc) = predict::analyze(x, &work.window, &mut work.windowed)
        && predict::lpc_residual(x, &lpc, bits, other)
    {
        let order = lpc.coefficients.len();
        let plan = rice::plan(other, order, &mut work.sums);
        let total = plan.bits + u64::from(bits + predict::PRECISION) * order as u64 + 9;
        if total < fixed.min(verbatim) {
            std::mem::swap(residual, other);
            return Coding::Lpc(lpc, plan);
        }
    }
    if fixed < verbatim {
        Coding::Fixed(order, plan)
    } else {
        Coding::Verbatim
    }
}
