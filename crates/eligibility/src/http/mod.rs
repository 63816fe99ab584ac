//! Pages and API of this service. Each file has the page and the API operation of one action.

mod decide;
mod list;
mod routes;
mod show;
mod view;
mod words;

pub use routes::routes;

use events::ApplicationId;

/// Name under which the form of the decision is kept.
fn kept_name(id: ApplicationId) -> String {
    format!("decision/{id}")
}

#[cfg(test)]
mod tests {
    use events::{Ags, Finding};
    use pages::{Language, messages};
    use testkit::samples;

    use super::words;
    use crate::case::{Status, Verdict};
    use crate::register::Register;
    use crate::rules::assess;

    const DE: &str = include_str!("../../messages/de.ftl");
    const EN: &str = include_str!("../../messages/en.ftl");

    #[test]
    fn every_word_is_there_in_both_languages() {
        messages::assert_catalogues_match(DE, EN);
        messages::assert_templates_known("templates", DE, EN);
        let findings: Vec<Finding> =
            assess(&samples::call(), &samples::application_submitted(), Register::nrw()).findings;
        let rules = findings.iter().map(|finding| words::rule(finding.rule));
        let statuses = Status::ALL.into_iter().map(words::status);
        let verdicts = [Verdict::Eligible, Verdict::Ineligible].map(|one| format!("decide-{}", one.name()));
        let hints = verdicts.iter().map(|key| format!("{key}-hint"));
        let pages = crate::pages().unwrap();
        for key in rules.chain(statuses).map(str::to_owned).chain(verdicts.iter().cloned()).chain(hints) {
            assert!(Language::ALL.iter().all(|language| pages.messages().has(*language, &key)), "{key}");
        }
    }

    #[test]
    fn an_unknown_key_is_shown_as_it_is() {
        let ags: Ags = "05999999".parse().unwrap();
        assert_eq!(words::name(&ags), "05999999");
    }
}
