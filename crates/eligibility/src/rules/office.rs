//! The immigration office that a call asks for (§ 1 Nr. 4 ZustAVO NRW).

use chrono::NaiveDate;
use events::{Ags, Finding, OfficeRule, Rule};

use pages::Language;

use super::result::RuleResult;
use super::words::{name, say};
use crate::register::{Entry, Office, Register};

/// Whether `ags` has the office that the call asks for on the day `on`. `everybody` are all municipalities of the
/// project.
pub(super) fn finding(
    language: Language,
    rule: OfficeRule,
    ags: &Ags,
    everybody: &[Ags],
    register: &Register,
    on: NaiveDate,
) -> Finding {
    let entry = register.on(ags, on);
    let day = language.date(on);
    let value = match entry {
        Some(entry) => state(language, ags, entry),
        None => say(
            language,
            &format!("{}: kein Eintrag am {day}", name(ags)),
            &format!("{}: no entry on {day}", name(ags)),
        ),
    };
    let kept = match (rule, entry.map(|entry| &entry.office)) {
        (OfficeRule::AnyMunicipality, _) | (_, Some(Office::Own)) => true,
        (OfficeRule::OwnOffice, _) | (_, None) => false,
        // A district that takes part in the project declares its consent by applying.
        (
            OfficeRule::OfficeOfDistrictWithDeclaration,
            Some(Office::Delegated(district) | Office::District(district) | Office::Unclear(district)),
        ) => everybody.contains(district),
    };
    let of_day = say(
        language,
        &format!("Register der Ausländerbehörden am {day}"),
        &format!("Register of immigration offices on {day}"),
    );
    let source = match entry {
        Some(entry) => format!("{of_day}: {}", entry.source),
        None => of_day,
    };
    RuleResult::kept_if(kept, value, remedy(language, rule, ags, entry)).finding(
        Rule::ImmigrationOffice,
        Some(ags),
        clause(language, rule),
        source,
    )
}

fn clause(language: Language, rule: OfficeRule) -> String {
    let (de, en) = match rule {
        OfficeRule::OwnOffice => (
            "Aufruf: eigene Ausländerbehörde; § 1 Nr. 4 ZustAVO NRW",
            "Call: an immigration office of its own; § 1 no. 4 ZustAVO NRW",
        ),
        OfficeRule::OfficeOfDistrictWithDeclaration => (
            "Aufruf: eigene Ausländerbehörde, oder die des Kreises mit dessen Erklärung; § 1 Nr. 4 ZustAVO NRW",
            "Call: an immigration office of its own, or that of the district with its declaration; § 1 no. 4 ZustAVO \
             NRW",
        ),
        OfficeRule::AnyMunicipality => (
            "Aufruf: jede Kommune, auch ohne eigene Ausländerbehörde",
            "Call: any municipality, also without an immigration office of its own",
        ),
    };
    say(language, de, en)
}

// The district stands after a colon, so that its name stays in the nominative ("Rheinisch-Bergischer Kreis").
fn state(language: Language, ags: &Ags, entry: &Entry) -> String {
    let town = name(ags);
    let since = entry.from.map(|from| language.date(from));
    let since =
        since.map(|day| say(language, &format!(" (belegt seit {day})"), &format!(" (known since {day})")));
    let since = since.unwrap_or_default();
    match &entry.office {
        Office::Own => say(
            language,
            &format!("{town} hat eine eigene Ausländerbehörde"),
            &format!("{town} has an immigration office of its own"),
        ),
        Office::Delegated(district) => {
            let district = name(district);
            say(
                language,
                &format!(
                    "{town} hat seine Ausländerbehörde durch Vereinbarung abgegeben an: {district}{since}"
                ),
                &format!("{town} has handed its immigration office over by agreement to: {district}{since}"),
            )
        }
        Office::District(district) => {
            let district = name(district);
            say(
                language,
                &format!("{town} hat keine eigene Ausländerbehörde; zuständig ist: {district}"),
                &format!("{town} has no immigration office of its own; responsible is: {district}"),
            )
        }
        Office::Unclear(district) => {
            let district = name(district);
            say(
                language,
                &format!(
                    "Für diesen Tag nicht belegt, ob die Ausländerbehörde noch bei {town} lag oder schon bei: {district}"
                ),
                &format!(
                    "Not known for this day whether the immigration office was still with {town} or already with: \
                     {district}"
                ),
            )
        }
    }
}

/// What would make the municipality eligible.
fn remedy(language: Language, rule: OfficeRule, ags: &Ags, entry: Option<&Entry>) -> String {
    let Some(entry) = entry else {
        return say(
            language,
            "Klären, wer an diesem Tag die Ausländerbehörde führte.",
            "Find out who ran the immigration office on this day.",
        );
    };
    match (&entry.office, rule) {
        (Office::Own, _) | (_, OfficeRule::AnyMunicipality) => String::new(),
        (
            Office::Delegated(district) | Office::District(district) | Office::Unclear(district),
            OfficeRule::OwnOffice,
        ) => {
            let (district, town) = (name(district), name(ags));
            say(
                language,
                &format!(
                    "Den Antrag kann stellen, wer die zuständige Ausländerbehörde führt: {district}. {town} kann dann \
                     Partner des Projekts sein."
                ),
                &format!(
                    "Whoever runs the responsible immigration office can apply: {district}. {town} can then be a partner \
                     of the project."
                ),
            )
        }
        (
            Office::Delegated(district) | Office::District(district) | Office::Unclear(district),
            OfficeRule::OfficeOfDistrictWithDeclaration,
        ) => {
            let district = name(district);
            say(
                language,
                &format!(
                    "Es fehlt die Erklärung, dass die zuständige Ausländerbehörde am Projekt mitwirkt: {district}. Statt \
                     der Erklärung genügt es, wenn diese Stelle am Projekt beteiligt ist."
                ),
                &format!(
                    "What is missing is the declaration that the responsible immigration office takes part: {district}. \
                     Instead of the declaration it is enough that this body takes part in the project."
                ),
            )
        }
    }
}
