//! The rules, pure: a call, what was submitted and the register give findings, the same ones each time.
//!
//! A machine turns nobody down (§ 35a VwVfG): a rule is clearly kept, or a person must decide. Every finding
//! says which clause asks, what was found and where; one that asks for a person says what would help.

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

/// What the rules found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assessment {
    /// Every rule that was looked at, in a fixed order.
    pub findings: Vec<Finding>,
    /// Version of the call's rules.
    pub rule_version: u32,
    /// Day for which the register was asked: the day of application, in Germany.
    pub register_day: NaiveDate,
}

impl Assessment {
    /// Every rule is clearly kept.
    pub fn is_clear(&self) -> bool {
        self.findings.iter().all(|finding| finding.outcome == Outcome::Met)
    }
}

/// Looks at every rule of `call`. In a joint project each municipality is looked at.
pub fn assess(call: &Call, submitted: &ApplicationSubmitted, register: &Register) -> Assessment {
    let register_day = submitted.submitted_at.with_timezone(&Berlin).date_naive();
    // Said in both languages by the same rules: what an English reader reads cannot differ from what counts.
    let mut findings = said(Language::De, call, submitted, register, register_day);
    let english = said(Language::En, call, submitted, register, register_day);
    for (finding, english) in findings.iter_mut().zip(english) {
        let Finding { clause, value, source, remedy, .. } = english;
        finding.english = Some(FindingTexts { clause, value, source, remedy });
    }
    Assessment { findings, rule_version: call.version, register_day }
}

/// Every rule, in one language.
fn said(
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

/// The applicant, and the other municipalities of a joint project.
fn everybody(submitted: &ApplicationSubmitted) -> Vec<Ags> {
    let participants = submitted.application.joint.iter().flat_map(|joint| &joint.participants);
    std::iter::once(&submitted.applicant.ags).chain(participants.map(|one| &one.ags)).cloned().collect()
}

/// Is it a municipality of North Rhine-Westphalia at all?
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
