//! Written words of a run of English.

/// A written word.
pub(super) struct Token<'a> {
    pub(super) text: &'a str,
    pub(super) span: (usize, usize),
    /// A hyphen joins it to the one before.
    pub(super) joined: bool,
    /// Punctuation follows.
    pub(super) pause_after: bool,
}

/// Cuts a run into written words. A hyphen divides, an apostrophe does not.
pub(super) fn tokens(run: &str) -> Vec<Token<'_>> {
    let mut out: Vec<Token<'_>> = Vec::new();
    let signs: Vec<(usize, char)> = run.char_indices().collect();
    let byte = |index: usize| signs.get(index).map_or(run.len(), |(at, _)| *at);
    let letter = |index: usize| signs.get(index).is_some_and(|(_, c)| c.is_alphabetic());
    let digit = |index: usize| signs.get(index).is_some_and(|(_, c)| c.is_ascii_digit());
    let mut at = 0;
    while at < signs.len() {
        let sign = signs[at].1;
        let money = matches!(sign, '$' | '£' | '€' | '¥') && digit(at + 1);
        let opens = is_apostrophe(sign) && (letter(at + 1) || digit(at + 1));
        if !(sign.is_alphabetic() || sign.is_ascii_digit() || money || opens || sign == '&') {
            if let Some(last) = out.last_mut()
                && !sign.is_whitespace()
                && !matches!(sign, '-' | '‐' | '‑')
            {
                last.pause_after = true;
            }
            at += 1;
            continue;
        }
        let mut end = at + 1;
        while end < signs.len() {
            let sign = signs[end].1;
            let numeral = digit(end - 1);
            let inside = sign.is_alphabetic()
                || sign.is_ascii_digit()
                || is_apostrophe(sign) && letter(end - 1)
                || numeral && matches!(sign, ',' | '.' | ':' | '/') && digit(end + 1)
                || sign == '%' && numeral;
            if !inside {
                break;
            }
            end += 1;
        }
        // A quotation mark that closes is no apostrophe, unless a letter is left out.
        let mut text = &run[byte(at)..byte(end)];
        let lower = text.to_lowercase();
        if text.ends_with(is_apostrophe)
            && !lower.trim_end_matches(is_apostrophe).ends_with("in")
            && !lower.trim_end_matches(is_apostrophe).ends_with('s')
            && !["ol", "o", "n", "th", "lil", "wi", "an", "mo", "'n", "’n"]
                .contains(&lower.trim_end_matches(is_apostrophe))
        {
            text = text.trim_end_matches(is_apostrophe);
        }
        let joined = at > 0
            && matches!(signs[at - 1].1, '-' | '‐' | '‑')
            && at > 1
            && signs[at - 2].1.is_alphabetic();
        out.push(Token {
            text,
            span: (byte(at), byte(at) + text.len()),
            joined,
            pause_after: false,
        });
        at = end;
    }
    out
}

fn is_apostrophe(sign: char) -> bool {
    matches!(sign, '\'' | '’' | '‘' | '`' | 'ʼ' | '´' | '＇')
}

/// A letter as the dictionary writes it: lower case, without accent.
pub(super) fn plain_letter(sign: char) -> char {
    let lower = sign.to_lowercase().next().unwrap_or(sign);
    match lower {
        'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' | 'ā' => 'a',
        'ç' => 'c',
        'è' | 'é' | 'ê' | 'ë' | 'ē' => 'e',
        'ì' | 'í' | 'î' | 'ï' | 'ī' => 'i',
        'ñ' => 'n',
        'ò' | 'ó' | 'ô' | 'õ' | 'ö' | 'ø' | 'ō' => 'o',
        'ù' | 'ú' | 'û' | 'ü' | 'ū' => 'u',
        'ý' | 'ÿ' => 'y',
        'Ａ'..='Ｚ' | 'ａ'..='ｚ' => {
            char::from_u32(lower as u32 - 'ａ' as u32 + 'a' as u32).unwrap_or(lower)
        }
        _ if is_apostrophe(lower) => '\'',
        _ => lower,
    }
}
