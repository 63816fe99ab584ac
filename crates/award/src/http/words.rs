//! What pages call things.

use chrono::NaiveDate;
use pages::{Choice, Language, Page};

use crate::award::Stage;
use crate::deadlines::{DeliveryRecord, Entry, Standing};

/// What a stage is called.
pub(super) fn stage_name(page: &Page, stage: Stage) -> String {
    page.t(format!("stage-{}", stage.name()))
}

/// How a stage is marked.
pub(super) fn badge(stage: Stage) -> &'static str {
    match stage {
        Stage::Granted => "success",
        Stage::Rejected => "danger",
        Stage::Waitlisted => "warning",
        Stage::Ready | Stage::Proposed | Stage::Announced | Stage::Withdrawn => "info",
    }
}

/// Why the portal will not bring the notice to its recipient, for the case worker who has to act.
pub(super) fn post_reason(page: &Page, way: &DeliveryRecord, today: NaiveDate) -> String {
    match way.standing(today) {
        Standing::MessageBounced { bounced_on } => page.t1("post-bounced", "on", page.date(bounced_on)),
        Standing::OfferEnded { on } => page.t1("post-offer-ended", "on", page.date(on)),
        _ => page.t1("post-pending", "on", page.date(way.issued_on)),
    }
}

/// 0 to 10,000 as people read it: `81,5`.
pub(super) fn score(page: &Page, weighted: i32) -> String {
    let sign = if page.language == Language::De { ',' } else { '.' };
    format!("{}{sign}{:02}", weighted / 100, weighted % 100)
}

/// Grant or reject.
pub(super) fn kinds(page: &Page) -> Vec<Choice> {
    ["grant", "reject"].map(|kind| Choice::new(kind, page.t(format!("kind-{kind}")))).to_vec()
}

/// What can be put on file about a notice.
pub(super) fn entries(page: &Page) -> Vec<Choice> {
    let choice = |entry: Entry| {
        let key = format!("entry-{}", entry.name());
        Choice::new(entry.name(), page.t(&key)).hint(page.t(format!("{key}-hint")))
    };
    Entry::ALL.map(choice).to_vec()
}
