//! The rules. Pure: the same call, application and register always give the same findings.
//!
//! A machine refuses nobody (§ 35a VwVfG): either a rule is clearly met, or a person must decide. Every finding names
//! the clause, what was found and its source; one that a person must decide also says what would help.

mod office;
mod project;
mod result;
mod words;

#[cfg(test)]
mod tests;

use chrono::NaiveDate;
use chrono_tz::Europe::Berlin;
use events::{Ags, ApplicationSubmitted, Call, Finding, FindingTexts, Outcome, Rule, municipality};
use pages::Language;

use crate::register::Register;
use result::RuleResult;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assessment {
    /// One finding or more for every rule, in a fixed order.
    pub findings: Vec<Finding>,
    /// Version of the rules of the call.
    pub rule_version: u32,
    /// The day whose register was used: the day of application, in German time.
    pub register_day: NaiveDate,
}

impl Assessment {
    /// Whether every rule is clearly met.
    pub fn is_clear(&self) -> bool {
        self.findings.iter().all(|finding| finding.outcome == Outcome::Met)
    }
}

/// Applies every rule of `call`; in a joint project to each municipality.
pub fn assess(call: &Call, submitted: &ApplicationSubmitted, register: &Register) -> Assessment {
    let register_day = submitted.submitted_at.with_timezone(&Berlin).date_naive();
    // The same rules write both languages, so that the English text cannot say anything else than the binding one.
    let mut findings = findings_in(Language::De, call, submitted, register, register_day);
    let english = findings_in(Language::En, call, submitted, register, register_day);
    for (finding, english) in findings.iter_mut().zip(english) {
        let Finding { clause, value, source, remedy, .. } = english;
        finding.english = Some(FindingTexts { clause, value, source, remedy });
    }
    Assessment { findings, rule_version: call.version, register_day }
}

/// The findings in one language.
fn findings_in(
    language: Language,
    call: &Call,
    submitted: &ApplicationSubmitted,
    register: &Register,
    register_day: NaiveDate,
) -> Vec<Finding> {
    let application = &submitted.application;
    let everybody = everybody(submitted);
    let mut findings = Vec::new();
    for ags in &everybody {
        findings.push(known(language, ags));
        findings.push(office::finding(language, call.office_rule, ags, &everybody, register, register_day));
    }
    findings.push(project::deadline(language, call, submitted));
    findings.push(project::period(language, call, application));
    findings.push(project::not_begun(language, application, register_day));
    findings.push(project::grant_limits(language, call, application));
    findings.push(project::financing(language, application));
    findings.push(project::declarations(language, application));
    findings
}

/// The applicant and the other municipalities of a joint project.
fn everybody(submitted: &ApplicationSubmitted) -> Vec<Ags> {
    let participants = submitted.application.joint.iter().flat_map(|joint| &joint.participants);
    std::iter::once(&submitted.applicant.ags).chain(participants.map(|one| &one.ags)).cloned().collect()
}

/// Whether the key belongs to a municipality of North Rhine-Westphalia.
fn known(language: Language, ags: &Ags) -> Finding {
    let say = |de: &str, en: &str| words::say(language, de, en);
    let found = match municipality(ags) {
        Some(one) => RuleResult::Met(format!("{} ({ags}), {}", one.name, words::kind(language, one.kind))),
        None => RuleResult::Open {
            value: say(
                &format!("Der Schlüssel {ags} steht nicht im Verzeichnis"),
                &format!("The key {ags} is not in the register"),
            ),
            remedy: say(
                "Gemeindeschlüssel klären: Antragsberechtigt sind Gemeinden, Kreise und die Städteregion in \
                 Nordrhein-Westfalen.",
                "Find out the right key: municipalities, districts and the city region in North Rhine-Westphalia may \
                 apply.",
            ),
        },
    };
    found.finding(
        Rule::Municipality,
        Some(ags),
        say(
            "Aufruf: antragsberechtigt sind Kommunen in Nordrhein-Westfalen",
            "Call: municipalities in North Rhine-Westphalia may apply",
        ),
        "Statistisches Bundesamt (Destatis), Gemeindeverzeichnis (GV100AD), Gebietsstand 30.11.2023 (bearbeitet)",
    )
}
