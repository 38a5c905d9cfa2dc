//! Why no corpus could be read or written.

use std::path::PathBuf;

/// A failure that ends the work. Single files that cannot be understood are no failures: they
/// are counted in the report.
#[derive(Debug, thiserror::Error)]
pub enum CorpusError {
    /// A file or folder could not be read or written.
    #[error("{}: {error}. Check the path and the permissions.", path.display())]
    Io {
        /// Where.
        path: PathBuf,
        /// What the system said.
        error: std::io::Error,
    },
    /// A path that holds nothing to learn from.
    #[error(
        "{}: expected a known collection or a folder of MIDI, MusicXML or ABC files, found none. \
         Name another path.", path.display()
    )]
    Nothing {
        /// Where.
        path: PathBuf,
    },
    /// More than fits the limits.
    #[error(
        "{}: expected at most {most} {what}, found more. Split the collection.", path.display()
    )]
    TooLarge {
        /// Where.
        path: PathBuf,
        /// Of what.
        what: &'static str,
        /// The limit.
        most: u64,
    },
    /// A packed corpus that is none, or is damaged.
    #[error("expected a packed corpus of version {version}, found {found}. Pack it again.")]
    Damaged {
        /// The version that is read.
        version: u16,
        /// What was there instead.
        found: String,
    },
    /// Something that should never happen.
    #[error("internal error: {0}")]
    Internal(String),
    /// The work was stopped from outside.
    #[error(transparent)]
    Cancelled(#[from] yuefu_engine::Cancelled),
}

impl CorpusError {
    /// For `map_err` on what the system says of a path.
    pub(crate) fn io(path: &std::path::Path) -> impl FnOnce(std::io::Error) -> Self + '_ {
        move |error| Self::Io {
            path: path.to_owned(),
            error,
        }
    }

    /// The same sentence in Chinese.
    pub fn zh(&self) -> String {
        match self {
            Self::Io { path, error } => {
                format!("{}：{error}。请检查路径和权限。", path.display())
            }
            Self::Nothing { path } => format!(
                "{}：需要已知的曲库或含 MIDI、MusicXML、ABC 文件的文件夹，却没有找到。请换一个路径。",
                path.display()
            ),
            Self::TooLarge { path, most, .. } => {
                format!("{}：超出上限 {most}。请拆分后再读。", path.display())
            }
            Self::Damaged { version, found } => {
                format!("需要版本 {version} 的打包曲库，却是 {found}。请重新打包。")
            }
            Self::Internal(what) => format!("内部错误：{what}"),
            Self::Cancelled(_) => "已取消".to_owned(),
        }
    }
}
