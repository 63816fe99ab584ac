//! A call, an application and reviews, as the other services say them.

use chrono::NaiveDate;
use events::*;

pub fn day(text: &str) -> NaiveDate {
    text.parse().expect("a day")
}

pub fn person(id: &str) -> Person {
    Person { id: id.to_owned(), name: format!("Person {id}") }
}

/// A call with this much money in 2027.
pub fn call(budget: Cents) -> Call {
    let text = |text: &str| Text { de: text.to_owned(), en: text.to_owned() };
    Call {
        key: "komm-in-2027".into(),
        version: 1,
        title: text("Förderaufruf 2027"),
        programme: "KOMM-IN NRW".into(),
        file_number_prefix: "36.KI-2027".into(),
        window: Window {
            opens: "2026-11-01T00:00:00Z".parse().expect("a moment"),
            closes: "2027-02-28T23:00:00Z".parse().expect("a moment"),
        },
        budget: vec![BudgetYear { year: 2027, amount: budget }],
        minimum_grant: Cents::euros(5_000),
        maximum_grant: Cents::euros(100_000),
        office_rule: OfficeRule::OwnOffice,
        funding_priorities: FundingPriority::ALL.to_vec(),
        themes: ProjectTheme::ALL.to_vec(),
        project_from: day("2027-05-01"),
        project_to: day("2028-04-30"),
        criteria: vec![
            Criterion {
                key: "effect".into(),
                title: Text { de: "Wirkung".into(), en: "Effect".into() },
                weight: 60,
            },
            Criterion {
                key: "plan".into(),
                title: Text { de: "Planung".into(), en: "Planning".into() },
                weight: 40,
            },
        ],
        maximum_score: 10,
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

/// Solingen applies for 60,000 € of 75,000 €.
pub fn submitted(number: u32) -> ApplicationSubmitted {
    ApplicationSubmitted {
        call: CallId::of_key("komm-in-2027"),
        file_number: format!("36.KI-2027-{number:04}"),
        submitted_at: "2027-01-12T10:00:00Z".parse().expect("a moment"),
        late: false,
        applicant: Applicant { ags: "05122000".parse().expect("a key"), name: "Solingen".into() },
        participant_names: Vec::new(),
        submitted_by: person("applicant"),
        application: Application {
            title: format!("Qualifizierung des Integrationsnetzwerks {number}"),
            field_of_action: "Personalmanagement".into(),
            problem_statement: "Die Steuerung der Integrationsarbeit ist verbesserungsbedürftig.".into(),
            goals: vec!["bessere strategische Steuerung".into(), "Unterstützung des MSO-Netzwerks".into()],
            action_goals: vec!["Kennzahlen".into()],
            output_goals: Vec::new(),
            method: "Workshops und Befragungen.".into(),
            products_and_results: "Ein Handbuch.".into(),
            funding_priorities: vec![FundingPriority::StrategicSteering],
            themes: vec![ProjectTheme::GuideSystems],
            partners: vec![Partner { name: "MSO-Netzwerk".into(), kind: PartnerKind::MigrantOrganisation }],
            immigration_office_part: "Sie richtet sich neu aus.".into(),
            joint: None,
            project_period: Period { from: day("2027-05-10"), to: day("2028-01-31") },
            financing: FinancingPlan {
                grant: Cents::euros(60_000),
                own_share: Cents::euros(15_000),
                third_parties: Cents::ZERO,
                total: Cents::euros(75_000),
            },
            contact: Contact {
                name: "Ayşe Demir".into(),
                email: "demir@solingen.example".into(),
                phone: String::new(),
                language: Language::De,
            },
            declarations: Declaration::ALL.to_vec(),
        },
    }
}

/// Two reviewers, both for it.
pub fn reviews(weighted: u16) -> ReviewCompleted {
    let review = |id: &str| ReviewGiven {
        reviewer: person(id),
        scores: vec![
            Score { criterion: "effect".into(), points: 8 },
            Score { criterion: "plan".into(), points: 7 },
        ],
        weighted,
        recommendation: Recommendation::Fund,
        comment: "Gut begründet, und die Zahlen stimmen.".into(),
    };
    ReviewCompleted {
        reviews: vec![review("reviewer-1"), review("reviewer-2")],
        weighted,
        recommendation: Recommendation::Fund,
        split: false,
    }
}
