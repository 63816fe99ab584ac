//! Localized names of stages, choices and scores for the pages.

use chrono::NaiveDate;
use pages::{Choice, Language, Page};

use crate::award::Stage;
use crate::deadlines::{DeliveryRecord, Entry, Standing};

pub(super) fn stage_name(page: &Page, stage: Stage) -> String {
    page.t(format!("stage-{}", stage.name()))
}

/// The KERN badge variant of a stage.
pub(super) fn badge(stage: Stage) -> &'static str {
    match stage {
        Stage::Granted => "success",
        Stage::Rejected => "danger",
        Stage::Waitlisted => "warning",
        Stage::Ready | Stage::Proposed | Stage::Announced | Stage::Withdrawn => "info",
    }
}

/// Why the notice has to be posted, for the case worker who has to act.
pub(super) fn post_reason(page: &Page, delivery: &DeliveryRecord, today: NaiveDate) -> String {
    match delivery.standing(today) {
        Standing::MessageBounced { bounced_on } => page.t1("post-bounced", "on", page.date(bounced_on)),
        Standing::OfferEnded { on } => page.t1("post-offer-ended", "on", page.date(on)),
        _ => page.t1("post-pending", "on", page.date(delivery.issued_on)),
    }
}

/// Hundredths of a point as people read them: 8150 is `81,50`.
pub(super) fn score(page: &Page, weighted: i32) -> String {
    let sign = if page.language == Language::De { ',' } else { '.' };
    format!("{}{sign}{:02}", weighted / 100, weighted % 100)
}

pub(super) fn kinds(page: &Page) -> Vec<Choice> {
    ["grant", "reject"].map(|kind| Choice::new(kind, page.t(format!("kind-{kind}")))).to_vec()
}

pub(super) fn entries(page: &Page) -> Vec<Choice> {
    let choice = |entry: Entry| {
        let key = format!("entry-{}", entry.name());
        Choice::new(entry.name(), page.t(&key)).hint(page.t(format!("{key}-hint")))
    };
    Entry::ALL.map(choice).to_vec()
}
