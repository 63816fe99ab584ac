use chrono::{Datelike, NaiveDate};

use super::ParseError;
use super::money::ascii;

/// Reads `2026-11-23` (what date inputs send) or `23.11.2026`, with or without spaces and leading zeros. A two-digit
/// year is one of this century, because nobody applies for a project of 1927. Fails if the text is empty or no such
/// day exists.
pub fn date(text: &str) -> Result<NaiveDate, ParseError> {
    let text: String = ascii(text).chars().filter(|c| *c != ' ').collect();
    if text.is_empty() {
        return Err(ParseError::Empty);
    }
    let parts = |sign| text.split(sign).collect::<Vec<_>>();
    let (year, month, day) = match (parts('.')[..].as_ref(), parts('-')[..].as_ref()) {
        ([day, month, year], _) => (*year, *month, *day),
        (_, [year, month, day]) if year.len() == 4 => (*year, *month, *day),
        _ => return Err(ParseError::Date),
    };
    let number = |digits: &str, longest| {
        let plain = (1..=longest).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
        plain.then(|| digits.parse::<u32>().ok()).flatten()
    };
    let century = if year.len() == 2 { 2000 } else { 0 };
    let read = || {
        let year = i32::try_from(number(year, 4)?).ok()? + century;
        NaiveDate::from_ymd_opt(year, number(month, 2)?, number(day, 2)?)
    };
    read().filter(|date| is_plausible(*date)).ok_or(ParseError::Date)
}

/// Whether the date is likely to be meant, rather than a typing error.
pub fn is_plausible(date: NaiveDate) -> bool {
    (1900..2200).contains(&date.year())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_as_people_type_them() {
        let day = NaiveDate::from_ymd_opt(2027, 3, 1).unwrap();
        for text in [
            "2027-03-01",
            "2027-3-1",
            "2027\u{2011}03\u{2011}01",
            "1.3.2027",
            " 01.03.2027 ",
            "1. 3. 2027",
            "1.\u{a0}3.\u{a0}2027",
            "\u{202d}01.03.2027\u{202c}",
            "01.03.27",
            "１.３.２０２７",
        ] {
            assert_eq!(date(text), Ok(day), "{text:?}");
        }
    }

    #[test]
    fn what_is_no_date_says_so() {
        for text in [
            "31.02.2026",
            "2027-02-30",
            "bald",
            "9999-99-99",
            "1.3.",
            "1.3.227",
            "0001-01-01",
            "01-03-2027",
            "1/3/2027",
            "1.3.20271",
            "+1.3.2027",
            "2200-01-01",
            "1.3.2027.",
            "1899-12-31",
        ] {
            assert_eq!(date(text), Err(ParseError::Date), "{text}");
        }
        assert_eq!(date("\u{200b} "), Err(ParseError::Empty));
    }
}
