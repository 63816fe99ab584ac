use super::ParseError;
use super::text::line;

/// The largest amount that is accepted, in euro cents (just under a billion euros): anything above is a typing error.
pub const LARGEST: i64 = 99_999_999_999;

/// Reads euro cents from `60.000,50`, `60,000.50`, `60 000`, `60.000,–`, with `€`, `EUR` or `Euro` before or after.
///
/// A separator followed by exactly three digits separates thousands, in both languages: `1.500` and `1,500` are 1500
/// euros, since no amount has three decimals. Where that cannot be meant (`0,500`, `1.5000`), it asks the person
/// ([`ParseError::Ambiguous`]) instead of guessing.
pub fn money(text: &str) -> Result<i64, ParseError> {
    let text = ascii(text);
    if text.is_empty() {
        return Err(ParseError::Empty);
    }
    let text = without_currency(&text);
    // "60.000,–": no cents.
    let (text, no_cents) = match text.trim_end_matches('-').trim_end().strip_suffix([',', '.']) {
        Some(whole) if text.ends_with('-') => (whole.trim_end(), true),
        _ => (text, false),
    };
    let digits = text.chars().any(|c| c.is_ascii_digit());
    if digits && (text.starts_with('-') || text.ends_with('-')) {
        return Err(ParseError::Negative);
    }
    if text.chars().any(char::is_alphabetic) {
        return Err(if digits && is_unit(text) { ParseError::Unit } else { ParseError::Amount });
    }
    let text = if no_cents { text } else { text.strip_suffix([',', '.']).unwrap_or(text) };
    let (groups, signs) = groups(text)?;
    let amount = match read(&groups, &signs)? {
        Reading::Whole => cents(&groups.concat(), "")?,
        // Both cents and the dash that stands for no cents.
        Reading::Decimal if no_cents => return Err(ParseError::Amount),
        Reading::Decimal => cents(&groups[..groups.len() - 1].concat(), groups[groups.len() - 1])?,
        Reading::Either => {
            let (whole, rest) = (groups[0], groups[1]);
            let decimal = cents(whole, rest.trim_end_matches('0'))?;
            if decimal > LARGEST {
                return Err(ParseError::TooLarge);
            }
            return Err(ParseError::Ambiguous { decimal, thousands: cents(&groups.concat(), "")? });
        }
    };
    if amount > LARGEST { Err(ParseError::TooLarge) } else { Ok(amount) }
}

/// Replaces digits and separators by their ASCII forms: fullwidth ones (East Asian keyboards), Arabic ones, and every
/// dash that a word processor makes of a hyphen.
pub(super) fn ascii(text: &str) -> String {
    let plain = |c: char| match c {
        '\u{ff10}'..='\u{ff19}' => digit(c, '\u{ff10}'),
        '\u{660}'..='\u{669}' => digit(c, '\u{660}'),
        '\u{6f0}'..='\u{6f9}' => digit(c, '\u{6f0}'),
        '．' => '.',
        '，' | '\u{66b}' => ',',
        '\u{66c}' | '’' | '‘' | 'ʼ' | '´' | '`' | '′' | '＇' => '\'',
        '\u{2010}'..='\u{2015}' | '−' | '\u{fe58}' | '\u{fe63}' | '－' => '-',
        other => other,
    };
    line(text)
        .chars()
        .filter(|c| !super::text::is_invisible(*c))
        .map(plain)
        .collect::<String>()
        .trim()
        .to_owned()
}

fn digit(c: char, zero: char) -> char {
    char::from_digit(u32::from(c) - u32::from(zero), 10).unwrap_or(c)
}

/// Removes the currency before or after the amount.
fn without_currency(text: &str) -> &str {
    let before = ["€", "euro", "eur"].iter().find_map(|sign| {
        let rest = text.get(sign.len()..)?;
        text[..sign.len()].eq_ignore_ascii_case(sign).then(|| rest.trim_start())
    });
    let text = before.unwrap_or(text);
    let after = ["€", "euro", "euros", "eur"].iter().find_map(|sign| {
        let at = text.len().checked_sub(sign.len())?;
        text.get(at..)?.eq_ignore_ascii_case(sign).then(|| text[..at].trim_end())
    });
    after.unwrap_or(text)
}

/// Whether the text contains a word for a multiple of euros.
fn is_unit(text: &str) -> bool {
    let word: String = text.chars().filter(|c| c.is_alphabetic()).collect::<String>().to_lowercase();
    let units = [
        "t",
        "k",
        "m",
        "tsd",
        "tausend",
        "thousand",
        "mio",
        "million",
        "millionen",
        "mrd",
        "milliarde",
        "milliarden",
        "bn",
    ];
    units.contains(&word.as_str())
}

/// The groups of digits, and the separators between them. Spaces and apostrophes also separate thousands.
fn groups(text: &str) -> Result<(Vec<&str>, Vec<char>), ParseError> {
    let is_sign = |c: char| matches!(c, '.' | ',' | '\'' | ' ');
    if text.chars().any(|c| !c.is_ascii_digit() && !is_sign(c)) {
        return Err(ParseError::Amount);
    }
    let (groups, signs): (Vec<&str>, Vec<char>) =
        (text.split(is_sign).collect(), text.chars().filter(|c| is_sign(*c)).collect());
    if groups.iter().any(|group| group.is_empty()) { Err(ParseError::Amount) } else { Ok((groups, signs)) }
}

/// The meaning of the last separator.
enum Reading {
    /// It separates thousands, or there is none.
    Whole,
    /// It is the decimal separator.
    Decimal,
    /// It may be either.
    Either,
}

fn read(groups: &[&str], signs: &[char]) -> Result<Reading, ParseError> {
    let Some((last, before)) = signs.split_last() else { return Ok(Reading::Whole) };
    let end = groups[groups.len() - 1];
    let separates = |groups: &[&str]| {
        (1..=3).contains(&groups[0].len())
            && !groups[0].starts_with('0')
            && groups[1..].iter().all(|group| group.len() == 3)
    };
    let alike = |signs: &[char]| signs.windows(2).all(|pair| pair[0] == pair[1]);
    let decimal = matches!(last, '.' | ',');
    if alike(signs) && separates(groups) {
        return Ok(Reading::Whole);
    }
    let whole = &groups[..groups.len() - 1];
    let is_decimal =
        decimal && alike(before) && before.first() != Some(last) && (before.is_empty() || separates(whole));
    if !is_decimal {
        return Err(ParseError::Amount);
    }
    if end.len() <= 2 {
        return Ok(Reading::Decimal);
    }
    // More than two decimals; if the further ones are zero, thousands may be meant.
    let naught = end[2..].bytes().all(|b| b == b'0');
    if before.is_empty() && naught { Ok(Reading::Either) } else { Err(ParseError::Decimals) }
}

/// Euro cents from whole euros and the digits after the decimal separator.
fn cents(euros: &str, decimals: &str) -> Result<i64, ParseError> {
    format!("{euros}{decimals:0<2}").parse().map_err(|_| ParseError::TooLarge)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use testkit::amounts::{self, Reading};

    use super::*;
    use crate::messages::Language;

    #[test]
    fn amounts_as_people_type_them() {
        let expected = |reading| match reading {
            Reading::Cents(cents) => Ok(cents),
            Reading::Either(decimal, thousands) => Err(ParseError::Ambiguous { decimal, thousands }),
            Reading::Nothing => Err(ParseError::Empty),
            Reading::NoAmount => Err(ParseError::Amount),
            Reading::Unit => Err(ParseError::Unit),
            Reading::Decimals => Err(ParseError::Decimals),
            Reading::Negative => Err(ParseError::Negative),
            Reading::TooLarge => Err(ParseError::TooLarge),
        };
        let wrong: Vec<_> = amounts::all()
            .map(|(text, reading)| (text, expected(reading), money(text)))
            .filter(|(_, expected, read)| expected != read)
            .collect();
        assert!(wrong.is_empty(), "{wrong:#?}");
    }

    #[test]
    fn a_thousand_times_more_or_less_is_asked_about() {
        let said = ParseError::Ambiguous { decimal: 50, thousands: 50_000 }.choices(Language::De);
        assert_eq!(said, [("decimal", "0,50".to_owned()), ("thousands", "500,00".to_owned())]);
    }

    proptest! {
        /// An amount that is shown can be typed in the same form.
        #[test]
        fn every_amount_is_read_as_it_is_shown(cents in 0..=LARGEST) {
            for language in Language::ALL {
                prop_assert_eq!(money(&language.money(cents)), Ok(cents));
                prop_assert_eq!(money(&language.money_to_type(cents)), Ok(cents));
            }
        }

        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,30}|[0-9.,' €–TEURk-]{0,14}") {
            let _ = money(&text);
            prop_assert_eq!(money(&line(&text)), money(&text));
        }
    }
}
