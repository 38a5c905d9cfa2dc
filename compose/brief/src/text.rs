//! The prompt as characters to match: lower case, half width, simplified, each with its place.

/// A prompt prepared for matching. Every character stands for exactly one of the prompt.
pub(crate) struct Text<'a> {
    /// The prompt.
    pub source: &'a str,
    /// Characters as they were typed.
    pub typed: Vec<char>,
    /// Characters to match.
    pub chars: Vec<char>,
    /// Byte offset of each character in the prompt, and its length at the end.
    bytes: Vec<usize>,
}

impl<'a> Text<'a> {
    /// Prepares a prompt.
    pub fn new(source: &'a str) -> Self {
        let typed: Vec<char> = source.chars().collect();
        let chars = typed.iter().map(|c| normal(*c)).collect();
        let mut bytes: Vec<usize> = source.char_indices().map(|(at, _)| at).collect();
        bytes.push(source.len());
        Self {
            source,
            typed,
            chars,
            bytes,
        }
    }

    /// Number of characters.
    pub fn len(&self) -> usize {
        self.chars.len()
    }

    /// The character at a place; a space beyond the end.
    pub fn at(&self, index: usize) -> char {
        self.chars.get(index).copied().unwrap_or(' ')
    }

    /// The byte span of a range of characters.
    pub fn span(&self, start: usize, end: usize) -> (usize, usize) {
        (
            self.bytes[start.min(self.len())],
            self.bytes[end.min(self.len())],
        )
    }

    /// The prompt's own words in a range of characters.
    pub fn words(&self, start: usize, end: usize) -> &'a str {
        let (from, to) = self.span(start, end);
        self.source[from..to].trim()
    }

    /// Where the literal ends if it stands here; a space in it matches spaces and hyphens.
    pub fn literal(&self, start: usize, literal: &str) -> Option<usize> {
        let mut at = start;
        for wanted in literal.chars() {
            let found = self.at(at);
            if at >= self.len()
                || !(found == wanted || (wanted == ' ' && matches!(found, '-' | '_')))
            {
                return None;
            }
            at += 1;
        }
        Some(at)
    }

    /// The first of several literals that stands here as whole words.
    pub fn word(&self, start: usize, literals: &[&str]) -> Option<usize> {
        literals.iter().find_map(|literal| {
            self.literal(start, literal)
                .filter(|end| self.is_boundary(*end))
        })
    }

    /// Whether a Latin word may end or begin here.
    pub fn is_boundary(&self, at: usize) -> bool {
        let before = at.checked_sub(1).map_or(' ', |i| self.at(i));
        let after = if at < self.len() { self.at(at) } else { ' ' };
        let joins = |class: fn(&char) -> bool| class(&before) && class(&after);
        !joins(char::is_ascii_alphabetic) && !joins(char::is_ascii_digit)
    }

    /// The next place that is not a space.
    pub fn skip(&self, mut at: usize) -> usize {
        while at < self.len() && self.at(at).is_whitespace() {
            at += 1;
        }
        at
    }

    /// The next place that is neither a space nor one of the given marks.
    pub fn skip_marks(&self, mut at: usize, marks: &[char]) -> usize {
        while at < self.len() && (self.at(at).is_whitespace() || marks.contains(&self.at(at))) {
            at += 1;
        }
        at
    }

    /// Whether most of the prompt is Chinese: a Chinese character counts as half a word.
    pub fn is_chinese(&self) -> bool {
        let han = self.chars.iter().filter(|c| is_han(**c)).count();
        let latin = (0..self.len())
            .filter(|i| {
                self.chars[*i].is_ascii_alphabetic()
                    && (*i == 0 || !self.chars[*i - 1].is_ascii_alphabetic())
            })
            .count();
        han > 2 * latin || (han > 0 && han >= latin)
    }
}

/// Whether a character is a Chinese one.
pub(crate) fn is_han(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{9fff}' | '\u{20000}'..='\u{323af}' | '〇')
}

/// The form a character is matched in.
pub(crate) fn normal(c: char) -> char {
    match c {
        '\u{3000}' | '\u{a0}' | '\t' | '\r' => ' ',
        '。' => '.',
        '’' | '‘' | 'ʼ' | '`' | '′' => '\'',
        '“' | '”' | '″' => '"',
        '–' | '—' | '−' | '‐' | '‑' => '-',
        '～' | '〜' => '~',
        '♯' => '#',
        'é' | 'è' | 'ê' | 'ë' | 'É' => 'e',
        'á' | 'à' | 'â' | 'ä' | 'ã' => 'a',
        'í' | 'î' | 'ï' => 'i',
        'ó' | 'ô' | 'ö' | 'õ' => 'o',
        'ú' | 'ü' | 'û' => 'u',
        'ñ' => 'n',
        'ç' => 'c',
        '\u{ff01}'..='\u{ff5e}' => {
            let half = char::from_u32(c as u32 - 0xfee0).unwrap_or(c);
            half.to_ascii_lowercase()
        }
        _ if c.is_ascii() => c.to_ascii_lowercase(),
        _ if is_han(c) => simplified(c),
        _ => c.to_lowercase().next().unwrap_or(c),
    }
}

/// Traditional characters of the vocabulary, each followed by the simplified one.
const TRADITIONAL: &str = "樂乐歡欢傷伤緊紧張张憂忧鬱郁靜静溫温暖暖夢梦戀恋愛爱憤愤懷怀舊旧孤孤獨独寂寂懸悬驚惊懼惧恐恐聲声鋼钢琴琴貝贝長长號号簫箫鼓鼓鑼锣嗩唢吶呐箏筝國国風风電电搖摇滾滚鄉乡藍蓝調调爵爵華华爾尔茲兹進进軍军兒儿節节慢慢漸渐緩缓穩稳猶犹豫豫躍跃拖拖無无沒没過过個个種种點点極极非非較较濃浓淡淡輕轻鬆松開开興兴陽阳雲云霧雾龍龙鳳凤馬马鳥鸟魚鱼貓猫樹树葉叶花花蓮莲蘭兰飛飞飄飘時时間间鐘钟陰阴陣阵陸陆車车輛辆輪轮辦办運运動动員员員员團团圓圆園园場场塊块壯壮壓压學学孫孙實实寧宁寶宝將将尋寻對对導导屬属島岛嶺岭幫帮幾几廣广廟庙廠厂彈弹後后從从徵徵應应戰战戲戏擊击擾扰敵敌數数斷断於于旋旋會会書书東东條条來来極极標标樣样歌歌歲岁歷历歸归殺杀氣气漢汉滅灭滿满灣湾灑洒為为燈灯營营燒烧燦灿爐炉獅狮猛猛現现環环畫画當当發发盡尽監监眾众碼码確确祕秘禮礼離离秋秋穀谷筆笔簡简籃篮紀纪純纯紅红細细終终組组結结經经綠绿維维網网線线編编練练續续纏缠羅罗義义習习聖圣聞闻職职聽听脈脉腳脚膽胆臉脸臺台與与萬万蒼苍處处虛虚術术衝冲裡里製制複复見见規规視视親亲覺觉觀观計计討讨訓训記记訪访設设許许詩诗話话該该認认語语說说請请論论諧谐講讲識识譜谱變变讓让貴贵買买費费質质賞赏賽赛趕赶跡迹跳跳轉转這这連连遊游運运遠远適适選选還还邊边邏逻醫医鈴铃銅铜錄录錢钱鏡镜門门閃闪閉闭關关陳陈隊队隨随險险雙双雜杂難难霓霓頂顶項项順顺預预領领頭头題题願愿類类顯显飯饭飲饮館馆驗验髮发鬧闹鬼鬼魔魔麗丽麥麦黃黄齊齐齡龄龜龟";

fn simplified(c: char) -> char {
    let mut pairs = TRADITIONAL.chars();
    while let (Some(old), Some(new)) = (pairs.next(), pairs.next()) {
        if old == c {
            return new;
        }
    }
    c
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_survive_normalization() {
        let text = Text::new("Ａ悲傷 Café’s");
        assert_eq!(text.chars.iter().collect::<String>(), "a悲伤 cafe's");
        assert_eq!(text.words(1, 3), "悲傷");
        assert_eq!(text.span(1, 3), (3, 9));
        assert!(TRADITIONAL.chars().count().is_multiple_of(2));
    }
}
