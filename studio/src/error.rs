//! What can go wrong, in the user's language.

use yuefu_audiofile::{AudioFileError, ErrorKind};
use yuefu_engine::{Cancelled, WorldError};
use yuefu_instruments::bank::BankError;
use yuefu_song::{
    brief::{Diagnostic, Lang},
    song::SongError,
};

/// A failure of the studio.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StudioError {
    /// The prompt asks for something that cannot be done.
    #[error("{}", .0.iter().map(|d| format!("{}: {}", d.message_en.trim_end_matches('.'), d.remedy_en)).collect::<Vec<_>>().join("\n"))]
    Refused(Vec<Diagnostic>),
    /// An option or a file that makes no sense; English and Chinese.
    #[error("{en}")]
    Input {
        /// English.
        en: String,
        /// Chinese.
        zh: String,
    },
    /// An edit does not fit the song.
    #[error(transparent)]
    Edit(#[from] yuefu_song::EditError),
    /// A document cannot be read.
    #[error(transparent)]
    Song(#[from] SongError),
    /// An audio file cannot be read or written.
    #[error(transparent)]
    Audio(#[from] AudioFileError),
    /// A SoundFont or SFZ file is not what it should be.
    #[error("{place}: {error}.")]
    Bank {
        /// Path of the file.
        place: String,
        /// What is wrong in it.
        error: BankError,
    },
    /// A voice cannot be loaded or cannot sing.
    #[error(transparent)]
    Voice(#[from] yuefu_voice::VoiceError),
    /// Another file cannot be read or written.
    #[error(transparent)]
    World(#[from] WorldError),
    /// What is stored is not what the document says; names of the units.
    #[error(
        "stored artifacts are not what the document says: {0}. Remove the folder `store` and render again."
    )]
    Proof(String),
    /// The user stopped it.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
    /// A fault of the program.
    #[error("internal error: {0}. Please report it with the command you used.")]
    Internal(String),
}

impl StudioError {
    /// An option or a file that makes no sense.
    pub fn input(en: impl Into<String>, zh: impl Into<String>) -> Self {
        Self::Input {
            en: en.into(),
            zh: zh.into(),
        }
    }

    /// Exit code of the command line: 2 what was asked, 3 a file that is not what it should be,
    /// 4 the disk, 70 a fault of the program, 130 stopped by the user.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Refused(_) | Self::Input { .. } | Self::Voice(_) => 2,
            Self::Song(_) | Self::Edit(_) | Self::Bank { .. } => 3,
            Self::Audio(error) => match error.kind {
                ErrorKind::Unrecognized
                | ErrorKind::Unsupported
                | ErrorKind::Corrupt
                | ErrorKind::TooLarge => 3,
                ErrorKind::FeatureOff | ErrorKind::InvalidInput => 2,
                _ => 4,
            },
            Self::World(_) => 4,
            Self::Proof(_) => 5,
            Self::Internal(_) => 70,
            Self::Cancelled(_) => 130,
        }
    }

    /// What went wrong and what to do, in a language.
    pub fn message(&self, lang: Lang) -> String {
        if lang == Lang::En {
            return self.to_string();
        }
        match self {
            Self::Refused(notes) => notes
                .iter()
                .map(|note| {
                    format!(
                        "{}：{}",
                        note.message(lang).trim_end_matches('。'),
                        note.remedy(lang)
                    )
                })
                .collect::<Vec<_>>()
                .join("\n"),
            Self::Input { zh, .. } => zh.clone(),
            Self::Voice(error) => error.zh.clone(),
            Self::Proof(names) => {
                format!("库中保存的内容与文档不符：{names}。请删除文件夹 store 后重新渲染。")
            }
            Self::Song(error) => error.message(lang),
            Self::Edit(error) => error.message(lang).to_owned(),
            Self::Audio(error) => {
                let what = match error.kind {
                    ErrorKind::NotFound => "文件或文件夹不存在。请检查路径",
                    ErrorKind::PermissionDenied => "没有读写权限。请换一个文件夹或修改权限",
                    ErrorKind::DiskFull => "磁盘已满。请腾出空间或换一个磁盘",
                    ErrorKind::Io => "读写失败。请检查磁盘后重试",
                    ErrorKind::Unrecognized => "不是可识别的音频文件",
                    ErrorKind::Unsupported => "不支持这种格式",
                    ErrorKind::Corrupt => "文件已损坏",
                    ErrorKind::TooLarge => "文件过大或过长",
                    ErrorKind::FeatureOff => "本程序未编译该编码器，请改用 flac 或 ogg",
                    ErrorKind::InvalidInput => "设置无效",
                };
                format!("{}：{what}（{}）。", error.place, error.found)
            }
            Self::Bank { place, error } => format!(
                "{place}：{}：需要 {}，却是 {}。文件已损坏、过大或不是音色库（SF2、SF3、SFZ）。\
                 请重新获取，或在音色库编辑器中打开并另存。",
                error.place, error.expected, error.found
            ),
            Self::World(error) => {
                use std::io::ErrorKind as Kind;
                let what = match error.kind {
                    Kind::NotFound => "不存在。请检查路径",
                    Kind::PermissionDenied | Kind::ReadOnlyFilesystem => {
                        "没有读写权限。请换一个文件夹或修改权限"
                    }
                    Kind::StorageFull | Kind::QuotaExceeded | Kind::WriteZero => {
                        "磁盘已满。请腾出空间或换一个磁盘"
                    }
                    Kind::NotADirectory | Kind::AlreadyExists => "被同名文件占用。请换一个文件夹",
                    _ => "读写失败。请检查磁盘后重试",
                };
                format!("{}：{what}（{}）。", error.place, error.found)
            }
            Self::Cancelled(_) => "已取消。".to_owned(),
            Self::Internal(what) => format!("程序内部错误：{what}。请连同所用命令一起报告。"),
        }
    }
}
