//! Formats money, dates and times for people.

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use chrono_tz::Europe::Berlin;

use crate::messages::Language;

/// A value or a reference to it, so that templates can pass either.
pub trait Plain<T> {
    fn plain(&self) -> T;
}

impl<T, U: Plain<T> + ?Sized> Plain<T> for &U {
    fn plain(&self) -> T {
        (**self).plain()
    }
}

macro_rules! plain {
    ($($of:ty => $to:ty),*) => {$(
        impl Plain<$to> for $of {
            fn plain(&self) -> $to {
                (*self).into()
            }
        }
    )*};
}

plain!(i64 => i64, i32 => i64, i16 => i64, u32 => i64, u16 => i64, u8 => i64);
plain!(NaiveDate => NaiveDate, DateTime<Utc> => DateTime<Utc>);

impl Plain<i64> for usize {
    fn plain(&self) -> i64 {
        i64::try_from(*self).unwrap_or(i64::MAX)
    }
}

impl Language {
    /// Euro cents: `60.000,00 €` or `€60,000.00`.
    pub fn money(self, cents: i64) -> String {
        let sign = if cents < 0 { "-" } else { "" };
        let (euros, rest) = (cents.unsigned_abs() / 100, cents.unsigned_abs() % 100);
        match self {
            // No-break space before the sign.
            Self::De => format!("{sign}{},{rest:02}\u{a0}€", grouped(euros, '.')),
            Self::En => format!("{sign}€{}.{rest:02}", grouped(euros, ',')),
        }
    }

    /// Euro cents as people type them: `60.000,00` or `60,000.00`.
    pub fn money_to_type(self, cents: i64) -> String {
        self.money(cents).replace(['€', '\u{a0}'], "")
    }

    /// A whole number: `1.234` or `1,234`.
    pub fn number(self, number: i64) -> String {
        let sign = if number < 0 { "-" } else { "" };
        let separator = if self == Self::De { '.' } else { ',' };
        format!("{sign}{}", grouped(number.unsigned_abs(), separator))
    }

    pub fn count(self, count: usize) -> String {
        self.number(i64::try_from(count).unwrap_or(i64::MAX))
    }

    /// `23.11.2026` or `23 November 2026`.
    pub fn date(self, date: NaiveDate) -> String {
        match self {
            Self::De => date.format("%d.%m.%Y").to_string(),
            Self::En => date.format("%-d %B %Y").to_string(),
        }
    }

    /// A moment in the time of Berlin: `23.11.2026, 14:05 Uhr` or `23 November 2026, 14:05 CET` (`CEST` in summer).
    /// The English form names the time zone because its readers may be anywhere.
    pub fn moment(self, at: DateTime<Utc>) -> String {
        let local = at.with_timezone(&Berlin);
        match self {
            Self::De => local.format("%d.%m.%Y, %H:%M Uhr").to_string(),
            Self::En => local.format("%-d %B %Y, %H:%M %Z").to_string(),
        }
    }

    /// The end of a time limit in the time of Berlin; `end` is the first moment after it. People read deadlines as
    /// the end of the last day: `28.02.2027, 24:00 Uhr` or `the end of 28 February 2027`.
    pub fn deadline(self, end: DateTime<Utc>) -> String {
        let local = end.with_timezone(&Berlin);
        let last = local.date_naive().pred_opt().filter(|_| local.time() == NaiveTime::MIN);
        match (self, last) {
            (Self::De, Some(last)) => format!("{}, 24:00 Uhr", self.date(last)),
            (Self::En, Some(last)) => format!("the end of {}", self.date(last)),
            (_, None) => self.moment(end),
        }
    }

    /// The day of a moment, in Berlin.
    pub fn day(self, at: DateTime<Utc>) -> String {
        self.date(at.with_timezone(&Berlin).date_naive())
    }
}

fn grouped(number: u64, separator: char) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(separator);
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_in_both_languages() {
        let both = |cents| (Language::De.money(cents), Language::En.money(cents));
        assert_eq!(both(6_000_000), ("60.000,00\u{a0}€".to_owned(), "€60,000.00".to_owned()));
        assert_eq!(both(5), ("0,05\u{a0}€".to_owned(), "€0.05".to_owned()));
        assert_eq!(both(-123_456_789), ("-1.234.567,89\u{a0}€".to_owned(), "-€1,234,567.89".to_owned()));
        assert_eq!(Language::De.money_to_type(6_000_050), "60.000,50");
        assert_eq!(Language::En.number(999), "999");
    }

    #[test]
    fn a_deadline_is_the_end_of_a_day() {
        let both = |end: &str| {
            let end = end.parse().unwrap();
            (Language::De.deadline(end), Language::En.deadline(end))
        };
        let said = |de: &str, en: &str| (de.to_owned(), en.to_owned());
        assert_eq!(
            both("2027-02-28T23:00:00Z"),
            said("28.02.2027, 24:00 Uhr", "the end of 28 February 2027")
        );
        assert_eq!(both("2027-06-30T22:00:00Z"), said("30.06.2027, 24:00 Uhr", "the end of 30 June 2027"));
        assert_eq!(
            both("2027-12-31T23:00:00Z"),
            said("31.12.2027, 24:00 Uhr", "the end of 31 December 2027")
        );
        // The days on which the clocks go forward and back.
        assert_eq!(both("2027-03-28T22:00:00Z"), said("28.03.2027, 24:00 Uhr", "the end of 28 March 2027"));
        assert_eq!(both("2027-10-31T23:00:00Z"), said("31.10.2027, 24:00 Uhr", "the end of 31 October 2027"));
        assert_eq!(both("2027-03-15T11:00:00Z"), said("15.03.2027, 12:00 Uhr", "15 March 2027, 12:00 CET"));
    }

    #[test]
    fn times_are_those_of_berlin() {
        let summer: DateTime<Utc> = "2026-07-31T22:30:00Z".parse().unwrap();
        assert_eq!(Language::De.moment(summer), "01.08.2026, 00:30 Uhr");
        assert_eq!(Language::En.day(summer), "1 August 2026");
        let winter: DateTime<Utc> = "2026-11-23T13:05:00Z".parse().unwrap();
        assert_eq!(Language::En.moment(winter), "23 November 2026, 14:05 CET");
        assert_eq!(Language::En.moment(summer), "1 August 2026, 00:30 CEST");
    }
}
