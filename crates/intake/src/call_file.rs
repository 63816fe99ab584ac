//! The rules of a call as a TOML file: read whole or refused, saying line, column and what is expected.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;
use std::hash::Hash;
use std::ops::Range;

use chrono::{Days, NaiveDate, NaiveTime, SecondsFormat};
use chrono_tz::Europe::Berlin;
use events::{Call, Cents, Text};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Something in a call file is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallFileError {
    /// Line, from 1.
    pub line: usize,
    /// Column, from 1.
    pub column: usize,
    /// What is wrong, and what is expected.
    pub problem: String,
}

impl fmt::Display for CallFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: {}", self.line, self.column, self.problem)
    }
}

impl std::error::Error for CallFileError {}

/// Reads and checks a call file.
///
/// # Errors
/// The first mistake.
pub fn read(text: &str) -> Result<Call, CallFileError> {
    let at = |span: Option<Range<usize>>, problem: String| {
        let before = &text[..span.map_or(0, |span| span.start).min(text.len())];
        let line = before.matches('\n').count() + 1;
        let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
        CallFileError { line, column, problem }
    };
    let refuse = |error: toml::de::Error| at(error.span(), error.message().replace('\n', ", "));
    let table = DeTable::parse(text).map_err(refuse)?;
    let call: Call = toml::from_str(&days_as_moments(text, &table)).map_err(refuse)?;
    check(&call).map_err(|(path, problem)| at(find(&table, &path), format!("{path}: {problem}")))?;
    Ok(call)
}

/// A window may name days: it opens when the first one begins, and ends when the last one does, in Germany. Facts
/// carry moments.
fn days_as_moments<'a>(text: &'a str, table: &Spanned<DeTable<'_>>) -> Cow<'a, str> {
    let mut moments = Cow::Borrowed(text);
    // The one that stands further back first: the place of the other stays as it is.
    let mut days: Vec<_> = [("opens", 0), ("closes", 1)]
        .into_iter()
        .filter_map(|(field, later)| {
            let DeValue::Table(window) = table.get_ref().get("window")?.get_ref() else { return None };
            let value = window.get(field)?;
            let DeValue::String(day) = value.get_ref() else { return None };
            let midnight =
                day.parse::<NaiveDate>().ok()?.checked_add_days(Days::new(later))?.and_time(NaiveTime::MIN);
            let moment = midnight.and_local_timezone(Berlin).earliest()?.to_utc();
            Some((value.span(), moment))
        })
        .collect();
    days.sort_by_key(|(span, _)| std::cmp::Reverse(span.start));
    for (span, moment) in days {
        let moment = format!("\"{}\"", moment.to_rfc3339_opts(SecondsFormat::Secs, true));
        moments.to_mut().replace_range(span, &moment);
    }
    moments
}

/// Where `path` (such as `criteria.2.weight`) stands; where its nearest parent stands, if it does not.
fn find(table: &Spanned<DeTable<'_>>, path: &str) -> Option<Range<usize>> {
    let mut parts = path.split('.');
    let mut found = table.get_ref().get(parts.next()?)?;
    for part in parts {
        let next = match (found.get_ref(), part.parse::<usize>()) {
            (DeValue::Array(entries), Ok(index)) => entries.get(index),
            (DeValue::Table(entries), _) => entries.get(part),
            _ => None,
        };
        match next {
            Some(next) => found = next,
            None => break,
        }
    }
    Some(found.span())
}

type Mistake = (String, String);

fn expect(holds: bool, path: impl Into<String>, problem: impl Into<String>) -> Result<(), Mistake> {
    if holds { Ok(()) } else { Err((path.into(), problem.into())) }
}

fn check(call: &Call) -> Result<(), Mistake> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let key = (1..=60).contains(&call.key.len()) && call.key.chars().all(plain);
    expect(key, "key", "expected 1 to 60 of the characters a-z, 0-9 and -")?;
    expect(call.version >= 1, "version", "versions start at 1")?;
    both("title", &call.title)?;
    filled("programme", &call.programme)?;
    filled("file_number_prefix", &call.file_number_prefix)?;
    expect(call.file_number_prefix.len() <= 40, "file_number_prefix", "expected at most 40 characters")?;
    expect(call.window.opens < call.window.closes, "window.closes", "expected a moment after window.opens")?;

    expect(!call.budget.is_empty(), "budget", "expected at least one financial year")?;
    for (row, year) in call.budget.iter().enumerate() {
        expect(
            (2000..2100).contains(&year.year),
            format!("budget.{row}.year"),
            "expected a year such as 2027",
        )?;
        expect(year.amount > Cents::ZERO, format!("budget.{row}.amount"), "expected more than 0 cents")?;
    }
    once("budget", "year", call.budget.iter().map(|year| year.year))?;
    expect(call.minimum_grant >= Cents::ZERO, "minimum_grant", "expected 0 cents or more")?;
    expect(call.maximum_grant > Cents::ZERO, "maximum_grant", "expected more than 0 cents")?;
    expect(call.maximum_grant >= call.minimum_grant, "maximum_grant", "expected at least the minimum_grant")?;

    expect(!call.funding_priorities.is_empty(), "funding_priorities", "expected at least one")?;
    once("funding_priorities", "", &call.funding_priorities)?;
    once("themes", "", &call.themes)?;
    expect(call.project_from < call.project_to, "project_to", "expected a day after project_from")?;

    expect(!call.criteria.is_empty(), "criteria", "expected at least one")?;
    for (row, criterion) in call.criteria.iter().enumerate() {
        filled(&format!("criteria.{row}.key"), &criterion.key)?;
        both(&format!("criteria.{row}.title"), &criterion.title)?;
        expect(criterion.weight > 0, format!("criteria.{row}.weight"), "expected more than 0")?;
    }
    once("criteria", "key", call.criteria.iter().map(|criterion| &criterion.key))?;
    let weights: u32 = call.criteria.iter().map(|criterion| u32::from(criterion.weight)).sum();
    let last = format!("criteria.{}.weight", call.criteria.len() - 1);
    expect(weights == 100, last, format!("the weights add up to {weights}, expected 100"))?;
    expect(call.maximum_score >= 1, "maximum_score", "expected 1 or more")?;
    let reviews = (1..=9).contains(&call.reviews_per_application);
    expect(reviews, "reviews_per_application", "expected 1 to 9")?;

    let letters = &call.letters;
    for (path, text) in [
        ("letters.authority.name", &letters.authority.name),
        ("letters.authority.contact", &letters.authority.contact),
        ("letters.signed_by", &letters.signed_by),
        ("letters.court.name", &letters.court.name),
        ("letters.ancillary_conditions", &letters.ancillary_conditions),
        ("letters.payout", &letters.payout),
    ] {
        filled(path, text)?;
    }
    for (path, list) in [
        ("letters.authority.address", &letters.authority.address),
        ("letters.court.address", &letters.court.address),
    ] {
        expect(!list.is_empty(), path, "expected at least one line")?;
        list.iter().enumerate().try_for_each(|(row, line)| filled(&format!("{path}.{row}"), line))?;
    }
    let mut conditions = letters.conditions.iter().enumerate();
    conditions.try_for_each(|(row, text)| filled(&format!("letters.conditions.{row}"), text))?;
    expect(letters.proof_due_days >= 1, "letters.proof_due_days", "expected 1 or more days")
}

fn filled(path: &str, text: &str) -> Result<(), Mistake> {
    expect(!text.trim().is_empty(), path, "expected a text, found none")
}

fn both(path: &str, text: &Text) -> Result<(), Mistake> {
    filled(&format!("{path}.de"), &text.de)?;
    filled(&format!("{path}.en"), &text.en)
}

/// `field` is the one that must differ in the rows of `list`; empty where the rows themselves must.
fn once<T: Eq + Hash>(list: &str, field: &str, values: impl IntoIterator<Item = T>) -> Result<(), Mistake> {
    let mut seen = HashSet::new();
    for (row, value) in values.into_iter().enumerate() {
        let path = if field.is_empty() { format!("{list}.{row}") } else { format!("{list}.{row}.{field}") };
        expect(seen.insert(value), path, "stands here a second time, expected each only once")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = include_str!("../../../deploy/calls/komm-in-2027.toml");

    /// The message for the demonstration call with `from` replaced by `to`.
    fn mistake(from: &str, to: &str) -> String {
        assert!(GOOD.contains(from), "{from}");
        read(&GOOD.replacen(from, to, 1)).unwrap_err().to_string()
    }

    #[test]
    fn the_calls_that_come_along_are_right() {
        let call = read(GOOD).unwrap();
        assert_eq!((call.key.as_str(), call.maximum_grant), ("komm-in-2027", Cents::euros(60_000)));
        let strict = read(include_str!("../../../deploy/calls/strict.toml")).unwrap();
        assert_eq!(strict.office_rule, events::OfficeRule::OwnOffice);
        assert_ne!(call.file_number_prefix, strict.file_number_prefix);
    }

    #[test]
    fn every_mistake_says_where_and_what_is_expected() {
        for (from, to, expected) in [
            ("version = 1", "version = ", "line 6, column 11: "),
            (
                "version = 1",
                "version = \"one\"",
                "line 6, column 11: invalid type: string \"one\", expected u32",
            ),
            ("version = 1", "version = 0", "line 6, column 11: version: versions start at 1"),
            (
                "version = 1",
                "version = 1\nverison = 2",
                "line 7, column 1: unknown field `verison`, expected one of ",
            ),
            ("key = \"komm-in-2027\"", "", "line 1, column 1: missing field `key`"),
            ("komm-in-2027", "KOMM-IN 2027", "line 5, column 7: key: expected 1 to 60 of"),
            (
                "2027-02-28T22:59:59Z",
                "2026-02-28T22:59:59Z",
                "line 12, column 53: window.closes: expected a moment after window.opens",
            ),
            ("2027-02-28T22:59:59Z", "28.02.2027", "line 12, column 53: input contains invalid characters"),
            (
                "office_rule = \"office_of_district_with_declaration\"",
                "office_rule = \"own\"",
                "line 19, column 15: unknown variant `own`, expected one of `own_office`",
            ),
            (
                "maximum_grant = 6_000_000",
                "maximum_grant = 1_999_99",
                "line 16, column 17: maximum_grant: expected at least the minimum_grant",
            ),
            ("amount = 250_000_000", "amount = -1", "budget.0.amount: expected more than 0 cents"),
            (
                "amount = 250_000_000",
                "amount = 2500000.50",
                "invalid type: floating point `2500000.5`, expected i64",
            ),
            ("\"networking\", ", "\"transparency\", ", "funding_priorities.1: stands here a second time"),
            (
                "project_to = \"2028-01-31\"",
                "project_to = \"2026-01-31\"",
                "line 25, column 14: project_to: expected a day after project_from",
            ),
            ("weight = 15", "weight = 16", "criteria.4.weight: the weights add up to 101, expected 100"),
            ("weight = 15", "weight = 0", "criteria.0.weight: expected more than 0"),
            ("key = \"goals\"", "key = \"need\"", "criteria.1.key: stands here a second time"),
            ("en = \"Need and problem\"", "en = \" \"", "criteria.0.title.en: expected a text, found none"),
            (
                "reviews_per_application = 2",
                "reviews_per_application = 0",
                "reviews_per_application: expected 1 to 9",
            ),
            ("\"40213 Düsseldorf\"", "\"\"", "letters.court.address.1: expected a text, found none"),
            ("proof_due_days = 180", "proof_due_days = 0", "letters.proof_due_days: expected 1 or more days"),
            ("signed_by = \"Dr. Demo Muster\"", "", "missing field `signed_by`"),
        ] {
            let message = mistake(from, to);
            assert!(message.contains(expected), "{to}: {message}");
            let nowhere = "line 1, column 1:";
            assert_eq!(message.starts_with(nowhere), expected.starts_with(nowhere), "{to}: {message}");
        }
    }

    #[test]
    fn a_window_may_name_days() {
        let window = |from: &str, to: &str| {
            let text = GOOD.replacen("2026-09-30T22:00:00Z", from, 1).replacen("2027-02-28T22:59:59Z", to, 1);
            read(&text).map(|call| (call.window.opens.to_rfc3339(), call.window.end().to_rfc3339()))
        };
        let moments = |opens: &str, end: &str| Ok((format!("{opens}+00:00"), format!("{end}+00:00")));
        let old = window("2026-09-30T22:00:00Z", "2027-02-28T22:59:59Z");
        assert_eq!(old, moments("2026-09-30T22:00:00", "2027-02-28T23:00:00"));
        assert_eq!(window("2026-10-01", "2027-02-28"), old);
        // Summer, the days on which clocks change, the end of a year, one single day.
        assert_eq!(window("2027-03-28", "2027-06-30"), moments("2027-03-27T23:00:00", "2027-06-30T22:00:00"));
        assert_eq!(window("2027-10-31", "2027-12-31"), moments("2027-10-30T22:00:00", "2027-12-31T23:00:00"));
        assert_eq!(window("2027-10-31", "2027-10-31"), moments("2027-10-30T22:00:00", "2027-10-31T23:00:00"));
        let wrong = window("2026-10-01", "2026-09-30").unwrap_err().to_string();
        assert!(
            wrong.contains("line 12") && wrong.contains("window.closes: expected a moment after"),
            "{wrong}"
        );
        for no_day in ["2027-02-29", "28.02.2027", "2027-2-30", ""] {
            assert!(window("2026-10-01", no_day).unwrap_err().line == 12);
        }
    }

    #[test]
    fn what_is_no_call_at_all_is_refused() {
        for text in ["", "key", "[[", "\u{feff}", "key = \"ü\" # \u{1}"] {
            read(text).unwrap_err();
        }
    }
}
