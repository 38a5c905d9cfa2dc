//! Messages in English and Chinese.

use clap::Command;
use yuefu_studio::song::brief::Lang;

/// The language of messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Words(pub Lang);

impl Words {
    /// By `--lang`, else by the locale.
    pub fn from_environment(arguments: impl Iterator<Item = String>) -> Self {
        let mut asked = None;
        let mut next = false;
        for argument in arguments {
            if next {
                asked = Some(argument.clone());
            }
            next = argument == "--lang";
            if let Some(value) = argument.strip_prefix("--lang=") {
                asked = Some(value.to_owned());
            }
        }
        let locale = || {
            ["LC_ALL", "LC_MESSAGES", "LANG"]
                .iter()
                .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()))
        };
        let name = asked.or_else(locale).unwrap_or_default();
        Self(if name.to_ascii_lowercase().starts_with("zh") {
            Lang::Zh
        } else {
            Lang::En
        })
    }

    /// One of two texts.
    pub fn pick<'a>(self, en: &'a str, zh: &'a str) -> &'a str {
        if self.0 == Lang::Zh { zh } else { en }
    }
}

const ABOUT: [(&str, &str); 9] = [
    ("song", "一句话成曲"),
    ("explain", "说明一句话被如何理解，以及理由"),
    ("styles", "列出所有风格，或介绍一个风格"),
    ("instruments", "列出所有乐器，或介绍一件乐器"),
    ("render", "重新渲染工程，未改变的部分直接沿用"),
    ("export", "把工程写成其他格式"),
    ("master", "为一段录音做母带处理"),
    ("show", "画出曲式、和弦、音符、响度与频谱"),
    ("completions", "输出某个 shell 的补全脚本"),
];

const OPTIONS: [(&str, &str); 38] = [
    ("prompt", "想要什么样的音乐，中文或英文"),
    ("seed", "随机种子（默认由提示词决定）"),
    ("length", "长度：90、2:30、16小节"),
    ("bpm", "速度，每分钟拍数"),
    ("key", "调：D minor、F# dorian、C大调"),
    ("style", "风格"),
    ("mood", "情绪"),
    ("metre", "拍号：3/4、6/8"),
    ("instruments", "必须用到的乐器，用逗号分隔"),
    (
        "soundfont",
        "你自己的音色库（SF2、SF3 或 SFZ）；用 --instruments user:库号:音色号 演奏",
    ),
    ("without", "不得使用的乐器或乐器组，用逗号分隔"),
    ("looped", "首尾无缝循环"),
    ("title", "标题"),
    ("output", "输出位置"),
    ("format", "格式，可用逗号分隔多个"),
    ("stems", "同时输出分轨"),
    ("rate", "采样率（赫兹）"),
    ("target", "母带响度（LUFS）"),
    ("ceiling", "真峰值上限（dBTP）"),
    (
        "variations",
        "生成 N 首不同的曲子和一张对照表，按乐谱、演奏与声音排名",
    ),
    (
        "best",
        "作 N 首，渲染乐谱评分最高的一首（只评音符；--variations 也评声音）",
    ),
    ("pictures", "同时画图"),
    ("project", "工程文件夹（NAME.yuefu）或它所在的文件夹"),
    ("no_store", "不在工程里保存渲染好的乐句"),
    ("file", "录音文件"),
    ("reference", "参考录音，使响度与音色接近它"),
    ("path", "工程、录音、MIDI、MusicXML 或 ABC 文件"),
    ("png", "把图画到这个文件夹"),
    ("svg", "与 --png 同用：音符与曲式另存为 SVG"),
    ("width", "终端图的列数"),
    ("lang", "消息语言：zh 或 en（默认按系统语言）"),
    ("json", "标准输出只打印一个 JSON 对象"),
    ("quiet", "不显示进度和摘要"),
    ("threads", "线程数（默认等于处理器数）；不影响结果"),
    ("shell", "shell 名称"),
    ("id", "编号"),
    ("help", "显示帮助"),
    ("version", "显示版本"),
];

/// Translates the help of all commands.
pub fn localize(command: Command, words: Words) -> Command {
    if words.0 == Lang::En {
        return command;
    }
    let command = translate(command).about("音乐工作室：一句话成为编曲、混音、母带齐备的作品。");
    ABOUT.iter().fold(command, |command, (name, about)| {
        command.mut_subcommand(name, |sub| translate(sub).about(*about))
    })
}

fn translate(command: Command) -> Command {
    command.mut_args(|arg| {
        let text = OPTIONS.iter().find(|row| row.0 == arg.get_id().as_str());
        match text {
            Some((_, text)) => arg.help(*text),
            None => arg,
        }
    })
}
