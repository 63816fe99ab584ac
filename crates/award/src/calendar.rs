//! Working days in North Rhine-Westphalia.

use chrono::{DateTime, Datelike, Days, NaiveDate, Utc, Weekday};

/// The calendar day in Germany at this moment; legal deadlines count these days.
pub fn day_in_germany(moment: DateTime<Utc>) -> NaiveDate {
    moment.with_timezone(&chrono_tz::Europe::Berlin).date_naive()
}

/// `day` if it is a working day, else the next working day (§ 31 (3) VwVfG, § 222 (2) ZPO).
pub fn next_working_day(day: NaiveDate) -> NaiveDate {
    day.iter_days().find(|day| is_working_day(*day)).unwrap_or(day)
}

fn is_working_day(day: NaiveDate) -> bool {
    !matches!(day.weekday(), Weekday::Sat | Weekday::Sun) && !is_holiday(day)
}

/// Public holidays by § 2 Feiertagsgesetz NW.
fn is_holiday(day: NaiveDate) -> bool {
    let fixed = [
        (1, 1),   // Neujahr
        (5, 1),   // Tag der Arbeit
        (10, 3),  // Tag der Deutschen Einheit
        (11, 1),  // Allerheiligen
        (12, 25), // Weihnachten
        (12, 26),
    ];
    let movable = [
        -2, // Karfreitag
        1,  // Ostermontag
        39, // Christi Himmelfahrt
        50, // Pfingstmontag
        60, // Fronleichnam
    ];
    let after_easter = (day - easter(day.year())).num_days();
    fixed.contains(&(day.month(), day.day())) || movable.contains(&after_easter)
}

/// Easter Sunday of a year of the Gregorian calendar (Meeus/Jones/Butcher).
fn easter(year: i32) -> NaiveDate {
    let (golden, century, in_century) = (year % 19, year / 100, year % 100);
    let moon = (19 * golden + century - century / 4 - (century - (century + 8) / 25 + 1) / 3 + 15) % 30;
    let week = (32 + 2 * (century % 4) + 2 * (in_century / 4) - moon - in_century % 4) % 7;
    let correction = (golden + 11 * moon + 22 * week) / 451;
    let days = moon + week - 7 * correction + 21; // after 1 March
    NaiveDate::from_ymd_opt(year, 3, 1).expect("each year has a first of March")
        + Days::new(u64::try_from(days).expect("Easter is after 21 March"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn easter_is_where_the_almanac_has_it() {
        for sunday in [
            "2000-04-23",
            "2008-03-23",
            "2011-04-24",
            "2024-03-31",
            "2025-04-20",
            "2026-04-05",
            "2027-03-28",
            "2038-04-25",
        ] {
            assert_eq!(easter(day(sunday).year()), day(sunday));
        }
    }

    #[test]
    fn eleven_holidays_in_north_rhine_westphalia() {
        let of_2026: Vec<_> = day("2026-01-01")
            .iter_days()
            .take_while(|day| day.year() == 2026)
            .filter(|day| is_holiday(*day))
            .map(|day| day.to_string())
            .collect();
        assert_eq!(
            of_2026,
            [
                "2026-01-01",
                "2026-04-03",
                "2026-04-06",
                "2026-05-01",
                "2026-05-14",
                "2026-05-25",
                "2026-06-04",
                "2026-10-03",
                "2026-11-01",
                "2026-12-25",
                "2026-12-26",
            ]
        );
    }

    #[test]
    fn a_weekend_before_a_holiday_is_one_long_pause() {
        assert_eq!(next_working_day(day("2026-04-03")), day("2026-04-07"));
        assert_eq!(next_working_day(day("2027-12-25")), day("2027-12-27"));
        assert_eq!(next_working_day(day("2026-03-02")), day("2026-03-02"));
    }

    #[test]
    fn a_day_begins_at_midnight_in_germany() {
        assert_eq!(day_in_germany("2026-06-30T22:30:00Z".parse().unwrap()), day("2026-07-01"));
        assert_eq!(day_in_germany("2026-12-31T22:30:00Z".parse().unwrap()), day("2026-12-31"));
    }
}
