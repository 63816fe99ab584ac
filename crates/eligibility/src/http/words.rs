//! What templates call things.

use events::{Ags, Rule, municipality};
use pages::{Choice, Page};

use crate::case::{Stage, Verdict};

/// The name of a municipality; its key where it is unknown.
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

/// The message key of a state's name.
pub fn stage(stage: Stage) -> &'static str {
    match stage {
        Stage::Referred => "stage-referred",
        Stage::Eligible => "stage-eligible",
        Stage::Ineligible => "stage-ineligible",
        Stage::Withdrawn => "stage-withdrawn",
    }
}

/// The kind of a state's badge.
pub fn badge(stage: Stage) -> &'static str {
    match stage {
        Stage::Referred => "warning",
        Stage::Eligible => "success",
        Stage::Ineligible => "danger",
        Stage::Withdrawn => "info",
    }
}

/// The message key of a verdict's name: that of the state it leads to.
pub fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Eligible => stage(Stage::Eligible),
        Verdict::Ineligible => stage(Stage::Ineligible),
    }
}

/// What can be decided.
pub(super) fn verdicts(page: &Page) -> Vec<Choice> {
    [Verdict::Eligible, Verdict::Ineligible]
        .map(|verdict| {
            let key = format!("decide-{}", verdict.name());
            Choice::new(verdict.name(), page.t(&key)).hint(page.t(format!("{key}-hint")))
        })
        .into()
}
