//! Facts and forms with plausible content, to start a test from.

use chrono::{DateTime, NaiveDate, TimeZone, Utc};
use events::{
    Ags, Applicant, Application, ApplicationId, ApplicationSubmitted, ApplicationWithdrawn, Authority,
    BudgetYear, Call, Cents, Contact, Court, Criterion, Decider, Declaration, EligibilityConfirmed,
    EmailBounced, EmailSent, EventId, FinancingPlan, FundingPriority, JointProject, Language, Letters,
    OfficeRule, Participant, Partner, PartnerKind, Period, Person, ProjectTheme, Text, Window, municipality,
};
use uuid::Uuid;

/// A moment in the window of the demonstration call: 23 November 2026, noon in Germany.
pub fn noon() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 23, 11, 0, 0).single().expect("a moment that exists")
}

pub fn ags(key: &str) -> Ags {
    key.parse().expect("a well-formed key")
}

/// `text` is a date such as `2027-04-01`.
pub fn day(text: &str) -> NaiveDate {
    text.parse().expect("a day that exists")
}

/// The person `id`, with the name `Dr. <id>`.
pub fn person(id: &str) -> Person {
    Person { id: id.to_owned(), name: format!("Dr. {id}") }
}

/// A new id.
pub fn new_application() -> ApplicationId {
    ApplicationId(Uuid::now_v7())
}

/// A call with two criteria of up to 5 points, two reviews for each application, and grants of 5,000 € to 100,000 €.
pub fn call() -> Call {
    let text = |de: &str, en: &str| Text { de: de.into(), en: en.into() };
    let criterion = |key: &str, title, weight| Criterion { key: key.into(), title, weight };
    Call {
        key: "komm-in-2027".into(),
        version: 3,
        title: text("KOMM-IN NRW 2027", "KOMM-IN NRW 2027"),
        programme: "KOMM-IN NRW".into(),
        file_number_prefix: "36.KI-2027".into(),
        window: Window {
            opens: "2026-09-30T22:00:00Z".parse().expect("a moment"),
            closes: "2027-02-28T22:59:59Z".parse().expect("a moment"),
        },
        budget: vec![BudgetYear { year: 2027, amount: Cents::euros(2_450_000) }],
        minimum_grant: Cents::euros(5_000),
        maximum_grant: Cents::euros(100_000),
        office_rule: OfficeRule::OwnOffice,
        funding_priorities: FundingPriority::ALL.to_vec(),
        themes: ProjectTheme::ALL.to_vec(),
        project_from: day("2027-04-01"),
        project_to: day("2028-01-31"),
        criteria: vec![
            criterion("effect", text("Wirkung", "Effect"), 60),
            criterion("partners", text("Partner", "Partners"), 40),
        ],
        maximum_score: 5,
        reviews_per_application: 2,
        letters: Letters {
            authority: Authority {
                name: "Bewilligungsbehörde Musterland".into(),
                address: vec!["Musterstraße 1".into(), "59821 Arnsberg".into()],
                contact: "Jana Muster, 02931 000-0".into(),
            },
            signed_by: "Dr. Maria Beispiel".into(),
            court: Court {
                name: "Verwaltungsgericht Düsseldorf".into(),
                address: vec!["Bastionstraße 39".into(), "40213 Düsseldorf".into()],
            },
            court_by_seat: false,
            ancillary_conditions: "Allgemeine Nebenbestimmungen (ANBest-G), Fassung vom 6. Juni 2022".into(),
            conditions: vec!["Die Ausländerbehörde arbeitet am Projekt mit.".into()],
            payout: "Rufen Sie die Mittel im Portal ab.".into(),
            proof_due_days: 90,
            footer: "Demonstration: Dieser Bescheid hat keine Wirkung.".into(),
        },
    }
}

/// A complete form of one municipality: a grant of 48,000.00 €, 60,000.00 € in total.
pub fn application() -> Application {
    Application {
        title: "Strategische Steuerung und Qualifizierung des Integrationsnetzwerks in Solingen".into(),
        field_of_action: "Steuerung der Integrationsarbeit".into(),
        problem_statement: "Die Steuerung der Integrationsarbeit ist verbesserungsbedürftig.".into(),
        goals: vec!["Bessere strategische Steuerung".into()],
        action_goals: vec!["Kennzahlen über alle Ressorts".into()],
        output_goals: vec!["Handbuch für Migrantenorganisationen".into()],
        method: "Werkstätten mit allen Stellen".into(),
        products_and_results: "Ausländer- und Integrationsbüro".into(),
        funding_priorities: vec![FundingPriority::StrategicSteering],
        themes: vec![ProjectTheme::IntegrationTraining],
        partners: vec![Partner { name: "MSO-Netzwerk".into(), kind: PartnerKind::MigrantOrganisation }],
        immigration_office_part: "Die Ausländerbehörde wird neu ausgerichtet.".into(),
        joint: None,
        project_period: Period { from: day("2027-04-01"), to: day("2027-12-31") },
        financing: FinancingPlan {
            grant: Cents::euros(48_000),
            own_share: Cents::euros(10_000),
            third_parties: Cents::euros(2_000),
            total: Cents::euros(60_000),
        },
        contact: Contact {
            name: "Erika Mustermann".into(),
            email: "erika@example.org".into(),
            phone: "0212 290-0".into(),
            language: Language::De,
        },
        declarations: Declaration::ALL.to_vec(),
    }
}

/// The form as submitted by Solingen.
pub fn application_submitted() -> ApplicationSubmitted {
    submitted_by("05122000")
}

/// The form as submitted by the municipality with this key.
pub fn submitted_by(key: &str) -> ApplicationSubmitted {
    ApplicationSubmitted {
        rule_version: None,
        call: call().id(),
        file_number: "36.KI-2027-0001".into(),
        submitted_at: noon(),
        late: false,
        applicant: applicant(key),
        participant_names: Vec::new(),
        submitted_by: Person { id: "applicant-solingen".into(), name: "Erika Mustermann".into() },
        application: application(),
    }
}

/// The municipality with this key; the name of an unknown one is `?`.
pub fn applicant(key: &str) -> Applicant {
    let ags = ags(key);
    let name = municipality(&ags).map_or("?", |one| &one.name).to_owned();
    Applicant { ags, name }
}

/// Makes it a joint project, in which this municipality participates with 8,000.00 € of the grant.
pub fn with_participant(submitted: &mut ApplicationSubmitted, key: &str) {
    let share = Cents::euros(8_000);
    let lead_share = Cents(submitted.application.financing.grant.0 - share.0);
    submitted.participant_names = vec![applicant(key).name];
    submitted.application.joint =
        Some(JointProject { lead_share, participants: vec![Participant { ags: ags(key), share }] });
}

/// A joint project of two municipalities.
pub fn joint(lead: &str, participant: &str) -> ApplicationSubmitted {
    let mut submitted = submitted_by(lead);
    with_participant(&mut submitted, participant);
    submitted
}

/// Confirmed by the rules, without findings.
pub fn eligibility_confirmed() -> EligibilityConfirmed {
    EligibilityConfirmed {
        findings: Vec::new(),
        decided_by: Decider::Rules,
        rule_version: call().version,
        register_day: noon().date_naive(),
    }
}

pub fn application_withdrawn() -> ApplicationWithdrawn {
    ApplicationWithdrawn { withdrawn_at: noon(), withdrawn_by: person("applicant"), reason: None }
}

pub fn email_sent(template: &str) -> EmailSent {
    EmailSent {
        about: EventId(Uuid::now_v7()),
        template: template.into(),
        recipient: application().contact.email,
        message_id: "<1@example.org>".into(),
        sent_at: noon(),
        attempts: 1,
        ambiguous: false,
    }
}

pub fn email_bounced(template: &str) -> EmailBounced {
    EmailBounced {
        about: EventId(Uuid::now_v7()),
        template: template.into(),
        recipient: application().contact.email,
        reason: "550 no such user".into(),
        bounced_at: noon(),
    }
}
