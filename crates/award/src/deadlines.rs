//! The clocks of a notice: when it counts as notified, until when one can sue, from when it is final.
//! All days are days in Germany.

use chrono::{Days, Months, NaiveDate};
use serde::{Deserialize, Serialize};

use crate::calendar::next_working_day;

/// What is on file about the way of a notice to its recipient.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Way {
    /// Day on which it was put into the portal, and the message about it went out.
    pub offered_on: NaiveDate,
    /// Day on which the recipient first opened it there.
    pub retrieved_on: Option<NaiveDate>,
    /// Day on which it was given to the post (Ab-Vermerk).
    pub posted_on: Option<NaiveDate>,
    /// Day on which it is known to have arrived.
    pub arrived_on: Option<NaiveDate>,
    /// Day on which the recipient waived the remedy (Rechtsbehelfsverzicht).
    pub waived_on: Option<NaiveDate>,
}

/// Something a person puts on file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Entry {
    /// It was given to the post.
    Posted,
    /// It is known to have arrived: by another way, or later than the post is deemed to take.
    Arrived,
    /// The recipient waived the remedy.
    Waived,
}

impl Entry {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Posted, Self::Arrived, Self::Waived];

    /// As in forms and histories.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Posted => "posted",
            Self::Arrived => "arrived",
            Self::Waived => "waived",
        }
    }
}

/// Why an entry cannot be right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EntryRefused {
    /// It is on file already, with another day.
    #[error("it is on file already")]
    Known,
    /// The day lies before the notice, or in the future.
    #[error("the day must lie between the notice and today")]
    Day,
    /// The notice is offered in the portal, or was opened there.
    #[error("the notice is offered in the portal, or was opened there: the post is for later")]
    InPortal,
}

/// How things stand on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "standing", rename_all = "snake_case")]
pub enum Standing {
    /// It lies in the portal, unopened.
    Offered {
        /// Last day of the offer.
        until: NaiveDate,
    },
    /// Nobody opened it in time: nothing is notified, the post must do it.
    OfferEnded {
        /// Last day of the offer.
        on: NaiveDate,
    },
    /// It is notified, or will be; one can sue.
    Open {
        /// Day of notification.
        notified_on: NaiveDate,
        /// Last day to sue.
        until: NaiveDate,
    },
    /// It is final.
    Final {
        /// From this day.
        on: NaiveDate,
    },
}

impl Way {
    /// A notice put into the portal on this day.
    pub fn offered(on: NaiveDate) -> Self {
        Self { offered_on: on, retrieved_on: None, posted_on: None, arrived_on: None, waived_on: None }
    }

    /// The offer in the portal holds for ten days after the message (§ 41 (2a) VwVfG).
    pub fn offer_ends_on(&self) -> NaiveDate {
        self.offered_on + Days::new(10)
    }

    /// Opened while the offer held.
    fn retrieved_in_time(&self) -> Option<NaiveDate> {
        self.retrieved_on.filter(|day| *day <= self.offer_ends_on())
    }

    /// The day on which it counts as notified (§ 41 VwVfG): the day after it was opened in the portal, else as
    /// the post is deemed to take. Known to have arrived later: then.
    pub fn notified_on(&self) -> Option<NaiveDate> {
        let in_portal = self.retrieved_in_time().map(|day| day + Days::new(1));
        match in_portal.or_else(|| self.posted_on.map(deemed_by_post)) {
            Some(deemed) => Some(self.arrived_on.map_or(deemed, |arrived| arrived.max(deemed))),
            None => self.arrived_on,
        }
    }

    /// The first day on which nobody can sue any more; the day of the waiver, if that is sooner.
    pub fn final_on(&self) -> Option<NaiveDate> {
        let by_time = self.notified_on().map(|day| last_day_to_sue(day) + Days::new(1));
        [by_time, self.waived_on].into_iter().flatten().min()
    }

    /// How things stand on `today`.
    pub fn standing(&self, today: NaiveDate) -> Standing {
        match (self.final_on(), self.notified_on()) {
            (Some(on), _) if on <= today => Standing::Final { on },
            (_, Some(notified_on)) => Standing::Open { notified_on, until: last_day_to_sue(notified_on) },
            _ if today <= self.offer_ends_on() => Standing::Offered { until: self.offer_ends_on() },
            _ => Standing::OfferEnded { on: self.offer_ends_on() },
        }
    }

    /// The recipient has opened it in the portal. Only the first time counts.
    #[must_use]
    pub fn retrieved(self, on: NaiveDate) -> Self {
        Self { retrieved_on: self.retrieved_on.or(Some(on)), ..self }
    }

    /// Somebody puts `entry` on file.
    pub fn record(self, entry: Entry, on: NaiveDate, today: NaiveDate) -> Result<Self, EntryRefused> {
        if on < self.posted_on.unwrap_or(self.offered_on) || on > today {
            return Err(EntryRefused::Day);
        }
        let portal = self.retrieved_in_time().is_some() || today <= self.offer_ends_on();
        let (known, new) = match entry {
            Entry::Posted if portal => return Err(EntryRefused::InPortal),
            Entry::Posted => (self.posted_on, Self { posted_on: Some(on), ..self }),
            Entry::Arrived => (self.arrived_on, Self { arrived_on: Some(on), ..self }),
            Entry::Waived => (self.waived_on, Self { waived_on: Some(on), ..self }),
        };
        if known.is_some() { Err(EntryRefused::Known) } else { Ok(new) }
    }
}

/// § 41 (2) VwVfG NRW: the fourth day after posting, before 2025 the third. That it falls on a Sunday does not
/// move it (disputed; the end of the time to sue moves in any case).
fn deemed_by_post(posted: NaiveDate) -> NaiveDate {
    let four_since = NaiveDate::from_ymd_opt(2025, 1, 1).expect("a day of the calendar");
    posted + Days::new(if posted < four_since { 3 } else { 4 })
}

/// One month after notification (§ 74 VwGO, § 188 (2) BGB), moved to a working day (§ 57 VwGO, § 222 ZPO).
fn last_day_to_sue(notified: NaiveDate) -> NaiveDate {
    next_working_day(notified + Months::new(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn posted(on: &str) -> Way {
        Way { posted_on: Some(day(on)), ..Way::offered(day("2000-01-01")) }
    }

    fn retrieved(on: &str) -> Way {
        Way::offered(day(on)).retrieved(day(on))
    }

    #[test]
    fn the_worked_example() {
        // Posted on a Monday, deemed on Friday; the month ends on Easter Monday.
        let way = posted("2026-03-02");
        assert_eq!(way.notified_on(), Some(day("2026-03-06")));
        let open = Standing::Open { notified_on: day("2026-03-06"), until: day("2026-04-07") };
        assert_eq!(way.standing(day("2026-04-07")), open);
        assert_eq!(way.standing(day("2026-04-08")), Standing::Final { on: day("2026-04-08") });
    }

    #[test]
    fn the_post_takes_four_days_since_2025_and_three_before() {
        assert_eq!(posted("2024-12-31").notified_on(), Some(day("2025-01-03")));
        assert_eq!(posted("2025-01-01").notified_on(), Some(day("2025-01-05"))); // a Sunday; it stays
    }

    #[test]
    fn in_the_portal_it_is_the_day_after_opening() {
        assert_eq!(retrieved("2027-04-15").notified_on(), Some(day("2027-04-16")));
        assert_eq!(retrieved("2027-04-15").final_on(), Some(day("2027-05-19"))); // 16 May Sunday, 17 May Whit Monday
    }

    #[test]
    fn a_month_without_that_day_ends_on_its_last() {
        assert_eq!(retrieved("2027-01-30").final_on(), Some(day("2027-03-02"))); // 28 February 2027 is a Sunday
    }

    #[test]
    fn corpus_christi_and_all_saints_move_the_end() {
        // The month ends on Thursday, 27 May 2027 (Fronleichnam), and on Monday, 1 November 2027.
        assert_eq!(retrieved("2027-04-26").final_on(), Some(day("2027-05-29")));
        assert_eq!(retrieved("2027-09-30").final_on(), Some(day("2027-11-03")));
    }

    #[test]
    fn only_the_first_opening_counts_and_only_within_ten_days() {
        let offered = Way::offered(day("2027-04-01"));
        assert_eq!(offered.standing(day("2027-04-11")), Standing::Offered { until: day("2027-04-11") });
        assert_eq!(offered.standing(day("2027-04-12")), Standing::OfferEnded { on: day("2027-04-11") });
        let twice = offered.retrieved(day("2027-04-11")).retrieved(day("2027-04-12"));
        assert_eq!(twice.notified_on(), Some(day("2027-04-12")));
        assert_eq!(offered.retrieved(day("2027-04-12")).notified_on(), None);
    }

    #[test]
    fn after_the_offer_comes_the_post() {
        let offered = Way::offered(day("2027-04-01"));
        let today = day("2027-04-12");
        assert_eq!(
            offered.record(Entry::Posted, day("2027-04-10"), day("2027-04-10")),
            Err(EntryRefused::InPortal)
        );
        let posted = offered.record(Entry::Posted, today, today).unwrap();
        assert_eq!(posted.notified_on(), Some(day("2027-04-16")));
        assert_eq!(posted.record(Entry::Posted, today, today), Err(EntryRefused::Known));
        let later = posted.record(Entry::Arrived, day("2027-04-20"), day("2027-04-21")).unwrap();
        assert_eq!(later.notified_on(), Some(day("2027-04-20")));
        let sooner = posted.record(Entry::Arrived, day("2027-04-13"), day("2027-04-21")).unwrap();
        assert_eq!(sooner.notified_on(), Some(day("2027-04-16")));
    }

    #[test]
    fn a_waiver_makes_it_final_at_once() {
        let way = retrieved("2027-04-15");
        let waived = way.record(Entry::Waived, day("2027-04-20"), day("2027-04-20")).unwrap();
        assert_eq!(waived.standing(day("2027-04-20")), Standing::Final { on: day("2027-04-20") });
        assert_eq!(way.record(Entry::Waived, day("2027-04-14"), day("2027-04-20")), Err(EntryRefused::Day));
        assert_eq!(way.record(Entry::Waived, day("2027-04-21"), day("2027-04-20")), Err(EntryRefused::Day));
    }

    proptest! {
        #[test]
        fn there_is_always_a_month_and_the_end_is_a_working_day(ahead in 0_u64..20_000) {
            let notified = day("2001-01-01") + Days::new(ahead);
            let last = last_day_to_sue(notified);
            prop_assert!(last >= notified + Months::new(1));
            prop_assert!((last - (notified + Months::new(1))).num_days() <= 4);
            prop_assert_eq!(next_working_day(last), last);
        }
    }
}
