//! Cleans texts: composes characters (Unicode NFC), removes invisible ones, and normalizes line ends and spaces.
//!
//! Visible characters do not change, with two exceptions: U+FFFC (stands for a picture that was not pasted) is
//! removed, and the bullets of Word's symbol fonts (private use, shown as a box everywhere else) become `•`. Words
//! hyphenated at the end of a line stay so: only a reader can tell whether the hyphen belongs to the word.

use icu_normalizer::ComposingNormalizerBorrowed;
use unicode_segmentation::UnicodeSegmentation;

/// A visible character counts as one per this many code points, which is more than any script or emoji needs.
/// Piled-up marks therefore use up the length of the field.
const CLUSTER: usize = 16;

/// The largest number of passes over a text. A text that still changes after them was made to waste time, and loses
/// everything invisible.
const PASSES: usize = 5;

/// Cleans a text of several lines: line ends become `\n`, tabs stay, blanks around it are removed. Empty if nothing
/// in it is visible.
pub fn lines(text: &str) -> String {
    let nfc = |text: &str| ComposingNormalizerBorrowed::new_nfc().normalize(text).trim().to_owned();
    let mut text = text.to_owned();
    // Composing moves marks, and what stands beside a character decides whether it stays. The second pass nearly
    // always finds nothing to do.
    for _ in 0..PASSES {
        let next = nfc(&visible(&text));
        if next == text {
            return if is_blank(&text) { String::new() } else { text };
        }
        text = next;
    }
    text = nfc(&text.chars().filter(|c| !is_invisible(*c)).collect::<String>());
    if is_blank(&text) { String::new() } else { text }
}

/// Cleans a text of one line: like [`lines`], with line ends and tabs replaced by spaces.
pub fn line(text: &str) -> String {
    lines(text).replace(['\n', '\t'], " ")
}

/// One entry for each line that is not blank, without the bullets of a pasted list. Numbers stay, because `1. März`
/// may be a date.
pub fn entries(text: &str) -> Vec<String> {
    let without_bullets = |entry: &str| {
        let mut entry = line(entry);
        while let Some(rest) =
            entry.strip_prefix(is_bullet).filter(|rest| rest.is_empty() || rest.starts_with(' '))
        {
            entry = line(rest);
        }
        entry
    };
    lines(text).split('\n').map(without_bullets).filter(|entry| !entry.is_empty()).collect()
}

/// The length in characters as people count them, and as the script of the pages does: an emoji, a letter with its
/// marks, or a line end is one. For cleaned text this also bounds the bytes.
pub fn length(text: &str) -> usize {
    text.graphemes(true).map(|cluster| cluster.chars().count().div_ceil(CLUSTER)).sum()
}

/// Whether nothing in the text is visible.
pub fn is_blank(text: &str) -> bool {
    text.chars().all(|c| c.is_whitespace() || c.is_control() || is_invisible(c) || is_blank_letter(c))
}

/// Letters that look like a blank: the Hangul fillers and the empty Braille pattern.
fn is_blank_letter(c: char) -> bool {
    matches!(c, '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}' | '\u{2800}')
}

/// Characters that are invisible by themselves: Unicode's Default_Ignorable_Code_Point without the Hangul fillers,
/// interlinear annotation marks, and noncharacters.
pub(super) fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{fff0}'..='\u{fffc}' | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}' | '\u{fdd0}'..='\u{fdef}')
        || u32::from(c) & 0xfffe == 0xfffe
}

fn is_bullet(c: char) -> bool {
    matches!(
        c,
        '•' | '‣'
            | '⁃'
            | '◦'
            | '∙'
            | '·'
            | '▪'
            | '▫'
            | '■'
            | '□'
            | '●'
            | '○'
            | '➢'
            | '–'
            | '-'
            | '*'
    )
}

/// Removes invisible characters, except where they change how their neighbours look.
fn visible(text: &str) -> String {
    let mut seen = String::with_capacity(text.len());
    let mut coming = text.chars().peekable();
    while let Some(c) = coming.next() {
        match c {
            '\r' => {
                coming.next_if_eq(&'\n');
                seen.push('\n');
            }
            '\n' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => seen.push('\n'),
            '\t' => seen.push('\t'),
            _ if c.is_control() => {}
            _ if c.is_whitespace() => seen.push(' '),
            // Bullets of Symbol and Wingdings.
            '\u{f0b7}' | '\u{f0a7}' | '\u{f0d8}' | '\u{f076}' | '\u{f0a8}' | '\u{f06e}' => seen.push('•'),
            '\u{200c}' | '\u{200d}' => {
                while coming.next_if(|c| is_invisible(*c) && !is_selector(*c)).is_some() {}
                if joins(c, seen.chars().next_back(), coming.peek().copied()) {
                    seen.push(c);
                }
            }
            _ if is_selector(c) => {
                if seen.chars().next_back().is_some_and(|before| selects(before, c)) {
                    seen.push(c);
                }
            }
            '\u{e0020}'..='\u{e007f}' if is_flag(&seen) => seen.push(c),
            _ if is_invisible(c) => {}
            _ => seen.push(c),
        }
    }
    seen
}

/// Whether a joiner or non-joiner changes how these two characters look: in scripts whose letters join or stack (from
/// Hebrew and Arabic on, not Latin, Greek or Cyrillic); after the virama of an Indic script, also at the end of a
/// word; and where a joiner combines several emoji into one.
fn joins(c: char, before: Option<char>, after: Option<char>) -> bool {
    let joining = |c: char| {
        matches!(c, '\u{590}'..='\u{1cff}' | '\u{a800}'..='\u{abff}' | '\u{10a00}'..='\u{11fff}' | '\u{1e900}'..='\u{1e95f}')
            && !is_invisible(c)
    };
    let emoji = |c: char| matches!(c, '\u{2190}'..='\u{2bff}' | '\u{1f000}'..='\u{1faff}');
    let Some(before) = before else { return false };
    let ends_word = ('\u{900}'..='\u{dff}').contains(&before) && !before.is_alphanumeric();
    if joining(before) && (after.is_some_and(joining) || ends_word) {
        return true;
    }
    c == '\u{200d}' && (emoji(before) || before == '\u{fe0f}') && after.is_some_and(emoji)
}

fn is_selector(c: char) -> bool {
    matches!(c, '\u{180b}'..='\u{180f}' | '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}')
}

/// Whether a variation selector chooses a form of the character before it; Latin letters have only one.
fn selects(before: char, selector: char) -> bool {
    let keycap =
        matches!(before, '0'..='9' | '#' | '*' | '©' | '®') && matches!(selector, '\u{fe0e}' | '\u{fe0f}');
    keycap
        || (before >= '\u{1000}'
            && !before.is_whitespace()
            && !is_invisible(before)
            && !is_blank_letter(before))
}

/// Whether tags continue a flag (of England, Scotland, Wales) here. Anywhere else they hide text.
fn is_flag(seen: &str) -> bool {
    let tags = seen.chars().rev().take_while(|c| matches!(c, '\u{e0020}'..='\u{e007e}')).count();
    tags <= 6 && seen.chars().rev().nth(tags) == Some('\u{1f3f4}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_break_is_one() {
        for sign in ["\n", "\r\n", "\r", "\u{b}", "\u{c}", "\u{85}", "\u{2028}", "\u{2029}"] {
            assert_eq!(lines(&format!("Sprachkurse{sign}Elterncafé")), "Sprachkurse\nElterncafé", "{sign:?}");
            assert_eq!(line(&format!("Sprachkurse{sign}Elterncafé")), "Sprachkurse Elterncafé", "{sign:?}");
        }
        assert_eq!(lines("a\r\n\r\nb\n\rc"), "a\n\nb\n\nc");
    }

    #[test]
    fn what_nobody_can_see_is_gone() {
        for c in ('\0'..=char::MAX)
            .filter(|c| is_invisible(*c) || (c.is_control() && lines(&format!("a{c}b")).len() < 3))
        {
            assert_eq!(line(&format!("am{c}t")), "amt", "{c:?}");
            assert_eq!(line(&format!("{c}{c}")), "", "{c:?}");
        }
        for space in ['\u{a0}', '\u{202f}', '\u{2003}', '\u{3000}', '\u{205f}', '\u{1680}', '\t'] {
            assert_eq!(line(&format!("{space}§{space}44{space}")), "§ 44", "{space:?}");
        }
    }

    #[test]
    fn nothing_visible_is_nothing() {
        for text in [
            "",
            " ",
            "\u{200b}\u{ad}\u{2060}",
            "\u{3164}",
            "\u{2800}\u{2800}",
            "\u{115f}\u{1160} \u{ffa0}",
            "\u{feff}\n\u{200d}",
        ] {
            assert!(is_blank(text), "{text:?}");
            assert_eq!(
                (line(text), lines(text), entries(text)),
                (String::new(), String::new(), Vec::new()),
                "{text:?}"
            );
        }
        assert!(!is_blank("\u{2800}.") && !is_blank("ᄀ\u{1160}"));
    }

    #[test]
    fn what_makes_a_difference_stays() {
        for text in [
            "می\u{200c}خواهم",        // Persian: two parts of one word
            "क्\u{200d}ष",             // Devanagari: a half letter
            "ന്\u{200d}",              // Malayalam: a final letter, as older texts write it
            "👩\u{200d}👩\u{200d}👧", // one family
            "❤\u{fe0f}\u{200d}🔥",
            "1\u{fe0f}\u{20e3}",
            "🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}",
            "葛\u{e0100}飾", // Japanese: a form of a name
            "Grüße 😀 ﷺ",
        ] {
            assert_eq!(line(text), text);
        }
        // Where they change nothing they are removed.
        assert_eq!(line("Auf\u{200c}lage\u{200d}"), "Auflage");
        assert_eq!(line("a\u{fe0f} b\u{e0041}\u{e0042}"), "a b");
        assert_eq!(line("👩\u{200d}\u{200b}\u{200d}👧"), "👩\u{200d}👧");
    }

    #[test]
    fn one_spelling_of_each_letter() {
        assert_eq!(line("Ko\u{308}ln"), "Köln");
        assert_eq!(line("Ko\u{200b}\u{308}ln"), "Köln");
        assert_eq!(line("\u{212b}"), "Å");
    }

    #[test]
    fn a_pasted_list_brings_no_bullets() {
        let pasted = "•\tMehr Beratung\r\n\u{f0b7}\u{a0}Kürzere Wege\n– \n- * Ein Netzwerk\n-5 % Wartezeit\n1. März: Beginn\n\n*Sternchen";
        let expected = [
            "Mehr Beratung",
            "Kürzere Wege",
            "Ein Netzwerk",
            "-5 % Wartezeit",
            "1. März: Beginn",
            "*Sternchen",
        ];
        assert_eq!(entries(pasted), expected);
    }

    #[test]
    fn lengths_are_those_people_count() {
        for (text, expected) in
            [("", 0), ("Köln", 4), ("Ko\u{308}ln", 4), ("👩\u{200d}👩\u{200d}👧🇩🇪", 2), ("a\nb", 3)]
        {
            assert_eq!(length(text), expected, "{text}");
        }
        // Ten thousand marks on one letter are not one character.
        assert_eq!(length(&format!("a{}", "\u{301}".repeat(9_999))), 625);
    }

    /// Texts in which letters, marks and all special characters stand close together.
    fn mixed() -> impl Strategy<Value = String> {
        let special: Vec<char> = "aZé \t\n\r\u{b}\u{85}\u{0}\u{200b}\u{200c}\u{200d}\u{fe0f}\u{e0067}\u{e007f}\u{e0100}\u{1f3f4}\u{308}\u{301}\u{202d}\u{3164}\u{2800}\u{115f}क्ष\u{94d}می👩❤•-*\u{f0b7}1\u{ad}\u{feff}\u{fffc}ᄀ\u{1160}\u{a0}\u{37e}\u{1826}\u{180b}"
            .chars()
            .collect();
        let one = prop_oneof![3 => proptest::sample::select(special), 1 => any::<char>()];
        proptest::collection::vec(one, 0..24).prop_map(|chars| chars.into_iter().collect())
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 4_000, ..ProptestConfig::default() })]

        #[test]
        fn twice_is_once(text in mixed()) {
            prop_assert_eq!(lines(&lines(&text)), lines(&text));
            prop_assert_eq!(line(&line(&text)), line(&text));
            prop_assert_eq!(line(&lines(&text)), line(&text));
            prop_assert_eq!(entries(&entries(&text).join("\n")), entries(&text));
        }

        /// Letters, digits, punctuation and symbols stay, in their order; only their encoding is composed.
        #[test]
        fn nothing_visible_is_lost(text in mixed()) {
            let nfc = ComposingNormalizerBorrowed::new_nfc();
            let seen = |text: &str| {
                let plain: String = text
                    .chars()
                    .filter(|c| !c.is_whitespace() && !c.is_control() && !is_invisible(*c) && !is_blank_letter(*c))
                    .map(|c| if ('\u{e000}'..='\u{f8ff}').contains(&c) { '•' } else { c })
                    .collect();
                nfc.normalize(&plain).into_owned()
            };
            prop_assert_eq!(seen(&lines(&text)), seen(&text));
            prop_assert_eq!(seen(&line(&text)), seen(&text));
        }
    }
}
