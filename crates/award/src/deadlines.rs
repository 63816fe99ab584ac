//! The legal deadlines of a notice: when it counts as notified (bekannt gegeben), until when the recipient can sue, and
//! when it becomes final (bestandskräftig). All days are calendar days in Germany.

use chrono::{DateTime, Days, Months, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::calendar::{day_in_germany, next_working_day};

/// Days for which a notice is offered in the portal, after the day on which the email about it was sent
/// (§ 41 (2a) VwVfG).
pub const OFFER_DAYS: u64 = 10;

/// Days after its issue from which a notice may be posted because the email about it has not been sent.
pub const MESSAGE_OVERDUE_DAYS: u64 = 3;

/// What became of the email that says that a notice waits in the portal. Times are UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Message {
    /// Neither sent nor bounced yet.
    Pending,
    /// The mail server accepted it at this time.
    Sent(DateTime<Utc>),
    /// It bounced at this time, and none has been sent since.
    Bounced(DateTime<Utc>),
}

/// What is on file about the delivery of a notice to its recipient.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeliveryRecord {
    /// Day on which it was put into the portal.
    pub issued_on: NaiveDate,
    /// The email about it; the offer in the portal counts from the day on which it was sent.
    pub message: Message,
    /// Day on which the recipient first opened it there.
    pub retrieved_on: Option<NaiveDate>,
    /// Day on which it was posted (Ab-Vermerk).
    pub posted_on: Option<NaiveDate>,
    /// Day on which it is known to have arrived.
    pub arrived_on: Option<NaiveDate>,
    /// Day on which the recipient waived the remedy (Rechtsbehelfsverzicht).
    pub waived_on: Option<NaiveDate>,
}

/// What a case worker can put on file about a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Entry {
    Posted,
    /// It is known to have arrived: by other means, or later than the statutory delivery time of the post.
    Arrived,
    /// The recipient waived the remedy (Rechtsbehelfsverzicht).
    Waived,
}

impl Entry {
    pub const ALL: [Self; 3] = [Self::Posted, Self::Arrived, Self::Waived];

    /// As in forms and in the history.
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
    #[error("it is on file already")]
    Known,
    /// The day lies before the notice, or in the future.
    #[error("the day must lie between the notice and today")]
    Day,
    /// The portal may still do it: the notice is offered or was opened there, or the email about it may still be sent.
    #[error(
        "the notice is offered in the portal, or was opened there, or the message about it was not sent yet: the post is for later"
    )]
    InPortal,
}

/// The legal status of a notice on a certain day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "standing", rename_all = "snake_case")]
pub enum Standing {
    /// Unopened in the portal; the email about it has not been sent, so no offer runs yet.
    MessagePending {
        /// Day on which it was put into the portal.
        issued_on: NaiveDate,
    },
    /// Unopened in the portal; the email about it bounced, so no offer runs.
    MessageBounced {
        bounced_on: NaiveDate,
    },
    /// Unopened in the portal, and the offer runs.
    Offered {
        until: NaiveDate,
    },
    /// Nobody opened it before the offer ended: it is not notified and has to be posted.
    OfferEnded {
        on: NaiveDate,
    },
    /// The day of notification is known (it may lie ahead), and the recipient can sue.
    Open {
        notified_on: NaiveDate,
        /// Last day to sue.
        until: NaiveDate,
    },
    Final {
        on: NaiveDate,
    },
}

impl DeliveryRecord {
    /// A notice put into the portal on this day.
    pub fn issued(on: NaiveDate) -> Self {
        Self {
            issued_on: on,
            message: Message::Pending,
            retrieved_on: None,
            posted_on: None,
            arrived_on: None,
            waived_on: None,
        }
    }

    /// The last day of the offer in the portal, [`OFFER_DAYS`] after the email about it was sent. `None` while no offer
    /// runs: the email was not sent, or it bounced.
    pub fn offer_ends_on(&self) -> Option<NaiveDate> {
        match self.message {
            Message::Sent(at) => Some(day_in_germany(at) + Days::new(OFFER_DAYS)),
            Message::Pending | Message::Bounced(_) => None,
        }
    }

    fn offer_ended_before(&self, day: NaiveDate) -> bool {
        self.offer_ends_on().is_some_and(|end| end < day)
    }

    /// The day of the retrieval, if it was within the offer.
    fn retrieved_in_time(&self) -> Option<NaiveDate> {
        self.retrieved_on.filter(|day| !self.offer_ended_before(*day))
    }

    /// The day on which it counts as notified (§ 41 VwVfG): the day after it was opened in the portal, or the end of the
    /// statutory delivery time of the post, whichever is sooner; if it is known to have arrived later, that day.
    pub fn notified_on(&self) -> Option<NaiveDate> {
        let in_portal = self.retrieved_in_time().map(|day| day + Days::new(1));
        let deemed = [in_portal, self.posted_on.map(deemed_by_post)].into_iter().flatten().min();
        match deemed {
            Some(deemed) => Some(self.arrived_on.map_or(deemed, |arrived| arrived.max(deemed))),
            None => self.arrived_on,
        }
    }

    /// The first day on which it can no longer be contested, or the day of the waiver, if that is sooner.
    pub fn final_on(&self) -> Option<NaiveDate> {
        let by_time = self.notified_on().map(|day| last_day_to_sue(day) + Days::new(1));
        [by_time, self.waived_on].into_iter().flatten().min()
    }

    pub fn standing(&self, today: NaiveDate) -> Standing {
        match (self.final_on(), self.notified_on(), self.message) {
            (Some(on), ..) if on <= today => Standing::Final { on },
            (_, Some(notified_on), _) => Standing::Open { notified_on, until: last_day_to_sue(notified_on) },
            (_, _, Message::Pending) => Standing::MessagePending { issued_on: self.issued_on },
            (_, _, Message::Bounced(at)) => Standing::MessageBounced { bounced_on: day_in_germany(at) },
            (_, _, Message::Sent(at)) => {
                let end = day_in_germany(at) + Days::new(OFFER_DAYS);
                if today <= end { Standing::Offered { until: end } } else { Standing::OfferEnded { on: end } }
            }
        }
    }

    /// Whether a case worker has to act: the email about it bounced, or is overdue, or nobody retrieved the notice in time,
    /// and it has not been posted.
    pub fn needs_post(&self, today: NaiveDate) -> bool {
        let portal_fails = match self.standing(today) {
            Standing::MessageBounced { .. } | Standing::OfferEnded { .. } => true,
            Standing::MessagePending { .. } => self.message_is_overdue(today),
            Standing::Offered { .. } | Standing::Open { .. } | Standing::Final { .. } => false,
        };
        portal_fails && self.posted_on.is_none()
    }

    fn message_is_overdue(&self, today: NaiveDate) -> bool {
        self.issued_on + Days::new(MESSAGE_OVERDUE_DAYS) <= today
    }

    /// Records that the recipient has retrieved it in the portal. Only the first time counts.
    #[must_use]
    pub fn retrieved(self, on: NaiveDate) -> Self {
        Self { retrieved_on: self.retrieved_on.or(Some(on)), ..self }
    }

    /// Whether the time to sue would start with a retrieval on `today`.
    pub fn retrieval_counts(&self, today: NaiveDate) -> bool {
        let is_final = matches!(self.standing(today), Standing::Final { .. });
        !is_final && self.retrieved(today).notified_on() != self.notified_on()
    }

    /// Records that the email about it was sent. Only the first one since the last bounce counts: another one does not
    /// prolong the offer. `None` where nothing changes.
    ///
    /// After a retrieval nothing changes: its legal effect depends on what was known on its day.
    pub fn message_sent(self, at: DateTime<Utc>) -> Option<Self> {
        let counts = match self.message {
            Message::Pending => true,
            Message::Sent(_) => false,
            Message::Bounced(bounced) => bounced <= at,
        };
        (counts && self.retrieved_on.is_none()).then_some(Self { message: Message::Sent(at), ..self })
    }

    /// Records that the email about it bounced. A bounce older than the email that was sent is ignored. `None` where
    /// nothing changes, as for [`DeliveryRecord::message_sent`].
    pub fn message_bounced(self, at: DateTime<Utc>) -> Option<Self> {
        let counts = match self.message {
            Message::Pending => true,
            Message::Sent(sent) => sent <= at,
            Message::Bounced(_) => false,
        };
        (counts && self.retrieved_on.is_none()).then_some(Self { message: Message::Bounced(at), ..self })
    }

    /// Puts `entry` on file for the day `on`, which must not lie before the notice or after `today`.
    pub fn record(self, entry: Entry, on: NaiveDate, today: NaiveDate) -> Result<Self, EntryRefused> {
        if on < self.posted_on.unwrap_or(self.issued_on) || on > today {
            return Err(EntryRefused::Day);
        }
        let portal = self.retrieved_in_time().is_some()
            || match self.message {
                Message::Pending => !self.message_is_overdue(today),
                Message::Sent(_) => !self.offer_ended_before(today),
                Message::Bounced(_) => false,
            };
        let (known, new) = match entry {
            Entry::Posted if portal => return Err(EntryRefused::InPortal),
            Entry::Posted => (self.posted_on, Self { posted_on: Some(on), ..self }),
            Entry::Arrived => (self.arrived_on, Self { arrived_on: Some(on), ..self }),
            Entry::Waived => (self.waived_on, Self { waived_on: Some(on), ..self }),
        };
        if known.is_some() { Err(EntryRefused::Known) } else { Ok(new) }
    }
}

/// § 41 (2) VwVfG NRW: the fourth day after posting, before 2025 the third. It is not moved when it is a Sunday
/// (disputed; the end of the time to sue is moved in any case).
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

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    /// Put into the portal at noon of this day, with the email about it sent at once.
    fn offered(on: &str) -> DeliveryRecord {
        DeliveryRecord::issued(day(on)).message_sent(at(&format!("{on}T11:00:00Z"))).unwrap()
    }

    fn posted(on: &str) -> DeliveryRecord {
        DeliveryRecord { posted_on: Some(day(on)), ..offered("2000-01-01") }
    }

    fn retrieved(on: &str) -> DeliveryRecord {
        offered(on).retrieved(day(on))
    }

    #[test]
    fn the_worked_example() {
        // Posted on a Monday, deemed on Friday; the month ends on Easter Monday.
        let delivery = posted("2026-03-02");
        assert_eq!(delivery.notified_on(), Some(day("2026-03-06")));
        let open = Standing::Open { notified_on: day("2026-03-06"), until: day("2026-04-07") };
        assert_eq!(delivery.standing(day("2026-04-07")), open);
        assert_eq!(delivery.standing(day("2026-04-08")), Standing::Final { on: day("2026-04-08") });
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
        let offered = offered("2027-04-01");
        assert_eq!(offered.standing(day("2027-04-11")), Standing::Offered { until: day("2027-04-11") });
        assert_eq!(offered.standing(day("2027-04-12")), Standing::OfferEnded { on: day("2027-04-11") });
        let twice = offered.retrieved(day("2027-04-11")).retrieved(day("2027-04-12"));
        assert_eq!(twice.notified_on(), Some(day("2027-04-12")));
        assert_eq!(offered.retrieved(day("2027-04-12")).notified_on(), None);
    }

    #[test]
    fn after_the_offer_comes_the_post() {
        let offered = offered("2027-04-01");
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
        let delivery = retrieved("2027-04-15");
        let waived = delivery.record(Entry::Waived, day("2027-04-20"), day("2027-04-20")).unwrap();
        assert_eq!(waived.standing(day("2027-04-20")), Standing::Final { on: day("2027-04-20") });
        assert_eq!(
            delivery.record(Entry::Waived, day("2027-04-14"), day("2027-04-20")),
            Err(EntryRefused::Day)
        );
        assert_eq!(
            delivery.record(Entry::Waived, day("2027-04-21"), day("2027-04-20")),
            Err(EntryRefused::Day)
        );
    }

    #[test]
    fn the_offer_counts_from_the_day_on_which_the_message_went_out() {
        let issued = DeliveryRecord::issued(day("2027-04-01"));
        assert_eq!(
            issued.standing(day("2027-04-30")),
            Standing::MessagePending { issued_on: day("2027-04-01") }
        );
        // 22:30 UTC on the 3rd is half past midnight in Germany on the 4th.
        let sent = issued.message_sent(at("2027-04-03T22:30:00Z")).unwrap();
        assert_eq!(sent.standing(day("2027-04-14")), Standing::Offered { until: day("2027-04-14") });
        assert_eq!(sent.standing(day("2027-04-15")), Standing::OfferEnded { on: day("2027-04-14") });
        // Clocks go back on 31 October 2027: a day of 25 hours is one day. The last two cross a new year.
        let sent = |moment: &str| {
            DeliveryRecord::issued(day("2027-10-01")).message_sent(at(moment)).unwrap().offer_ends_on()
        };
        assert_eq!(sent("2027-10-30T21:59:59.999Z"), Some(day("2027-11-09")));
        assert_eq!(sent("2027-10-30T22:00:00Z"), Some(day("2027-11-10")));
        assert_eq!(sent("2027-10-31T22:59:59Z"), Some(day("2027-11-10")));
        assert_eq!(sent("2027-10-31T23:00:00Z"), Some(day("2027-11-11")));
        assert_eq!(sent("2027-12-31T22:59:59Z"), Some(day("2028-01-10")));
        assert_eq!(sent("2027-12-31T23:00:00Z"), Some(day("2028-01-11")));
    }

    #[test]
    fn no_offer_runs_while_the_message_has_come_back() {
        let issued = DeliveryRecord::issued(day("2027-04-01"));
        let bounced = issued.message_bounced(at("2027-04-01T12:00:00Z")).unwrap();
        assert_eq!(
            bounced.standing(day("2027-06-01")),
            Standing::MessageBounced { bounced_on: day("2027-04-01") }
        );
        assert!(bounced.needs_post(day("2027-04-01")));
        assert!(bounced.record(Entry::Posted, day("2027-04-02"), day("2027-04-02")).is_ok());
        // It is sent to a corrected address: the offer starts that day.
        let again = bounced.message_sent(at("2027-04-06T08:00:00Z")).unwrap();
        assert_eq!(again.standing(day("2027-04-06")), Standing::Offered { until: day("2027-04-16") });
        assert!(!again.needs_post(day("2027-04-16")) && again.needs_post(day("2027-04-17")));
        // Later it bounces after all.
        assert!(again.message_bounced(at("2027-04-07T08:00:00Z")).unwrap().offer_ends_on().is_none());
    }

    #[test]
    fn a_message_that_does_not_go_out_for_days_gives_way_to_the_post() {
        let issued = DeliveryRecord::issued(day("2027-04-01"));
        let post = |today: &str| issued.record(Entry::Posted, day(today), day(today));
        assert_eq!(post("2027-04-03"), Err(EntryRefused::InPortal));
        assert!(!issued.needs_post(day("2027-04-03")) && issued.needs_post(day("2027-04-04")));
        let posted = post("2027-04-04").unwrap();
        assert_eq!(posted.notified_on(), Some(day("2027-04-08")));
        assert!(!posted.needs_post(day("2027-04-04")));
        // The email is sent after all, and the recipient opens the notice before the post arrives.
        let sent = posted.message_sent(at("2027-04-05T08:00:00Z")).unwrap();
        assert_eq!(sent.retrieved(day("2027-04-05")).notified_on(), Some(day("2027-04-06")));
        assert_eq!(sent.retrieved(day("2027-04-12")).notified_on(), Some(day("2027-04-08")));
    }

    #[test]
    fn a_retrieval_counts_whatever_became_of_the_message() {
        let issued = DeliveryRecord::issued(day("2027-04-01"));
        let bounced = issued.message_bounced(at("2027-04-01T12:00:00Z")).unwrap();
        for delivery in [issued, bounced] {
            let retrieved = delivery.retrieved(day("2027-04-20"));
            assert_eq!(retrieved.notified_on(), Some(day("2027-04-21")));
            // The fact that the email was sent long ago arrives too late to change the retrieval.
            assert_eq!(retrieved.message_sent(at("2027-04-02T08:00:00Z")), None);
        }
        // Nor does a later fact make a retrieval count that came after the end of the offer.
        let late = offered("2027-04-01").retrieved(day("2027-04-20"));
        assert_eq!(late.notified_on(), None);
        assert_eq!(late.message_bounced(at("2027-04-21T08:00:00Z")), None);
    }

    /// What can happen to a notice. `Sent` and `Bounced` are minutes after its issue, the others days.
    #[derive(Clone, Copy, Debug)]
    enum Step {
        Sent(i64),
        Bounced(i64),
        Retrieved(u64),
        Recorded(Entry, u64, u64),
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let entry = prop_oneof![Just(Entry::Posted), Just(Entry::Arrived), Just(Entry::Waived)];
        let step = prop_oneof![
            (0_i64..60_000).prop_map(Step::Sent),
            (0_i64..60_000).prop_map(Step::Bounced),
            (0_u64..45).prop_map(Step::Retrieved),
            (entry, 0_u64..45, 0_u64..45).prop_map(|(entry, on, today)| Step::Recorded(entry, on, today)),
        ];
        proptest::collection::vec(step, 0..8)
    }

    fn walk(steps: &[Step]) -> DeliveryRecord {
        let issued = at("2027-03-20T11:00:00Z");
        let on = |days: u64| day("2027-03-20") + Days::new(days);
        steps.iter().fold(DeliveryRecord::issued(day("2027-03-20")), |delivery, step| match *step {
            Step::Sent(minutes) => {
                delivery.message_sent(issued + chrono::TimeDelta::minutes(minutes)).unwrap_or(delivery)
            }
            Step::Bounced(minutes) => {
                delivery.message_bounced(issued + chrono::TimeDelta::minutes(minutes)).unwrap_or(delivery)
            }
            Step::Retrieved(days) => delivery.retrieved(on(days)),
            Step::Recorded(entry, days, today) => {
                delivery.record(entry, on(days), on(today)).unwrap_or(delivery)
            }
        })
    }

    proptest! {
        #[test]
        fn an_offer_runs_only_after_a_message_and_for_ten_days(steps in steps(), ahead in 0_u64..90) {
            let delivery = walk(&steps);
            let today = delivery.issued_on + Days::new(ahead);
            match (delivery.standing(today), delivery.message) {
                (Standing::Offered { until }, Message::Sent(at)) => {
                    prop_assert!(today <= until);
                    prop_assert_eq!(until - day_in_germany(at), chrono::TimeDelta::days(10));
                    prop_assert!(!delivery.needs_post(today));
                }
                (Standing::OfferEnded { on }, Message::Sent(at)) => {
                    prop_assert!(on < today);
                    prop_assert_eq!(on - day_in_germany(at), chrono::TimeDelta::days(10));
                    prop_assert!(delivery.needs_post(today));
                }
                (Standing::MessageBounced { .. }, Message::Bounced(_)) => prop_assert!(delivery.needs_post(today)),
                (Standing::MessagePending { .. }, Message::Pending)
                | (Standing::Open { .. } | Standing::Final { .. }, _) => {}
                (standing, message) => prop_assert!(false, "{:?} with {:?}", standing, message),
            }
        }

        #[test]
        fn facts_delivered_twice_change_nothing(steps in steps()) {
            let mut doubled = Vec::new();
            for step in &steps {
                doubled.push(*step);
                doubled.push(*step);
            }
            prop_assert_eq!(walk(&steps), walk(&doubled));
        }

        #[test]
        fn facts_never_bring_a_known_day_of_notification_nearer(steps in steps(), at in 0_i64..60_000) {
            let delivery = walk(&steps);
            let at = "2027-03-20T11:00:00Z".parse::<DateTime<Utc>>().unwrap() + chrono::TimeDelta::minutes(at);
            for after in [delivery.message_sent(at), delivery.message_bounced(at)].into_iter().flatten() {
                prop_assert_eq!(after.notified_on(), delivery.notified_on());
                prop_assert_eq!(after.final_on(), delivery.final_on());
            }
        }

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
