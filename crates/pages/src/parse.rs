//! What people type: amounts and dates, German or English.

use chrono::NaiveDate;

/// The largest amount that is read, in cents (just under a billion euros): more is a slip of the hand.
const LARGEST: i64 = 99_999_999_999;

/// Why a text is no amount or date. Its key names a message of the common catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// Nothing was typed.
    #[error("empty")]
    Empty,
    /// Not an amount such as 60.000,50.
    #[error("not an amount")]
    Amount,
    /// More than two digits after the decimal sign.
    #[error("more than two decimals")]
    Decimals,
    /// Below zero.
    #[error("negative")]
    Negative,
    /// A billion euros or more.
    #[error("too large")]
    TooLarge,
    /// Not a date such as 23.11.2026.
    #[error("not a date")]
    Date,
}

impl ParseError {
    /// The message's key.
    pub fn key(self) -> &'static str {
        match self {
            Self::Empty => "error-required",
            Self::Amount => "error-amount",
            Self::Decimals => "error-amount-decimals",
            Self::Negative => "error-amount-negative",
            Self::TooLarge => "error-amount-too-large",
            Self::Date => "error-date",
        }
    }
}

/// Euro cents from `60.000,50`, `60,000.50`, `60000.5`, `60 000`, with or without `€`. A sign followed by exactly
/// three digits separates thousands; one or two digits at the end are cents.
///
/// # Errors
/// Says what is wrong with the text.
pub fn money(text: &str) -> Result<i64, ParseError> {
    let text = text
        .trim()
        .trim_start_matches('€')
        .trim_end_matches('€')
        .trim_end_matches("EUR")
        .trim_end_matches("Euro");
    let text: String = text.chars().filter(|c| !c.is_whitespace() && !"\u{202f}'’".contains(*c)).collect();
    if text.is_empty() {
        return Err(ParseError::Empty);
    }
    if text.starts_with(['-', '−']) {
        return Err(ParseError::Negative);
    }
    let (whole, decimals) = split(&text)?;
    let euros = thousands(whole)?;
    let cents: i64 = match decimals.len() {
        0 => 0,
        1 => decimals.parse::<i64>().map_err(|_| ParseError::Amount)? * 10,
        2 => decimals.parse().map_err(|_| ParseError::Amount)?,
        _ => return Err(ParseError::Decimals),
    };
    let amount =
        euros.checked_mul(100).and_then(|euros| euros.checked_add(cents)).ok_or(ParseError::TooLarge)?;
    if amount > LARGEST { Err(ParseError::TooLarge) } else { Ok(amount) }
}

/// The part before and after the decimal sign.
fn split(text: &str) -> Result<(&str, &str), ParseError> {
    let Some(last) = text.rfind(['.', ',']) else { return Ok((text, "")) };
    let (whole, rest) = (&text[..last], &text[last + 1..]);
    if !rest.bytes().all(|b| b.is_ascii_digit()) {
        return Err(ParseError::Amount);
    }
    let sign = &text[last..=last];
    let other_sign_before = whole.contains(['.', ',']) && !whole.contains(sign);
    let is_separator = rest.len() == 3 && !other_sign_before;
    Ok(if is_separator { (text, "") } else { (whole, rest) })
}

/// A whole number whose groups of three may be separated by one kind of sign.
fn thousands(text: &str) -> Result<i64, ParseError> {
    if text.contains('.') && text.contains(',') {
        return Err(ParseError::Amount);
    }
    let groups: Vec<&str> = text.split(['.', ',']).collect();
    let digits = |group: &&str| !group.is_empty() && group.bytes().all(|b| b.is_ascii_digit());
    let well_grouped =
        groups.len() == 1 || (groups[0].len() <= 3 && groups[1..].iter().all(|group| group.len() == 3));
    if !groups.iter().all(digits) || !well_grouped {
        return Err(ParseError::Amount);
    }
    groups.concat().parse().map_err(|_| ParseError::TooLarge)
}

/// A date from `2026-11-23` (what date fields send) or `23.11.2026`.
///
/// # Errors
/// Nothing typed, or no such day.
pub fn date(text: &str) -> Result<NaiveDate, ParseError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(ParseError::Empty);
    }
    let read = |format| NaiveDate::parse_from_str(text, format).ok();
    // A year of two digits would be read as one of antiquity.
    let plausible = |date: &NaiveDate| (1900..2200).contains(&chrono::Datelike::year(date));
    read("%Y-%m-%d").or_else(|| read("%d.%m.%Y")).filter(plausible).ok_or(ParseError::Date)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_as_people_type_them() {
        for text in [
            "60.000,50",
            "60,000.50",
            "60000.5",
            "60000,50",
            "60 000,50 €",
            "€60,000.50",
            "60\u{a0}000,5 EUR",
            "60'000.50",
        ] {
            assert_eq!(money(text), Ok(6_000_050), "{text}");
        }
        for text in ["60 000", "60.000", "60,000", "60000", "60000.00", "60.000,-".trim_end_matches(",-")] {
            assert_eq!(money(text), Ok(6_000_000), "{text}");
        }
        assert_eq!(money("1.234.567,89"), Ok(123_456_789));
        assert_eq!(money("0,05"), Ok(5));
        assert_eq!(money("1.5"), Ok(150));
    }

    #[test]
    fn what_is_no_amount_says_why() {
        assert_eq!(money("  "), Err(ParseError::Empty));
        assert_eq!(money("sechzigtausend"), Err(ParseError::Amount));
        assert_eq!(money("1.23.456"), Err(ParseError::Amount));
        assert_eq!(money("1,234.567"), Err(ParseError::Decimals));
        assert_eq!(money("12,3456"), Err(ParseError::Decimals));
        assert_eq!(money(",50"), Err(ParseError::Amount));
        assert_eq!(money("-5"), Err(ParseError::Negative));
        assert_eq!(money("1000000000"), Err(ParseError::TooLarge));
        assert_eq!(money("99999999999999999999999"), Err(ParseError::TooLarge));
    }

    #[test]
    fn dates_as_people_type_them() {
        let day = NaiveDate::from_ymd_opt(2026, 11, 23).unwrap();
        assert_eq!(date("2026-11-23"), Ok(day));
        assert_eq!(date(" 23.11.2026 "), Ok(day));
        assert_eq!(date("31.02.2026"), Err(ParseError::Date));
        assert_eq!(date("23.11.26"), Err(ParseError::Date));
        assert_eq!(date(""), Err(ParseError::Empty));
    }
}
