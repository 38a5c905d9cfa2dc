//! Examples under the help of every command: what people copy first.

use crate::lang::Words;
use clap::Command;
use std::fmt::Write as _;

/// Command, command line without `yuefu`, and what it does in English and Chinese.
const EXAMPLES: &[(&str, &str, &str, &str)] = &[
    (
        "corpus",
        "corpus my-songs/ -o songs.yfc",
        "read, clean and pack a folder of scores, with statistics",
        "读入、清理并打包一个乐谱文件夹，附统计",
    ),
    (
        "corpus",
        "corpus songs.yfc --json",
        "what a packed corpus holds",
        "查看打包曲库的内容",
    ),
    (
        "groove",
        "groove generate --style funk --bars 8 --seed 3 -o groove.mid",
        "eight bars of funk with a fill at the end",
        "八小节放克，结尾带过门",
    ),
    (
        "groove",
        "groove humanize grid.mid -o played.mid --style jazz",
        "a drum part on the grid, played with feel",
        "让网格上的鼓像人打的",
    ),
    (
        "groove",
        "groove morph a.mid b.mid --steps 5 -o between/",
        "five grooves from one to the other",
        "从一个节奏到另一个，共五个",
    ),
    (
        "morph",
        "morph a.mid b.musicxml --steps 5 -o between/",
        "five tunes from one to the other, alone and in a row, with a picture",
        "从一首旋律到另一首，共五首，分开和连在一起各一份，附图",
    ),
    (
        "morph",
        "morph bossa-nova celtic --steps 4 --seed 7 -o between/",
        "from a new tune of one style to one of another",
        "从一种风格的新旋律到另一种风格的",
    ),
    (
        "train",
        "train run/ songs.yfc --network lstm",
        "a network of your own, from a packed corpus; goes on where it was stopped",
        "用打包曲库训练自己的网络；中断后可继续",
    ),
    (
        "finetune",
        "finetune --from my-songs/ -o mine.yfw",
        "the composer, leaning to your own songs: then song --composer mine.yfw",
        "让作曲靠近你自己的歌：之后用 song --composer mine.yfw",
    ),
    (
        "originality",
        "originality tune.mid",
        "bars that equal a known tune, and the nearest songs",
        "与已知旋律相同的小节，以及最接近的歌曲",
    ),
    (
        "evaluate",
        "evaluate --songs 4 -o report/",
        "four new songs of each style against the counts of real ones",
        "每种风格新作四首，与真实歌曲的统计对照",
    ),
    (
        "evaluate",
        "evaluate --songs 60 --styles pop,ballad --against songs.yfc",
        "and whether judges can tell them from real songs",
        "并看评判者能否分辨真假",
    ),
    (
        "listening-test",
        "listening-test rules/ learned/ -o page/",
        "a page that plays two folders of recordings blindly",
        "盲听两个文件夹里录音的网页",
    ),
    (
        "listening-test",
        "listening-test --results answers-*.csv",
        "what listeners said, with 95 % confidence intervals",
        "听众的意见，附 95 % 置信区间",
    ),
    (
        "harmonize",
        r#"harmonize tune.mid --style "bossa nova""#,
        "chords for a tune, bar by bar, and a lead sheet beside it",
        "为旋律配和弦，逐小节列出，并在旁边写一份旋律谱",
    ),
    (
        "harmonize",
        "harmonize tune.abc --alternatives 3 -o chords.txt",
        "three different harmonizations as charts",
        "三种不同的配法，写成和弦表",
    ),
    (
        "lyrics",
        r#"lyrics "a sad song about the city at night" --seed 7"#,
        "words for a song",
        "写一首歌的词",
    ),
    (
        "lyrics",
        "lyrics 毕业 --rhyme 一韵到底 --out words.txt",
        "one rhyme throughout, into a file",
        "一韵到底，写入文件",
    ),
    (
        "lyrics",
        "lyrics 秋夜 --pattern 如梦令",
        "to a tune pattern",
        "按词牌填词",
    ),
    (
        "lyrics",
        r#"lyrics "growing up" --interactive"#,
        "line by line, with you",
        "与你一行一行地写",
    ),
    (
        "song",
        r#"song "a warm city pop night drive, 3 minutes""#,
        "a finished song, with stems, scores and a project",
        "一首成品，附分轨、乐谱和工程",
    ),
    (
        "song",
        "song 江南雨夜，古筝与笛子 --bpm 72 -o rain",
        "in Chinese, with a tempo, into a folder",
        "中文描述，指定速度与文件夹",
    ),
    (
        "song",
        r#"song "jazz waltz" --best 5 --pictures"#,
        "the best of five, with pictures",
        "五个版本取其最佳，附图",
    ),
    (
        "read",
        "read 还珠格格 --explain",
        "how each syllable is read, and why",
        "每个字怎么读、为什么",
    ),
    (
        "arrange",
        r#"arrange lead.musicxml --style "bossa nova""#,
        "a band for someone's tune",
        "为现成的曲调配上乐队",
    ),
    (
        "arrange",
        "arrange lead.musicxml --lyrics words.txt --style folk",
        "words of your own to a tune, with a band",
        "给现成的曲调填词，并配上乐队",
    ),
    (
        "explain",
        r#"explain "a sad waltz without drums""#,
        "which words mean what",
        "每个词被理解成什么",
    ),
    (
        "styles",
        "styles jazz",
        "one style in full",
        "一种风格的详情",
    ),
    (
        "instruments",
        "instruments erhu",
        "one instrument in full",
        "一种乐器的详情",
    ),
    (
        "render",
        "render song.yuefu --explain",
        "what was made again, and why",
        "重做了什么、为何重做",
    ),
    (
        "render",
        "render song.yuefu --format wav,ogg --stems",
        "in other formats",
        "导出其他格式",
    ),
    (
        "edit",
        r#"edit song.yuefu "transpose lead 9-12 +2 steps" "gain bass -2""#,
        "two operations as one step",
        "两个操作作为一步",
    ),
    (
        "edit",
        r#"edit song.yuefu "chord 5 Am7" --preview"#,
        "change and hear it at once",
        "修改并立即试听",
    ),
    (
        "edit",
        "edit song.yuefu --list",
        "all operations with their words",
        "全部操作及写法",
    ),
    (
        "regenerate",
        "regenerate song.yuefu --bars 9-12 --track lead --takes 4",
        "four new tunes for four bars",
        "为四小节旋律写四个新版本",
    ),
    (
        "regenerate",
        "regenerate song.yuefu --section chorus --track drums --busier",
        "busier drums in the choruses",
        "副歌的鼓更密",
    ),
    (
        "form",
        "form song.yuefu insert bridge --before chorus-3",
        "a bridge before the last chorus",
        "在最后一段副歌前加桥段",
    ),
    (
        "form",
        "form song.yuefu length 2:30",
        "shorter or longer, musically",
        "按乐理缩短或延长",
    ),
    (
        "form",
        "form song.yuefu loop",
        "a seamless loop",
        "首尾无缝循环",
    ),
    (
        "restyle",
        "restyle song.yuefu jazz --keep-tempo",
        "the same tune with another band",
        "同一旋律，换一支乐队",
    ),
    (
        "add",
        "add song.yuefu cello --role counter",
        "a second melody on the cello",
        "大提琴奏副旋律",
    ),
    (
        "takes",
        "takes song.yuefu",
        "all takes; `edit song.yuefu \"take ...\"` switches",
        "全部版本；用 edit song.yuefu \"take …\" 切换",
    ),
    ("undo", "undo song.yuefu 3", "three steps back", "撤销三步"),
    ("redo", "redo song.yuefu", "one step forth", "重做一步"),
    (
        "history",
        "history song.yuefu name before-strings",
        "name this version",
        "给当前版本起名",
    ),
    (
        "history",
        "history song.yuefu branch jazzier",
        "try something beside it",
        "另开一条分支试验",
    ),
    (
        "history",
        "history song.yuefu merge jazzier",
        "bring it back in",
        "把分支并回来",
    ),
    (
        "diff",
        "diff song.yuefu@before-strings song.yuefu --audio",
        "what differs, in notes and in sound",
        "音符与声音有何不同",
    ),
    (
        "verify",
        "verify song.yuefu",
        "make everything anew and compare",
        "全部重做并比对",
    ),
    (
        "store",
        "store song.yuefu --collect --limit 500M",
        "keep at most 500 MB of renderings",
        "渲染缓存最多留 500 MB",
    ),
    (
        "watch",
        "watch song.yuefu --serve",
        "hear every save in the browser",
        "每次保存都在浏览器里试听",
    ),
    (
        "import",
        "import tune.mid -o tune.yuefu",
        "a project of a file",
        "由文件建工程",
    ),
    (
        "import",
        "import edited.musicxml --into song.yuefu --track lead",
        "bring an edited part back",
        "把改过的声部并回工程",
    ),
    (
        "export",
        "export song.yuefu --format midi,musicxml",
        "files for other programs",
        "供其他软件使用的文件",
    ),
    (
        "sing",
        "sing lead.musicxml -o vocal.wav",
        "a tune with words becomes a vocal",
        "有词的旋律变成人声",
    ),
    (
        "sing",
        "sing tune.mid --lyrics words.txt --voice voice-hibari",
        "words of your own, a line for each phrase",
        "自己的歌词，每个乐句一行",
    ),
    (
        "voices",
        "voices preview voice-hibari -o hibari.wav",
        "hear a voice",
        "试听一个声音",
    ),
    (
        "voices",
        "voices install Teto.zip --as teto",
        "bring a voice of your own: an UTAU bank",
        "装入自己的声音：UTAU 音源",
    ),
    (
        "voices",
        "voices install kokoro",
        "54 more voices, 119 MB",
        "再添 54 个声音，119 MB",
    ),
    (
        "master",
        "master mix.wav --target -14 -o master.flac",
        "master any recording",
        "给任意录音做母带",
    ),
    (
        "show",
        "show song.yuefu --png pictures",
        "notes, spectrum and loudness as pictures",
        "音符、频谱与响度图",
    ),
    (
        "completions",
        "completions bash > ~/.local/share/bash-completion/completions/yuefu",
        "for the shell",
        "命令补全",
    ),
];

/// Puts the examples of every command under its help.
pub fn add(command: Command, words: Words) -> Command {
    let names: Vec<String> = command
        .get_subcommands()
        .map(|sub| sub.get_name().to_owned())
        .collect();
    names.iter().fold(command, |command, name| {
        let rows: Vec<_> = EXAMPLES.iter().filter(|row| row.0 == name).collect();
        if rows.is_empty() {
            return command;
        }
        let mut text = format!("{}\n", words.pick("Examples:", "例："));
        for (_, line, en, zh) in rows {
            let _ = writeln!(text, "  yuefu {line}\n      {}", words.pick(en, zh));
        }
        command.mut_subcommand(name, |sub| sub.after_help(text))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{CommandFactory as _, Parser as _};

    #[test]
    fn every_command_has_examples_and_understands_them() {
        for sub in crate::args::Cli::command().get_subcommands() {
            let name = sub.get_name();
            assert!(EXAMPLES.iter().any(|row| row.0 == name), "{name}");
        }
        for (name, line, ..) in EXAMPLES {
            let words: Vec<String> = split(line.split(" > ").next().unwrap_or(line));
            assert_eq!(&words[0], name);
            let all = ["yuefu".to_owned()].into_iter().chain(words);
            if let Err(error) = crate::args::Cli::try_parse_from(all) {
                panic!("{line}: {error}");
            }
        }
    }

    /// Words of a command line; quotes keep words together.
    fn split(line: &str) -> Vec<String> {
        line.split('"')
            .enumerate()
            .flat_map(|(index, part)| match index % 2 {
                0 => part.split_whitespace().map(str::to_owned).collect(),
                _ => vec![part.to_owned()],
            })
            .collect()
    }
}
