//! Marks where a long word may break, so that it stays in its column.
//!
//! The typesetter hyphenates German words. Where it cannot (file names, email addresses, strings that are no words),
//! a zero-width space marks a place where a line may end. The templates replace the mark by an invisible gap, so it
//! is never printed, copied or read aloud.

use hypher::Lang;
use unicode_segmentation::UnicodeSegmentation;

const MAY_BREAK: char = '\u{200b}';

/// This many characters fit into every column of a letter, even wide ones such as W.
const LONGEST_UNBROKEN: usize = 16;

/// Adds marks so that every stretch longer than [`LONGEST_UNBROKEN`] can break.
pub(crate) fn allow(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / LONGEST_UNBROKEN);
    for part in text.split_inclusive(char::is_whitespace) {
        mark(part, &mut out);
    }
    out
}

fn mark(part: &str, out: &mut String) {
    if part.chars().nth(LONGEST_UNBROKEN).is_none() {
        return out.push_str(part);
    }
    let opportunities = opportunities(part);
    let mut opportunities = opportunities.iter().peekable();
    let mut since = 0;
    for (at, cluster) in part.grapheme_indices(true) {
        if opportunities.next_if(|(place, _)| *place == at).is_some_and(|(_, marked)| {
            if *marked {
                out.push(MAY_BREAK);
            }
            true
        }) {
            since = 0;
        } else if since == LONGEST_UNBROKEN && !cluster.chars().all(char::is_whitespace) {
            out.push(MAY_BREAK);
            since = 0;
        }
        out.push_str(cluster);
        since += 1;
    }
}

/// The byte offsets at which a line may end, in order, and whether a mark is needed: the typesetter finds syllables
/// itself, and breaks after a hyphen. In an address or a file name, a line ends best after `@`, `.` and the like.
fn opportunities(part: &str) -> Vec<(usize, bool)> {
    let mut found = Vec::new();
    let mut offset = 0;
    for segment in part.split_word_bounds() {
        if segment.chars().all(is_latin) {
            let mut at = offset;
            found.extend(hypher::hyphenate(segment, Lang::German).map(|syllable| {
                at += syllable.len();
                (at, false)
            }));
            // The last offset is the end of the segment, where no syllable follows.
            found.pop();
        } else {
            let mut before = part[..offset].chars().next_back();
            for (at, c) in segment.char_indices() {
                let end = offset + at + c.len_utf8();
                let after = part[end..].chars().next();
                let letters = [before, after].iter().all(|c| c.is_some_and(char::is_alphabetic));
                let joined = [before, after].iter().all(|c| c.is_some_and(char::is_alphanumeric));
                match c {
                    '-' if joined => found.push((end, false)),
                    '.' if letters => found.push((end, true)),
                    '@' | '_' | '/' | '\\' | ':' | '?' | '&' | '=' | '+' if joined => found.push((end, true)),
                    _ => {}
                }
                before = Some(c);
            }
        }
        offset += segment.len();
    }
    found
}

/// The letters of words that the typesetter hyphenates; the same as in `templates/letter.typ`.
fn is_latin(c: char) -> bool {
    c.is_ascii_alphabetic() || matches!(c, '\u{c0}'..='\u{24f}' | '\u{1e00}'..='\u{1eff}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shown(text: &str) -> String {
        allow(text).replace(MAY_BREAK, "|")
    }

    #[test]
    fn words_with_syllables_are_left_to_the_typesetter() {
        for text in [
            "Ein kurzer Satz, z.B. vom 06.06.2022.",
            "Asylbewerberleistungsangelegenheitensachbearbeitungsstelle",
            "Verwaltungsvorschriften\nfür Zuwendungen an Gemeinden",
            "36.KI-2027-0001",
        ] {
            assert_eq!(allow(text), text);
        }
    }

    #[test]
    fn where_there_are_none_a_line_may_end_all_the_same() {
        assert_eq!(shown(&"x".repeat(36)), "xxxxxxxxxxxxxxxx|xxxxxxxxxxxxxxxx|xxxx");
        assert_eq!(shown("foerderung@demonstration.example"), "foerderung@|demonstration.|example");
        assert_eq!(shown("Finanzplan_2027_final_v3.xlsx"), "Finanzplan_|2027_|final_|v3.xlsx");
        assert_eq!(shown("12345678901234567890"), "1234567890123456|7890");
        assert_eq!(shown(&"□".repeat(17)), "□□□□□□□□□□□□□□□□|□");
        assert_eq!(
            shown("Иммиграционный-Центр Нордрейнвестфалия"),
            "Иммиграционный-Центр Нордрейнвестфали|я"
        );
        assert_eq!(
            shown("Zuwendungsantragкириллица"),
            "Zuwendungsantrag|кириллица",
            "two scripts in one word"
        );
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_nothing_is_added_but_marks(text in "[\\PC\n]{0,200}") {
            let text = text.replace(MAY_BREAK, "");
            prop_assert_eq!(allow(&text).replace(MAY_BREAK, ""), text);
        }
    }
}
