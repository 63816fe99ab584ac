//! Names and message keys that templates use.

use events::{Ags, Rule, municipality};
use pages::{Choice, Page};

use crate::case::{Status, Verdict};

/// The name of a municipality; its key if it is not known.
pub fn name(ags: &Ags) -> &str {
    municipality(ags).map_or(ags.as_str(), |one| &one.name)
}

/// The message key of a rule's name.
pub fn rule(rule: Rule) -> &'static str {
    match rule {
        Rule::Municipality => "rule-municipality",
        Rule::ImmigrationOffice => "rule-immigration-office",
        Rule::Deadline => "rule-deadline",
        Rule::ProjectPeriod => "rule-project-period",
        Rule::NotBegun => "rule-not-begun",
        Rule::GrantLimits => "rule-grant-limits",
        Rule::Financing => "rule-financing",
        Rule::Declarations => "rule-declarations",
    }
}

/// The message key of a status.
pub fn status(status: Status) -> &'static str {
    match status {
        Status::Referred => "status-referred",
        Status::Eligible => "status-eligible",
        Status::Ineligible => "status-ineligible",
        Status::Withdrawn => "status-withdrawn",
    }
}

/// Which KERN badge shows the status.
pub fn badge(status: Status) -> &'static str {
    match status {
        Status::Referred => "warning",
        Status::Eligible => "success",
        Status::Ineligible => "danger",
        Status::Withdrawn => "info",
    }
}

/// The message key of a verdict, which is that of the status it leads to.
pub fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Eligible => status(Status::Eligible),
        Verdict::Ineligible => status(Status::Ineligible),
    }
}

/// The choices of the form.
pub(super) fn verdicts(page: &Page) -> Vec<Choice> {
    [Verdict::Eligible, Verdict::Ineligible]
        .map(|verdict| {
            let key = format!("decide-{}", verdict.name());
            Choice::new(verdict.name(), page.t(&key)).hint(page.t(format!("{key}-hint")))
        })
        .into()
}
