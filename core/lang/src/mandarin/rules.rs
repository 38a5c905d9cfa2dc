//! Readings of single characters that their neighbors settle beyond doubt.
//!
//! Only what the model of the sentence gets wrong in short lines belongs here.

use super::dictionary::Span;

/// The reading of a character that stands at a place in a phrase, if a rule settles it.
pub fn reading(phrase: &[char], at: usize, word: Option<Span>) -> Option<&'static str> {
    let before = at.checked_sub(1).map(|i| phrase[i]);
    let after = phrase.get(at + 1).copied();
    let alone = word.is_some_and(|word| word.end - word.start == 1);
    let inside = word.is_some_and(|word| word.start < at);
    let is = |sign: Option<char>, of: &str| sign.is_some_and(|sign| of.contains(sign));
    let last = after.is_none();
    match phrase[at] {
        '们' if inside || before.is_some() => Some("men5"),
        '么' => Some("me5"),
        '吗' => Some("ma5"),
        '吧' if alone => Some("ba5"),
        '呢' if alone => Some("ne5"),
        '嘛' => Some("ma5"),
        '呀' if alone && at > 0 => Some("ya5"),
        '啊' if alone && at > 0 => Some("a5"),
        '啊' => Some("a1"),
        '呀' => Some("ya1"),
        '哇' if at > 0 && before != Some('哇') => Some("wa5"),
        '哇' => Some("wa1"),
        '啦' if is(before, "啦") || is(after, "啦") => Some("la1"),
        '啦' => Some("la5"),
        '哦' | '喔' => Some("o5"),
        // 了 closes a word or a phrase; between a verb and 不 or 得 it is the verb liao3.
        '了' if alone && is(before, "不") => Some("liao3"),
        '了' if alone && is(before, "得") && last => Some("liao3"),
        '了' if alone && at > 0 => Some("le5"),
        // 还 what can be owed is huan2, anything else is still.
        '还' if is(
            after,
            "是在有要会能可不没未想爱剩得敢肯像挺很更真那这怎为如算好记留",
        ) =>
        {
            Some("hai2")
        }
        '还' if alone && is(after, "债钱款给清帐账书礼愿魂乡俗手") => Some("huan2"),
        '还' if alone && at == 0 && is(after, "我你您他她它") => Some("huan2"),
        '得' if alone && at > 0 && is(after, "很太真好那这多像不更最") => Some("de5"),
        '都' if is(after, "市城") => Some("du1"),
        '种' if alone && is(after, "在下满了出着") && !is(before, "这那一各每某何哪几两多种") => {
            Some("zhong4")
        }
        '地' if alone && is_doubled(phrase, at) => Some("de5"),
        '都' if alone => Some("dou1"),
        '谁' => Some("shei2"),
        '那' => Some("na4"),
        '弹' if is(after, "琴唱奏吉起拨") => Some("tan2"),
        '血' => Some("xue4"),
        '只' if is(before, "一二两三四五六七八九十几这那每半百千万") => {
            Some("zhi1")
        }
        '行' if is(before, "一两三四五六七八九十几每") && alone => Some("hang2"),
        '重' if is(after, "逢来回新复叠游演") => Some("chong2"),
        '重' if is(before, "千万九双层几") => Some("chong2"),
        '朵' => Some("duo3"),
        '说' => Some("shuo1"),
        _ => None,
    }
}

/// Whether the two characters before a place are the same (慢慢地).
fn is_doubled(phrase: &[char], at: usize) -> bool {
    at >= 2 && phrase[at - 1] == phrase[at - 2]
}
