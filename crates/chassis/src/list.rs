//! Cursor pagination: each page of a list has a cursor to the next one.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The last microsecond of the year 9999, since 1970: both chrono and Postgres can represent it.
const LAST_MICRO: i64 = 253_402_300_799_999_999;

/// The position of a row in the order of its list. Clients hand it back for the next page and do not look into it. A
/// list sets the fields that it is ordered by; the others are as in [`Cursor::FIRST`]. Every cursor that can be parsed
/// is valid in a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct Cursor {
    /// A score, or a number that counts up.
    pub number: i64,
    /// UTC, to the microsecond; in the years 1970 to 9999.
    pub at: DateTime<Utc>,
    /// Orders rows that are equal otherwise.
    pub id: Uuid,
}

impl Cursor {
    /// Before every row of an ascending list.
    pub const FIRST: Self = Self { number: 0, at: DateTime::UNIX_EPOCH, id: Uuid::nil() };

    /// Before every row of a descending list.
    pub const LAST: Self = Self {
        number: i64::MAX,
        at: DateTime::from_timestamp_micros(LAST_MICRO).expect("before the year 10000"),
        id: Uuid::max(),
    };

    /// For lists by time.
    pub fn at(at: DateTime<Utc>, id: Uuid) -> Self {
        Self { at, id, ..Self::FIRST }
    }

    /// For lists by number.
    pub fn number(number: i64) -> Self {
        Self { number, ..Self::FIRST }
    }
}

impl From<Cursor> for String {
    fn from(Cursor { number, at, id }: Cursor) -> Self {
        format!("{number:016x}{:016x}{:x}", at.timestamp_micros(), id.as_simple())
    }
}

impl std::fmt::Display for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&String::from(*self))
    }
}

/// The text is not a cursor.
#[derive(Debug, thiserror::Error)]
#[error("expected what the page before gave")]
pub struct NoCursor;

impl TryFrom<String> for Cursor {
    type Error = NoCursor;
    fn try_from(text: String) -> Result<Self, NoCursor> {
        let number = |part: Option<&str>| u64::from_str_radix(part?, 16).ok().map(u64::cast_signed);
        let micros = number(text.get(16..32)).filter(|micros| (0..=LAST_MICRO).contains(micros));
        let read = || {
            Some(Self {
                number: number(text.get(..16))?,
                at: DateTime::from_timestamp_micros(micros?)?,
                id: text.get(32..)?.parse().ok()?,
            })
        };
        read().ok_or(NoCursor)
    }
}

/// The number of rows to read for a page of `length` rows: one more shows whether there is a next page.
pub fn one_more(length: usize) -> i64 {
    i64::try_from(length).map_or(i64::MAX, |length| length.saturating_add(1))
}

/// The rows of a page, and the cursor to the next page if there is one. `rows` are those read with [`one_more`].
pub fn page<T>(
    mut rows: Vec<T>,
    length: usize,
    place: impl FnOnce(&T) -> Cursor,
) -> (Vec<T>, Option<Cursor>) {
    let more = rows.len() > length;
    rows.truncate(length);
    let next = rows.last().filter(|_| more).map(place);
    (rows, next)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<Cursor> {
        Cursor::try_from(text.to_owned()).ok()
    }

    #[test]
    fn a_cursor_is_read_as_it_was_written_and_nothing_else_is() {
        let at = "2026-11-23T10:00:00.123456Z".parse().unwrap();
        let some = Cursor { number: -7, ..Cursor::at(at, Uuid::from_u128(19)) };
        for cursor in [some, Cursor::FIRST, Cursor::LAST, Cursor::number(i64::MIN)] {
            assert_eq!(read(&cursor.to_string()), Some(cursor));
        }
        let written = some.to_string();
        let late = format!("{:016x}{:016x}{}", 0, LAST_MICRO + 1, Uuid::nil().as_simple());
        let early = format!("{:016x}{:016x}{}", 0, -1_i64, Uuid::nil().as_simple());
        let umlaut = format!("{}ä{}", &written[..15], &written[17..]);
        for nonsense in
            ["", "x", "-8000000000000000000_0", &late, &early, &umlaut, &written[1..], &format!("{written}0")]
        {
            assert_eq!(read(nonsense), None, "{nonsense}");
        }
    }

    #[test]
    fn one_row_more_tells_of_a_next_page() {
        let place = |row: &i64| Cursor::number(*row);
        assert_eq!((one_more(2), one_more(usize::MAX)), (3, i64::MAX));
        assert_eq!(page(vec![1, 2, 3], 2, place), (vec![1, 2], Some(Cursor::number(2))));
        assert_eq!(page(vec![1, 2], 2, place), (vec![1, 2], None));
        assert_eq!(page(Vec::new(), 2, place), (Vec::new(), None));
    }
}
