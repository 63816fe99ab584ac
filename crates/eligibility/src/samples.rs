//! A call and applications for this crate's tests.

use chrono::NaiveDate;
use events::{
    Applicant, ApplicationSubmitted, Authority, BudgetYear, Call, Cents, Court, Criterion, FundingPriority,
    JointProject, Letters, OfficeRule, Participant, ProjectTheme, Text, Window, municipality,
};

pub fn day(text: &str) -> NaiveDate {
    text.parse().expect("a day")
}

fn both(text: &str) -> Text {
    Text { de: text.to_owned(), en: text.to_owned() }
}

/// Open from 1 November 2026 to 28 February 2027, for projects between April and January.
pub fn call(office_rule: OfficeRule) -> Call {
    Call {
        key: "komm-in-2027".to_owned(),
        version: 3,
        title: both("KOMM-IN NRW 2027"),
        programme: "KOMM-IN NRW".to_owned(),
        file_number_prefix: "36.KI-2027".to_owned(),
        window: Window {
            opens: "2026-10-31T23:00:00Z".parse().expect("a moment"),
            closes: "2027-02-28T22:59:59Z".parse().expect("a moment"),
        },
        budget: vec![BudgetYear { year: 2027, amount: Cents::euros(2_500_000) }],
        minimum_grant: Cents::euros(5_000),
        maximum_grant: Cents::euros(60_000),
        office_rule,
        funding_priorities: FundingPriority::ALL.to_vec(),
        themes: ProjectTheme::ALL.to_vec(),
        project_from: day("2027-04-01"),
        project_to: day("2028-01-31"),
        criteria: vec![Criterion { key: "effect".to_owned(), title: both("Wirkung"), weight: 100 }],
        maximum_score: 5,
        reviews_per_application: 2,
        letters: Letters {
            authority: Authority {
                name: "Bezirksregierung".to_owned(),
                address: vec![],
                contact: String::new(),
            },
            signed_by: "N. N.".to_owned(),
            court: Court { name: "Verwaltungsgericht".to_owned(), address: vec![] },
            court_by_seat: false,
            ancillary_conditions: "ANBest-G".to_owned(),
            conditions: vec![],
            payout: "auf Abruf".to_owned(),
            proof_due_days: 180,
            footer: String::new(),
        },
    }
}

/// A faultless application of the municipality with this key, submitted on 15 January 2027.
pub fn submitted(ags: &str) -> ApplicationSubmitted {
    let ags = testkit::samples::ags(ags);
    let name = municipality(&ags).map_or("?", |one| &one.name).to_owned();
    ApplicationSubmitted {
        call: call(OfficeRule::OwnOffice).id(),
        submitted_at: "2027-01-15T09:30:00Z".parse().expect("a moment"),
        applicant: Applicant { ags, name },
        ..testkit::samples::application_submitted()
    }
}

/// The same as a joint project with one more municipality, half the grant each.
pub fn joint(lead: &str, participant: &str) -> ApplicationSubmitted {
    let mut submitted = submitted(lead);
    submitted.participant_names = vec![self::submitted(participant).applicant.name];
    let share = Cents(submitted.application.financing.grant.0 / 2);
    submitted.application.joint = Some(JointProject {
        lead_share: share,
        participants: vec![Participant { ags: testkit::samples::ags(participant), share }],
    });
    submitted
}
