//! Operations on the mix plan.

use super::{
    Work,
    message::OpError,
    place::{Moment, Place, Tracks},
    select,
    values::{Band, Level, Return},
};
use crate::mixplan::{ChannelStrip, Compressor, EqBand, EqKind, MixPlan, Reverb, Sidechain};
use yuefu_audio::{CurvePoint, math};
use yuefu_theory::TickSpan;

impl Work<'_> {
    /// The mix plan; an error while there is none.
    fn mix(&mut self) -> Result<&mut MixPlan, OpError> {
        self.song.mix.as_mut().ok_or_else(|| {
            OpError::new(
                "the song has no mix yet: render it once, then its mix plan is in the document and can be changed",
                "歌曲还没有混音：请先渲染一次，混音方案写入文档后即可修改",
            )
        })
    }

    /// Changes the strips of tracks.
    pub(super) fn strips(
        &mut self,
        tracks: &Tracks,
        mut change: impl FnMut(&mut ChannelStrip) -> Result<(), OpError>,
    ) -> Result<(), OpError> {
        let ids = select::find_tracks(tracks, &self.song, self.catalog)?;
        let mix = self.mix()?;
        for id in ids {
            let at = match mix.tracks.iter().position(|strip| strip.track == id) {
                Some(at) => at,
                None => {
                    mix.tracks.push(ChannelStrip::neutral(id));
                    mix.tracks.len() - 1
                }
            };
            change(&mut mix.tracks[at])?;
        }
        Ok(())
    }

    /// Changes the strips of tracks in a way that cannot fail.
    pub(super) fn set_strips(
        &mut self,
        tracks: &Tracks,
        change: impl Fn(&mut ChannelStrip),
    ) -> Result<(), OpError> {
        self.strips(tracks, |strip| {
            change(strip);
            Ok(())
        })
    }

    /// Louder or softer, from where the fader is.
    pub(super) fn gain(&mut self, tracks: &Tracks, db: f32) -> Result<(), OpError> {
        within(db, -60.0, 24.0, ("a gain in dB", "增益（dB）"))?;
        self.strips(tracks, |strip| {
            // Hundredths, so that there and back is the same.
            strip.gain_db = ((strip.gain_db + db) * 100.0)
                .round()
                .clamp(-12_000.0, 2400.0)
                / 100.0;
            Ok(())
        })
    }

    /// The fader.
    pub(super) fn fader(&mut self, tracks: &Tracks, db: f32) -> Result<(), OpError> {
        within(db, -60.0, 24.0, ("a gain in dB", "增益（dB）"))?;
        self.strips(tracks, |strip| {
            strip.gain_db = db;
            Ok(())
        })
    }

    /// Position, −1..=1.
    pub(super) fn pan(&mut self, tracks: &Tracks, pan: f32) -> Result<(), OpError> {
        within(
            pan,
            -1.0,
            1.0,
            ("a position (left to right)", "声像（左至右）"),
        )?;
        self.strips(tracks, |strip| {
            strip.pan = pan;
            Ok(())
        })
    }

    /// Stereo width, 0..=2.
    pub(super) fn width(&mut self, tracks: &Tracks, width: f32) -> Result<(), OpError> {
        within(width, 0.0, 2.0, ("a stereo width", "立体声宽度"))?;
        self.strips(tracks, |strip| {
            strip.width = width;
            Ok(())
        })
    }

    /// Send level, −60..=12 dB, or none.
    pub(super) fn send(
        &mut self,
        tracks: &Tracks,
        to: Return,
        level: Level,
    ) -> Result<(), OpError> {
        let level = match level {
            Level::Off => None,
            Level::Db(db) => {
                within(db, -60.0, 12.0, ("a send level in dB", "发送电平（dB）"))?;
                Some(db)
            }
        };
        if level.is_some() {
            self.check_return(to)?;
        }
        self.strips(tracks, |strip| {
            let send = match to {
                Return::Room => &mut strip.sends.room,
                Return::Hall => &mut strip.sends.hall,
                Return::Plate => &mut strip.sends.plate,
                Return::Delay => &mut strip.sends.delay,
            };
            *send = level;
            Ok(())
        })
    }

    /// Adds an equalizer band behind the others, or puts it in the place of the n-th (from 1).
    pub(super) fn eq(
        &mut self,
        tracks: &Tracks,
        number: Option<u32>,
        (kind, hz, db, q): (Band, f32, f32, Option<f32>),
    ) -> Result<(), OpError> {
        within(hz, 10.0, 20_000.0, ("a frequency in Hz", "频率（Hz）"))?;
        within(db, -36.0, 36.0, ("a band gain in dB", "频段增益（dB）"))?;
        let q = q.unwrap_or(std::f32::consts::FRAC_1_SQRT_2);
        within(q, 0.1, 30.0, ("a quality", "Q 值"))?;
        let kind = match kind {
            Band::LowCut => EqKind::LowCut,
            Band::LowShelf => EqKind::LowShelf,
            Band::Peak => EqKind::Peak,
            Band::HighShelf => EqKind::HighShelf,
            Band::HighCut => EqKind::HighCut,
        };
        let band = EqBand {
            kind,
            hz,
            gain_db: db,
            q,
        };
        self.strips(tracks, |strip| {
            match number {
                None if strip.eq.len() >= 32 => {
                    return Err(OpError::new(
                        format!("{} has 32 bands already; change or remove one", strip.track),
                        format!("{} 已有 32 个频段；请修改或删除其一", strip.track),
                    ));
                }
                None => strip.eq.push(band),
                Some(number) => *find_band(strip, number)? = band,
            }
            Ok(())
        })
    }

    /// Removes the n-th equalizer band (from 1).
    pub(super) fn eq_remove(&mut self, tracks: &Tracks, number: u32) -> Result<(), OpError> {
        self.strips(tracks, |strip| {
            find_band(strip, number)?;
            strip.eq.remove(number as usize - 1);
            Ok(())
        })
    }

    /// Switches the compressor on, or changes threshold and ratio of the one there is.
    pub(super) fn compress(
        &mut self,
        tracks: &Tracks,
        threshold: Option<f32>,
        ratio: Option<f32>,
    ) -> Result<(), OpError> {
        if let Some(db) = threshold {
            within(db, -60.0, 0.0, ("a threshold in dB", "阈值（dB）"))?;
        }
        if let Some(ratio) = ratio {
            within(ratio, 1.0, 100.0, ("a ratio", "压缩比"))?;
        }
        self.strips(tracks, |strip| {
            let compressor = strip.compressor.get_or_insert(Compressor {
                threshold_db: -20.0,
                ratio: 3.0,
                attack_ms: 15.0,
                release_ms: 120.0,
                knee_db: 6.0,
                makeup_db: 0.0,
            });
            compressor.threshold_db = threshold.unwrap_or(compressor.threshold_db);
            compressor.ratio = ratio.unwrap_or(compressor.ratio);
            Ok(())
        })
    }

    /// Sets a point of the fader movement.
    pub(super) fn automate(&mut self, tracks: &Tracks, at: Moment, db: f32) -> Result<(), OpError> {
        within(db, -96.0, 24.0, ("a level in dB", "电平（dB）"))?;
        let seconds = match at {
            Moment::Seconds(seconds) => {
                if f64::from(seconds) > self.song.plan.length.0 {
                    let length = self.song.plan.length.0;
                    return Err(OpError::new(
                        format!("{seconds} s lies beyond the song, which lasts {length:.1} s"),
                        format!("{seconds} 秒超出了全曲，全曲长 {length:.1} 秒"),
                    ));
                }
                seconds
            }
            Moment::At(at) => {
                let tick = select::position_or_end(at, &self.song)?;
                self.song.plan.timeline.seconds(tick) as f32
            }
        };
        self.strips(tracks, |strip| {
            let points = &mut strip.automation.0;
            points.retain(|point| (point.at - seconds).abs() > 5e-4);
            let before = points.partition_point(|point| point.at < seconds);
            points.insert(
                before,
                CurvePoint {
                    at: seconds,
                    value: db,
                },
            );
            Ok(())
        })
    }

    /// Removes the points of the fader movement in a place, or all.
    pub(super) fn clear_automation(
        &mut self,
        tracks: &Tracks,
        place: Option<&Place>,
    ) -> Result<(), OpError> {
        let spans: Option<Vec<TickSpan>> = match place {
            Some(place) => Some(select::find_spans(place, &self.song)?),
            None => None,
        };
        let line = self.song.plan.timeline.clone();
        self.strips(tracks, |strip| {
            strip.automation.0.retain(|point| match &spans {
                None => false,
                Some(spans) => !spans.iter().any(|span| {
                    let at = f64::from(point.at);
                    line.seconds(span.start) - 5e-4 <= at && at < line.seconds(span.end) - 5e-4
                }),
            });
            Ok(())
        })
    }

    /// Makes tracks duck under the strokes of another.
    pub(super) fn duck(
        &mut self,
        tracks: &Tracks,
        key: &str,
        amount: f32,
        release: Option<f32>,
    ) -> Result<(), OpError> {
        within(amount, 0.0, 36.0, ("an amount in dB", "闪避量（dB）"))?;
        let release = release.unwrap_or(160.0);
        within(
            release,
            5.0,
            2_000.0,
            ("a release in milliseconds", "恢复时间（毫秒）"),
        )?;
        let key = select::find_track(key, &self.song, self.catalog)?;
        let key = self.song.score.tracks[key].id.clone();
        self.strips(tracks, |strip| {
            if strip.track == key {
                return Err(OpError::new(
                    format!("{key} cannot duck under itself; name another track"),
                    format!("{key} 不能对自身闪避；请指定别的声部"),
                ));
            }
            strip.sidechain = Some(Sidechain {
                key_track: key.clone(),
                amount_db: amount,
                release_ms: release,
                strongest_db: None,
            });
            Ok(())
        })
    }

    /// Level of a shared effect in dB, −60..=24.
    pub(super) fn return_level(&mut self, to: Return, db: f32) -> Result<(), OpError> {
        within(db, -60.0, 24.0, ("a return level in dB", "返回电平（dB）"))?;
        self.check_return(to)?;
        let returns = &mut self.mix()?.returns;
        match to {
            Return::Delay => {
                if let Some(delay) = &mut returns.delay {
                    delay.level_db = db;
                }
            }
            _ => {
                if let Some(reverb) = reverb(returns, to) {
                    reverb.level_db = db;
                }
            }
        }
        Ok(())
    }

    /// Time in which a shared effect decays by 60 dB, in seconds, 0.1..=20.
    pub(super) fn return_decay(&mut self, to: Return, seconds: f32) -> Result<(), OpError> {
        within(seconds, 0.1, 20.0, ("a decay in seconds", "衰减时间（秒）"))?;
        self.check_return(to)?;
        let returns = &mut self.mix()?.returns;
        if let Some(reverb) = reverb(returns, to) {
            reverb.decay_s = seconds;
        } else if let Some(delay) = &mut returns.delay {
            // Each echo is `feedback` times the one before, every `time_s`.
            let per_echo = -60.0 * delay.time_s / seconds;
            delay.feedback = math::db_to_gain(per_echo).clamp(0.0, 0.95);
        }
        Ok(())
    }

    /// An error when the mix does not have a shared effect.
    fn check_return(&mut self, to: Return) -> Result<(), OpError> {
        let returns = &mut self.mix()?.returns;
        let there = match to {
            Return::Delay => returns.delay.is_some(),
            reverbs => reverb(returns, reverbs).is_some(),
        };
        if there {
            return Ok(());
        }
        let present: Vec<&str> = [
            ("room", returns.room.is_some()),
            ("hall", returns.hall.is_some()),
            ("plate", returns.plate.is_some()),
            ("delay", returns.delay.is_some()),
        ]
        .iter()
        .filter(|(_, there)| *there)
        .map(|(name, _)| *name)
        .collect();
        let name = Return::ALL[to as usize].1;
        let list = if present.is_empty() {
            "-".to_owned()
        } else {
            present.join(", ")
        };
        Err(OpError::new(
            format!("the mix has no {name}; it has: {list}"),
            format!("混音中没有 {name}；现有：{list}"),
        ))
    }
}

fn reverb(returns: &mut crate::mixplan::Returns, to: Return) -> Option<&mut Reverb> {
    match to {
        Return::Room => returns.room.as_mut(),
        Return::Hall => returns.hall.as_mut(),
        Return::Plate => returns.plate.as_mut(),
        Return::Delay => None,
    }
}

fn find_band(strip: &mut ChannelStrip, number: u32) -> Result<&mut EqBand, OpError> {
    let count = strip.eq.len();
    let index = (number as usize).wrapping_sub(1);
    let error = OpError::new(
        format!(
            "{} has {count} equalizer bands; there is no number {number}",
            strip.track
        ),
        format!("{} 有 {count} 个均衡频段，没有第 {number} 个", strip.track),
    );
    strip.eq.get_mut(index).ok_or(error)
}

/// An error when a value is out of its range.
pub(super) fn within(value: f32, low: f32, high: f32, what: (&str, &str)) -> Result<(), OpError> {
    if (low..=high).contains(&value) {
        return Ok(());
    }
    Err(OpError::new(
        format!("expected {} from {low} to {high}, found {value}", what.0),
        format!("需要 {low} 至 {high} 的{}，却是 {value}", what.1),
    ))
}
