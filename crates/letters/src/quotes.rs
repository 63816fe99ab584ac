//! Quotation marks within quotation marks, by the German rules: „…‚…‘…“ (DIN 5008; Duden, Anführungszeichen).

/// Puts `text` into double quotation marks; those inside become single, and those inside them double again.
pub(crate) fn quoted(text: &str) -> String {
    format!("„{}“", nested(text))
}

/// The marks for each level inside the outer double marks: single, double, single, and so on.
const PAIRS: [(char, char); 2] = [('‚', '‘'), ('„', '“')];

fn nested(text: &str) -> String {
    let characters: Vec<char> = text.chars().collect();
    let mut open: Vec<char> = Vec::new();
    let mut out = String::with_capacity(text.len());
    for (at, &c) in characters.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|at| characters.get(at)).copied();
        let rest = &characters[at + 1..];
        match mark(c, before, rest, &open) {
            Mark::Opens => {
                out.push(PAIRS[open.len() % 2].0);
                open.push(c);
            }
            Mark::Closes => {
                open.pop();
                out.push(PAIRS[open.len() % 2].1);
            }
            Mark::None => out.push(c),
        }
    }
    out
}

enum Mark {
    Opens,
    Closes,
    None,
}

/// What the character `c` is in this place. The same sign opens in one language and closes in another (“ and »), and
/// straight marks do both; an apostrophe does neither. A mark without its partner is left as it is.
fn mark(c: char, before: Option<char>, rest: &[char], open: &[char]) -> Mark {
    let starts = before.is_none_or(|c| c.is_whitespace() || "([{–—-/„‚“‘»›«‹\"'".contains(c))
        && rest.first().is_some_and(|c| !c.is_whitespace());
    let closes_one = open.last().is_some_and(|opened| closing(*opened).contains(c));
    let opens_one = |closing: &str| starts && rest.iter().any(|c| closing.contains(*c));
    match c {
        _ if closes_one && !(starts && "\"'".contains(c)) => {
            // An apostrophe within a word does not close: ‚Mach’s‘.
            let within = "'’".contains(c)
                && before.is_some_and(char::is_alphanumeric)
                && rest.first().is_some_and(|c| c.is_alphanumeric());
            if within { Mark::None } else { Mark::Closes }
        }
        _ if opens_one(closing(c)) => Mark::Opens,
        _ => Mark::None,
    }
}

/// The characters that can close a quotation opened by `c`; empty if `c` opens none.
fn closing(c: char) -> &'static str {
    match c {
        '„' | '‟' => "“”\"",
        '“' => "”",
        '”' => "”",
        '"' => "\"",
        '»' => "«»",
        '«' => "»«",
        '‚' => "‘’'",
        '‘' => "’",
        '\'' => "'",
        '›' => "‹›",
        '‹' => "›‹",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_inside_become_single_ones() {
        for (text, expected) in [
            ("Lotsen für Solingen", "„Lotsen für Solingen“"),
            ("Projekt „Lotsen“ in Solingen", "„Projekt ‚Lotsen‘ in Solingen“"),
            ("„Lotsen“", "„‚Lotsen‘“"),
            ("Projekt \"Lotsen\" (\"neu\")", "„Projekt ‚Lotsen‘ (‚neu‘)“"),
            ("Projekt “Lotsen”", "„Projekt ‚Lotsen‘“"),
            ("Projekt »Lotsen« und «Paten»", "„Projekt ‚Lotsen‘ und ‚Paten‘“"),
            ("Projekt ‚Lotsen‘", "„Projekt ‚Lotsen‘“"),
            ("Projekt 'Lotsen'", "„Projekt ‚Lotsen‘“"),
            ("Das „Haus ‚Vielfalt‘ am Markt“", "„Das ‚Haus „Vielfalt“ am Markt‘“"),
            ("Das \"Haus 'Vielfalt' am Markt\"", "„Das ‚Haus „Vielfalt“ am Markt‘“"),
        ] {
            assert_eq!(quoted(text), expected);
        }
    }

    #[test]
    fn apostrophes_inches_and_marks_without_a_partner_stay() {
        for text in
            ["Geht's noch", "Geht’s los, Kinder’", "Ein 5\" Rohr", "halb „offen", "zu“ spät", "Hans' Haus"]
        {
            assert_eq!(quoted(text), format!("„{text}“"));
        }
        assert_eq!(quoted("‚Mach’s gut‘"), "„‚Mach’s gut‘“");
    }
}
