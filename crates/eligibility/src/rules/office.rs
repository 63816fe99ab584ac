//! The immigration office that a call asks for (§ 1 Nr. 4 ZustAVO NRW).

use chrono::NaiveDate;
use events::{Ags, Finding, OfficeRule, Rule};

use super::Found;
use super::words::{day, name};
use crate::register::{Entry, Office, Register};

/// Whether `ags` has the office that the call asks for, on `on`. `everybody` takes part in the project.
pub(super) fn finding(
    rule: OfficeRule,
    ags: &Ags,
    everybody: &[Ags],
    register: &Register,
    on: NaiveDate,
) -> Finding {
    let entry = register.on(ags, on);
    let value = match entry {
        Some(entry) => state(ags, entry),
        None => format!("{}: kein Eintrag am {}", name(ags), day(on)),
    };
    let kept = match (rule, entry.map(|entry| &entry.office)) {
        (OfficeRule::AnyMunicipality, _) | (_, Some(Office::Own)) => true,
        (OfficeRule::OwnOffice, _) | (_, None) => false,
        // Where the district itself is part of the project, its application is its declaration.
        (
            OfficeRule::OfficeOfDistrictWithDeclaration,
            Some(Office::Delegated(district) | Office::District(district) | Office::Unclear(district)),
        ) => everybody.contains(district),
    };
    let source = match entry {
        Some(entry) => format!("Register der Ausländerbehörden am {}: {}", day(on), entry.source),
        None => format!("Register der Ausländerbehörden am {}", day(on)),
    };
    Found::kept_if(kept, value, &remedy(rule, ags, entry)).finding(
        Rule::ImmigrationOffice,
        Some(ags),
        clause(rule),
        source,
    )
}

fn clause(rule: OfficeRule) -> &'static str {
    match rule {
        OfficeRule::OwnOffice => "Aufruf: eigene Ausländerbehörde; § 1 Nr. 4 ZustAVO NRW",
        OfficeRule::OfficeOfDistrictWithDeclaration => {
            "Aufruf: eigene Ausländerbehörde, oder die des Kreises mit dessen Erklärung; § 1 Nr. 4 ZustAVO NRW"
        }
        OfficeRule::AnyMunicipality => "Aufruf: jede Kommune, auch ohne eigene Ausländerbehörde",
    }
}

// With a colon before the district: its name stands in the nominative ("Rheinisch-Bergischer Kreis").
fn state(ags: &Ags, entry: &Entry) -> String {
    let town = name(ags);
    let since = entry.from.map(|from| format!(" (belegt seit {})", day(from))).unwrap_or_default();
    match &entry.office {
        Office::Own => format!("{town} hat eine eigene Ausländerbehörde"),
        Office::Delegated(district) => {
            format!(
                "{town} hat seine Ausländerbehörde durch Vereinbarung abgegeben an: {}{since}",
                name(district)
            )
        }
        Office::District(district) => {
            format!("{town} hat keine eigene Ausländerbehörde; zuständig ist: {}", name(district))
        }
        Office::Unclear(district) => {
            format!(
                "Für diesen Tag nicht belegt, ob die Ausländerbehörde noch bei {town} lag oder schon bei: {}",
                name(district)
            )
        }
    }
}

/// What would make it eligible.
fn remedy(rule: OfficeRule, ags: &Ags, entry: Option<&Entry>) -> String {
    let Some(entry) = entry else {
        return "Klären, wer an diesem Tag die Ausländerbehörde führte.".to_owned();
    };
    match (&entry.office, rule) {
        (Office::Own, _) | (_, OfficeRule::AnyMunicipality) => String::new(),
        (
            Office::Delegated(district) | Office::District(district) | Office::Unclear(district),
            OfficeRule::OwnOffice,
        ) => {
            format!(
                "Den Antrag kann stellen, wer die zuständige Ausländerbehörde führt: {}. {} kann dann Partner des \
                 Projekts sein.",
                name(district),
                name(ags)
            )
        }
        (
            Office::Delegated(district) | Office::District(district) | Office::Unclear(district),
            OfficeRule::OfficeOfDistrictWithDeclaration,
        ) => format!(
            "Es fehlt die Erklärung, dass die zuständige Ausländerbehörde am Projekt mitwirkt: {}. Statt der \
             Erklärung genügt es, wenn diese Stelle am Projekt beteiligt ist.",
            name(district)
        ),
    }
}
