//! Reads the rules of a call from a TOML file. A file with any mistake is refused; the message names line, column and
//! what is expected.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;
use std::hash::Hash;
use std::ops::Range;

use chrono::{Days, NaiveDate, NaiveTime, SecondsFormat};
use chrono_tz::Europe::Berlin;
use events::{Call, Cents, Court, Text};
use pages::parse;
use serde_json::Value;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::check::{LARGEST, LINE, LIST, TEXT};

/// The largest number of lines in a postal address.
const ADDRESS: usize = 10;

/// The largest budget of a year, in euro cents. Small enough that sums of several years cannot overflow.
const LARGEST_BUDGET: i64 = 99_999_999_999_999;

/// A mistake in a call file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallFileError {
    /// Counted from 1.
    pub line: usize,
    /// Counted from 1.
    pub column: usize,
    pub problem: String,
}

impl fmt::Display for CallFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: {}", self.line, self.column, self.problem)
    }
}

impl std::error::Error for CallFileError {}

/// Reads and checks a call file; reports the first mistake only.
pub fn read(text: &str) -> Result<Call, CallFileError> {
    let place = |text: &str, span: Option<Range<usize>>, problem: String| {
        let before = &text[..span.map_or(0, |span| span.start).min(text.len())];
        let line = before.matches('\n').count() + 1;
        let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
        CallFileError { line, column, problem }
    };
    let refuse =
        |text: &str, error: toml::de::Error| place(text, error.span(), error.message().replace('\n', ", "));
    let table = DeTable::parse(text).map_err(|error| refuse(text, error))?;
    let moments = days_as_moments(text, &table);
    let call: Call = clean(toml::from_str(&moments).map_err(|error| refuse(&moments, error))?);
    // The contract ignores unknown fields, but in a file an unknown field is a typing error.
    let known = serde_json::to_value(&call).map_err(|error| place(text, None, error.to_string()))?;
    if let Some((span, problem)) = unknown(table.get_ref(), &known) {
        return Err(place(text, Some(span), problem));
    }
    check(&call).map_err(|(path, problem)| place(text, find(&table, &path), format!("{path}: {problem}")))?;
    Ok(call)
}

/// Finds the first field of the file that `known`, the call with all its fields, does not have.
fn unknown(table: &DeTable<'_>, known: &Value) -> Option<(Range<usize>, String)> {
    let known = known.as_object()?;
    table.iter().find_map(|(name, value)| match known.get(&**name.get_ref()) {
        Some(known) => unknown_within(value.get_ref(), known),
        None => {
            let names: Vec<String> = known.keys().map(|name| format!("`{name}`")).collect();
            let problem = format!("unknown field `{}`, expected one of {}", name.get_ref(), names.join(", "));
            Some((name.span(), problem))
        }
    })
}

fn unknown_within(value: &DeValue<'_>, known: &Value) -> Option<(Range<usize>, String)> {
    match value {
        DeValue::Table(table) => unknown(table, known),
        DeValue::Array(rows) => {
            let mut rows = rows.iter().zip(known.as_array()?);
            rows.find_map(|(row, known)| unknown_within(row.get_ref(), known))
        }
        _ => None,
    }
}

/// The call with its texts cleaned in the same way as those of a form.
pub fn clean(mut call: Call) -> Call {
    let letters = &mut call.letters;
    for text in [
        &mut letters.authority.contact,
        &mut letters.ancillary_conditions,
        &mut letters.payout,
        &mut letters.footer,
    ]
    .into_iter()
    .chain(&mut letters.conditions)
    {
        *text = parse::lines(text);
    }
    let titles = call.criteria.iter_mut().map(|criterion| &mut criterion.title).chain([&mut call.title]);
    for text in titles
        .flat_map(|title| [&mut title.de, &mut title.en])
        .chain([&mut call.programme, &mut call.file_number_prefix, &mut letters.authority.name])
        .chain([&mut letters.signed_by, &mut letters.court.name])
        .chain(&mut letters.authority.address)
        .chain(&mut letters.court.address)
    {
        *text = parse::line(text);
    }
    call
}

/// A call file may give the window as days: it opens when the first day begins and closes when the last day ends, in
/// German time. Facts carry moments, so the days are replaced by moments.
fn days_as_moments<'a>(text: &'a str, table: &Spanned<DeTable<'_>>) -> Cow<'a, str> {
    let mut moments = Cow::Borrowed(text);
    // Replaced from back to front, so that the position of the other stays valid.
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

/// The position of `path` (such as `criteria.2.weight`) in the file, or of its nearest parent that is there.
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
    filled("programme", &call.programme, LINE)?;
    filled("file_number_prefix", &call.file_number_prefix, 40)?;
    expect(call.window.opens < call.window.closes, "window.closes", "expected a moment after window.opens")?;

    expect(!call.budget.is_empty(), "budget", "expected at least one financial year")?;
    few("budget", call.budget.len())?;
    for (row, year) in call.budget.iter().enumerate() {
        expect(
            (2000..2100).contains(&year.year),
            format!("budget.{row}.year"),
            "expected a year such as 2027",
        )?;
        expect(year.amount > Cents::ZERO, format!("budget.{row}.amount"), "expected more than 0 cents")?;
        expect(
            year.amount.0 <= LARGEST_BUDGET,
            format!("budget.{row}.amount"),
            "expected less than a trillion euros",
        )?;
    }
    no_duplicates("budget", "year", call.budget.iter().map(|year| year.year))?;
    expect(call.minimum_grant >= Cents::ZERO, "minimum_grant", "expected 0 cents or more")?;
    expect(call.maximum_grant > Cents::ZERO, "maximum_grant", "expected more than 0 cents")?;
    expect(call.maximum_grant >= call.minimum_grant, "maximum_grant", "expected at least the minimum_grant")?;

    expect(call.maximum_grant <= LARGEST, "maximum_grant", "expected less than a billion euros")?;

    expect(!call.funding_priorities.is_empty(), "funding_priorities", "expected at least one")?;
    no_duplicates("funding_priorities", "", &call.funding_priorities)?;
    no_duplicates("themes", "", &call.themes)?;
    for (path, day) in [("project_from", call.project_from), ("project_to", call.project_to)] {
        expect(parse::is_plausible(day), path, "expected a day of the years 1900 to 2199")?;
    }
    expect(call.project_from < call.project_to, "project_to", "expected a day after project_from")?;

    expect(!call.criteria.is_empty(), "criteria", "expected at least one")?;
    few("criteria", call.criteria.len())?;
    for (row, criterion) in call.criteria.iter().enumerate() {
        filled(&format!("criteria.{row}.key"), &criterion.key, 60)?;
        both(&format!("criteria.{row}.title"), &criterion.title)?;
    }
    let reviews = (1..=9).contains(&call.reviews_per_application);
    expect(reviews, "reviews_per_application", "expected 1 to 9")?;
    call.validate().map_err(|bad| (bad.path, bad.problem))?;

    let letters = &call.letters;
    for (path, text, limit) in [
        ("letters.authority.name", &letters.authority.name, LINE),
        ("letters.authority.contact", &letters.authority.contact, TEXT),
        ("letters.signed_by", &letters.signed_by, LINE),
        ("letters.ancillary_conditions", &letters.ancillary_conditions, TEXT),
        ("letters.payout", &letters.payout, TEXT),
    ] {
        filled(path, text, limit)?;
    }
    no_longer("letters.footer", &letters.footer, TEXT)?;
    address("letters.authority.address", &letters.authority.address)?;
    if letters.court_by_seat {
        let none = letters.court == Court::default();
        expect(none, "letters.court", "expected no court beside court_by_seat, which finds it")?;
    } else {
        filled("letters.court.name", &letters.court.name, LINE)?;
        address("letters.court.address", &letters.court.address)?;
    }
    few("letters.conditions", letters.conditions.len())?;
    let mut conditions = letters.conditions.iter().enumerate();
    conditions.try_for_each(|(row, text)| filled(&format!("letters.conditions.{row}"), text, TEXT))?;
    expect(letters.proof_due_days >= 1, "letters.proof_due_days", "expected 1 or more days")
}

fn address(path: &str, lines: &[String]) -> Result<(), Mistake> {
    expect(!lines.is_empty(), path, "expected at least one line")?;
    expect(lines.len() <= ADDRESS, path, format!("expected at most {ADDRESS} lines"))?;
    lines.iter().enumerate().try_for_each(|(row, line)| filled(&format!("{path}.{row}"), line, LINE))
}

fn filled(path: &str, text: &str, limit: usize) -> Result<(), Mistake> {
    expect(!text.is_empty(), path, "expected a text, found none")?;
    no_longer(path, text, limit)
}

fn no_longer(path: &str, text: &str, limit: usize) -> Result<(), Mistake> {
    let length = parse::length(text);
    expect(length <= limit, path, format!("has {length} characters, expected at most {limit}"))
}

fn few(path: &str, count: usize) -> Result<(), Mistake> {
    expect(count <= LIST, path, format!("expected at most {LIST} entries"))
}

fn both(path: &str, text: &Text) -> Result<(), Mistake> {
    filled(&format!("{path}.de"), &text.de, LINE)?;
    filled(&format!("{path}.en"), &text.en, LINE)
}

/// Checks that no value occurs twice. `field` names the field that must differ in the rows of `list`; it is empty if
/// the rows themselves must differ.
fn no_duplicates<T: Eq + Hash>(
    list: &str,
    field: &str,
    values: impl IntoIterator<Item = T>,
) -> Result<(), Mistake> {
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

    /// The message for the demonstration call in which `from` is replaced by `to`.
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
            ("version = 2", "version = ", "line 6, column 11: "),
            (
                "version = 2",
                "version = \"one\"",
                "line 6, column 11: invalid type: string \"one\", expected u32",
            ),
            ("version = 2", "version = 0", "line 6, column 11: version: versions start at 1"),
            (
                "version = 2",
                "version = 2\nverison = 2",
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
            ("\"59821 Arnsberg\"", "\"\"", "letters.authority.address.1: expected a text, found none"),
            (
                "title = { de = \"",
                &format!("title = {{ de = \"{}", "x".repeat(LINE)),
                "characters, expected at most 200",
            ),
            (
                "signed_by = \"Dr. Demo Muster\"",
                "signed_by = \"\u{200b}\u{2060}\"",
                "letters.signed_by: expected a text, found none",
            ),
            (
                "maximum_grant = 6_000_000",
                "maximum_grant = 100_000_000_000",
                "maximum_grant: expected less than",
            ),
            (
                "project_to = \"2028-01-31\"",
                "project_to = \"4028-01-31\"",
                "project_to: expected a day of the years",
            ),
            ("proof_due_days = 180", "proof_due_days = 0", "letters.proof_due_days: expected 1 or more days"),
            ("signed_by = \"Dr. Demo Muster\"", "", "missing field `signed_by`"),
        ] {
            let message = mistake(from, to);
            assert!(message.contains(expected), "{to}: {message}");
            let nowhere = "line 1, column 1:";
            assert_eq!(message.starts_with(nowhere), expected.starts_with(nowhere), "{to}: {message}");
        }
    }

    const ONE_COURT: &str = "court = { name = \"VG\", address = [\"Straße 1\", \"40213 Düsseldorf\"] }";

    #[test]
    fn a_call_has_one_court_or_finds_it_by_seat() {
        assert!(read(GOOD).unwrap().letters.court_by_seat);
        let one = read(&GOOD.replacen("court_by_seat = true", ONE_COURT, 1)).unwrap();
        assert_eq!((one.letters.court_by_seat, &*one.letters.court.name), (false, "VG"));
        for (to, expected) in [
            ("", "letters.court.name: expected a text, found none"),
            ("court_by_seat = false", "letters.court.name: expected a text, found none"),
            ("court = { name = \"VG\", address = [] }", "letters.court.address: expected at least one line"),
            ("court = { name = \"VG\", address = [\"\"] }", "letters.court.address.0: expected a text"),
            (&*format!("court_by_seat = true\n{ONE_COURT}"), "letters.court: expected no court beside"),
        ] {
            let message = mistake("court_by_seat = true", to);
            assert!(message.contains(expected), "{to}: {message}");
        }
    }

    #[test]
    fn a_field_that_is_unknown_is_refused_in_every_table() {
        for (from, to, place) in [
            ("maximum_score = 10", "maximum_score = 10\nmaximum_scroe = 10", "line 28, column 1"),
            ("title = { de =", "title = { fr = \"KOMM-IN\", de =", "line 7, column 11"),
            ("window = { opens", "window = { ends = 1, opens", "line 12, column 12"),
            ("{ year = 2027, amount", "{ year = 2027, amuont = 1, amount", "line 14, column 26"),
            ("key = \"goals\"", "key = \"goals\"\nwieght = 1", "line 37, column 1"),
            ("title = { de = \"Bedarf", "title = { xx = \"\", de = \"Bedarf", "line 32, column 11"),
            ("proof_due_days = 180", "proof_due_days = 180\nproof_due = 1", "line 67, column 1"),
            ("contact = ", "phone = \"1\"\ncontact = ", "line 72, column 1"),
            (
                "court_by_seat = true",
                "court = { name = \"VG\", address = [\"x\"], seat = \"x\" }",
                "line 59, column 41",
            ),
        ] {
            let message = mistake(from, to);
            assert!(message.starts_with(place) && message.contains("unknown field"), "{to}: {message}");
        }
    }

    #[test]
    fn texts_are_cleaned() {
        let typed = GOOD.replacen("Dr. Demo Muster", "Dr.\u{a0}Demo\u{ad} Mu\u{308}ster\u{200b}", 1);
        let call = read(&typed).unwrap();
        assert_eq!(call.letters.signed_by, "Dr. Demo Müster");
        assert_eq!(clean(call.clone()), call);
        // The call files that are delivered are clean already.
        assert_eq!(toml::from_str::<Call>(GOOD).unwrap(), read(GOOD).unwrap());
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
        // Summer time, the days on which clocks change, the end of a year, a window of one day.
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
