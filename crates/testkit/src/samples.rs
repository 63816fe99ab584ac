//! Facts and forms with plausible content, to start a test from.

use chrono::{DateTime, NaiveDate, TimeZone, Utc};
use events::{
    Ags, Applicant, Application, ApplicationSubmitted, CallId, Cents, Contact, Declaration, FinancingPlan,
    FundingPriority, Language, Period, Person, ProjectTheme,
};

/// A day in the window of the demonstration call.
pub fn noon() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 23, 11, 0, 0).single().expect("a moment that exists")
}

/// A key that is known to be well formed.
pub fn ags(key: &str) -> Ags {
    key.parse().expect("a well-formed key")
}

/// A complete form: one municipality, 48,000.00 € applied for, 60,000.00 € in total.
pub fn application() -> Application {
    let day = |year, month, day| NaiveDate::from_ymd_opt(year, month, day).expect("a day that exists");
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
        partners: Vec::new(),
        immigration_office_part: "Die Ausländerbehörde wird neu ausgerichtet.".into(),
        joint: None,
        project_period: Period { from: day(2027, 4, 1), to: day(2027, 12, 31) },
        financing: FinancingPlan {
            grant: Cents::euros(48_000),
            own_share: Cents::euros(10_000),
            third_parties: Cents::euros(2_000),
            total: Cents::euros(60_000),
        },
        contact: Contact {
            name: "Erika Mustermann".into(),
            email: "erika@example.org".into(),
            phone: String::new(),
            language: Language::De,
        },
        declarations: Declaration::ALL.to_vec(),
    }
}

/// The fact that the form was submitted by Solingen.
pub fn application_submitted() -> ApplicationSubmitted {
    ApplicationSubmitted {
        call: CallId::of_key("komm-in-2027"),
        file_number: "36.KI-2027-0001".into(),
        submitted_at: noon(),
        late: false,
        applicant: Applicant { ags: ags("05122000"), name: "Solingen".into() },
        participant_names: Vec::new(),
        submitted_by: Person { id: "applicant-solingen".into(), name: "Erika Mustermann".into() },
        application: application(),
    }
}
