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

    /// Whether messages are Chinese.
    pub fn chinese(self) -> bool {
        self.0 == Lang::Zh
    }

    /// One of two texts.
    pub fn pick<'a>(self, en: &'a str, zh: &'a str) -> &'a str {
        if self.0 == Lang::Zh { zh } else { en }
    }
}

const ABOUT: &[(&str, &str)] = &[
    (
        "corpus",
        "读入可供学习的真实歌曲：曲库，或含 MIDI、MusicXML、ABC 的文件夹",
    ),
    (
        "groove",
        "写新的鼓节奏、让写好的鼓像人打的、从一个节奏变到另一个",
    ),
    ("generate", "写一段新的鼓节奏"),
    ("humanize", "给文件里的鼓加上鼓手的力度与时间"),
    ("morph", "从一段逐步变到另一段，中间各步都能用"),
    ("train", "用真实歌曲从头训练写旋律的网络"),
    ("finetune", "用你自己的歌微调作曲，几分钟即可"),
    ("originality", "检查旋律与作曲所学歌曲的相近程度"),
    (
        "evaluate",
        "衡量一组曲子：与真实音乐的距离、能否被识破、风格与多样性",
    ),
    ("listening-test", "做一个盲听测试网页，或统计下载回来的答案"),
    ("harmonize", "为别人写的旋律配和弦，写成带和弦的旋律谱"),
    ("sing", "把旋律唱出来：一条单独的干声"),
    ("voices", "列出、试听、安装或移除声音"),
    ("list", "列出所有声音，及其来源与条款"),
    (
        "install",
        "安装声音：文件夹、ZIP 压缩包，或 kokoro（从其发布处下载）",
    ),
    ("remove", "移除已安装的声音"),
    ("preview", "让一个声音唱几个字"),
    (
        "arrange",
        "为 MIDI、MusicXML 或 ABC 文件里的旋律编成一首曲子",
    ),
    ("song", "一句话成曲"),
    ("explain", "说明一句话被如何理解，以及理由"),
    ("read", "说明歌词怎么读：音节、音素、声调，以及读音的依据"),
    ("lyrics", "按主题写歌词，或与你一行一行地写"),
    ("styles", "列出所有风格，或介绍一个风格"),
    ("instruments", "列出所有乐器，或介绍一件乐器"),
    ("render", "重新渲染工程，未改变的部分直接沿用"),
    ("export", "把工程写成其他格式"),
    ("master", "为一段录音做母带处理"),
    ("show", "画出曲式、和弦、音符、响度与频谱"),
    ("completions", "输出某个 shell 的补全脚本"),
    (
        "edit",
        "修改工程：音符、和弦、小节、段落、音轨、速度、调、混音、歌词",
    ),
    (
        "regenerate",
        "重写工程的一部分：若干小节、一个段落、一条音轨",
    ),
    ("form", "改变曲式：插入、延长、循环、缩短"),
    ("restyle", "把工程或其中几段改成另一种风格，旋律不变"),
    ("add", "加入一件乐器，由它自己写声部"),
    ("takes", "列出工程里的各个版本（take）"),
    ("undo", "撤销上一步"),
    ("redo", "重做被撤销的一步"),
    ("history", "列出版本；命名、分支、切换、合并"),
    ("diff", "说明两个版本或工程之间的差别"),
    ("verify", "从头重做一切，并与库中内容比较"),
    ("store", "说明工程保存了多少渲染结果，并清理"),
    (
        "import",
        "把 MIDI、MusicXML 或 ABC 文件做成工程，或把改过的文件并回工程",
    ),
    ("watch", "工程文件一保存就重新渲染并播放"),
    ("name", "给当前版本命名"),
    ("unname", "去掉一个名称"),
    ("branch", "从这里开始一个分支并切换过去"),
    ("switch", "切换到一个分支"),
    ("delete-branch", "删除一个分支"),
    ("jump", "把分支移到任意版本"),
    ("merge", "把一个分支或版本合并到当前版本"),
    ("compact", "去掉没有名称和分支需要的旧版本"),
    ("restore", "手工改坏文件时，恢复最后的完好版本"),
    (
        "insert",
        "插入段落：前奏、主歌、预副歌、副歌、桥段、独奏、间奏、尾奏……",
    ),
    ("after", "在结尾之后继续"),
    ("before", "在开头之前开始"),
    ("loop", "首尾无缝循环"),
    ("length", "按音乐的道理缩短或加长：先整段，再成对的小节"),
    ("energy", "改变段落的能量，并相应改变配器"),
];

const OPTIONS: &[(&str, &str)] = &[
    (
        "groove_style",
        "鼓的风格（rock、funk、jazz 等）或歌曲风格（city-pop、bossa-nova 等）",
    ),
    (
        "tune_from",
        "含 4/4 拍旋律的 MIDI、MusicXML 或 ABC 文件，或一种风格（为它新写旋律）",
    ),
    ("tune_to", "最后一首旋律，同上"),
    ("tune_steps", "共几首旋律，含两端"),
    ("tune_seed", "随机种子"),
    (
        "tune_folder",
        "要写入的文件夹：1.mid、2.mid ……，以及 all.mid 和 all.png",
    ),
    ("groove_bars", "小节数"),
    ("groove_bpm", "每分钟四分音符数（默认：该风格常用的速度）"),
    ("groove_seed", "随机种子"),
    ("groove_output", "要写入的 MIDI 文件"),
    ("groove_file", "含鼓的 MIDI、MusicXML 或 ABC 文件，4/4 拍"),
    ("groove_from", "第一个节奏的文件：两小节 4/4"),
    ("groove_to", "最后一个节奏的文件"),
    ("groove_steps", "共几个节奏，含两端"),
    ("groove_folder", "要写入的文件夹：1.mid、2.mid ……"),
    ("sources", "曲库压缩包、文件夹、乐谱文件或打包曲库（.yfc）"),
    ("run", "训练的文件夹：中断后在此继续"),
    ("network", "要训练的网络：transformer 或 lstm"),
    ("steps", "训练步数"),
    ("tuning", "要写入的文件，供 --composer 使用"),
    (
        "composer",
        "由谁写旋律与和弦：learned、light（LSTM）、rules，或 finetune 写出的文件",
    ),
    ("temperature", "旋律有多自由：0.5（常见的）到 1.5（少见的）"),
    ("pack", "要写入的打包曲库（.yfc）；不写则只统计"),
    ("index", "要写入的旋律索引：只含哈希，供原创性检查使用"),
    ("tune_file", "MIDI、MusicXML、ABC 文件或工程"),
    (
        "evaluated",
        "工程，MIDI、MusicXML、ABC 文件，或它们所在的文件夹（默认：新作一批）",
    ),
    ("per_style", "每种风格作几首"),
    ("compared_styles", "作哪些风格，用逗号分隔（默认全部）"),
    (
        "against",
        "用来对照的真实音乐：打包曲库（.yfc）、曲库压缩包或乐谱文件夹（默认：随附的统计）",
    ),
    ("first_seed", "每种风格第一首的随机种子，其余依次加一"),
    (
        "report_folder",
        "报告文件夹：evaluation.json、evaluation.txt 与图片",
    ),
    ("systems", "各系统的录音文件夹，同名的录音互相比较"),
    ("page_folder", "网页文件夹"),
    ("order_seed", "题目次序与左右的随机种子"),
    (
        "ask",
        "问什么：ab（哪个更好）、mos（1 到 5 分）、both（都问）",
    ),
    ("most", "每类最多几题"),
    ("answers", "不做网页，统计下载回来的答案"),
    ("chordless", "含旋律的 MIDI、MusicXML 或 ABC 文件"),
    (
        "chord_style",
        "用哪种风格的和弦：编号或名称（默认：常用和弦）",
    ),
    ("chord_key", "调，如 D minor（默认由旋律推定）"),
    (
        "chord_seed",
        "随机种子，使选择略有不同（默认：最合适的和弦）",
    ),
    ("alternatives", "写 N 种不同的和弦"),
    (
        "chord_sheet",
        "要写入的文件：.musicxml、.mid、.abc，或只写和弦名的 .txt（默认：旁边的 NAME.chords.musicxml）",
    ),
    ("about", "歌的主题，中英文皆可"),
    (
        "theme",
        "必须使用的题材编号，可用逗号分隔：rain、parting、moon",
    ),
    (
        "feeling",
        "歌词的情绪：sad（悲伤）、bright（明亮）、open（不限）",
    ),
    ("keywords", "必须出现的词，可用逗号分隔"),
    ("words_language", "歌词语言：zh、en（默认与主题相同）"),
    ("words_form", "段落：VPCVPCBC，或“主歌、副歌、主歌、副歌”"),
    (
        "rhyme",
        "韵式：XAXA、AABB、ABAB、一韵到底、自由，或韵部如 江阳",
    ),
    ("tune", "给定曲调每行的字数：“主歌：8 8 8 8；副歌：7 7 9 7”"),
    ("pattern", "词牌：如梦令、浣溪沙、水调歌头等"),
    ("classical", "古风"),
    ("stanza_lines", "主歌与副歌的行数：2 到 8"),
    ("words_seed", "随机种子（默认由主题决定）"),
    ("sheet", "歌词文件（默认写到标准输出）"),
    ("writer", "执笔的语言模型名称（本机端点）"),
    (
        "model_url",
        "端点地址（OpenAI 格式；密钥取自 YUEFU_MODEL_KEY）",
    ),
    ("interactive", "逐行写作：留、换、改、上、下（管道也可用）"),
    ("melody", "含旋律的 MusicXML、MIDI 或 ABC 文件，或工程"),
    (
        "voice",
        "声音，或声音所在的文件夹；用 yuefu voices list 查看（默认：会唱这种语言的声音）",
    ),
    ("bank", "声音的文件夹或 ZIP 压缩包，或 kokoro"),
    ("fetched", "不下载，从这个文件夹取 kokoro 的文件"),
    ("called", "安装后的编号（默认按其名称）"),
    ("verse", "要唱的词"),
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
    (
        "lyrics",
        "要唱的歌词：文本文件，可带 [Verse]、[副歌] 等标签；- 表示标准输入",
    ),
    ("instrumental", "纯音乐，无人声"),
    ("text", "歌词；花括号里的读音优先：还{huan2}、read{R EH1 D}"),
    ("language", "有歧义的汉字属于哪种语言：普通话、粤语、日语"),
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
    ("no_store", "不在工程里保存渲染结果"),
    ("explain", "说明重做了什么、为什么，以及沿用了什么"),
    ("preview", "只写 NAME.preview.wav，越快越好"),
    ("remaster", "重新做母带：按现在的混音决定响度与音色"),
    ("rebalance", "重新平衡，并重新做母带"),
    ("store_limit", "工程里最多保存多少，例如 500M 或 2G"),
    ("render", "之后渲染全曲"),
    ("dry_run", "只说明会改变什么，不作改动"),
    (
        "operations",
        "操作，每个用引号括起：\"transpose lead 9-12 +2\" \"gain bass -3\"",
    ),
    ("script", "从文件读操作，一行一个；- 表示标准输入"),
    ("list", "列出全部操作"),
    ("bars", "小节数，或小节范围如 9-12（默认：按惯例或全曲）"),
    ("section", "段落，例如 verse-2 或 副歌"),
    ("track", "音轨：编号、角色或乐器，用逗号分隔（默认全部）"),
    (
        "takes",
        "写几个版本；先用第一个，用 edit SONG \"take ...\" 切换",
    ),
    ("busier", "音符更多"),
    ("simpler", "音符更少"),
    ("higher", "音区更高"),
    ("lower", "音区更低"),
    ("amount", "改变多少，0.1 到 1"),
    ("like", "更像曲中另一处：小节或段落"),
    ("steps", "几步"),
    ("name", "名称"),
    ("which", "名称、分支或编号；~N 表示再往前 N 步"),
    ("ours", "冲突时保留这边"),
    ("theirs", "冲突时采用对方"),
    ("keep", "保留多少步撤销"),
    ("from", "起点：工程（可加 @版本），或 0 到 1 的能量"),
    ("to", "终点：另一个工程或版本，或 0 到 1 的能量"),
    ("audio", "从头渲染两者，说明采样在哪里不同"),
    ("collect", "按上限删除没有分支和命名版本需要的内容"),
    (
        "limit",
        "最多保存多少字节，例如 500M 或 2G；0 只留各版本所需",
    ),
    (
        "player",
        "播放文件的命令，{} 代表文件（默认：找到的第一个播放器；none 不播放）",
    ),
    ("serve", "在这个地址提供一个播放最新声音的网页"),
    ("times", "渲染 N 次后停止（供脚本使用）"),
    ("into", "把改过的文件并回这个工程"),
    ("intro", "前奏小节数；0 为无"),
    ("outro", "旋律之后的小节数；0 为无"),
    ("keep_instrument", "保留文件给旋律的乐器"),
    ("kinds", "段落种类，按顺序"),
    ("whole", "保留前奏与尾奏"),
    ("exact", "精确到采样，速度略作调整"),
    ("instrument", "乐器编号，见 yuefu instruments"),
    (
        "role",
        "角色：lead、counter、harmony、comp、arp、pad、bass、drums、percussion、fx",
    ),
    ("keep_tempo", "保持速度，即使超出该风格的常用范围"),
    ("keep_leads", "保持旋律的乐器"),
    (
        "chords",
        "和弦如何处理：保持、按风格、七和弦、三和弦、强力和弦",
    ),
    ("before", "在这个段落之前（默认：结尾）"),
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
    subcommands(command)
}

/// Translates subcommands at every depth.
fn subcommands(command: Command) -> Command {
    let names: Vec<String> = command
        .get_subcommands()
        .map(|sub| sub.get_name().to_owned())
        .collect();
    names.iter().fold(command, |command, name| {
        command.mut_subcommand(name, |sub| {
            let sub = subcommands(translate(sub));
            match ABOUT.iter().find(|row| row.0 == name) {
                Some((_, about)) => sub.about(*about),
                None => sub,
            }
        })
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

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    fn check(command: &Command) {
        for arg in command.get_arguments() {
            let name = arg.get_id().as_str();
            assert!(
                OPTIONS.iter().any(|row| row.0 == name),
                "{}: {name} has no Chinese help",
                command.get_name()
            );
        }
        for sub in command.get_subcommands() {
            let name = sub.get_name();
            assert!(
                ABOUT.iter().any(|row| row.0 == name),
                "{name} has no Chinese help"
            );
            check(sub);
        }
    }

    #[test]
    fn the_options_are_sound() {
        crate::args::Cli::command().debug_assert();
    }

    #[test]
    fn everything_is_said_in_chinese_too() {
        check(&crate::args::Cli::command());
    }
}
