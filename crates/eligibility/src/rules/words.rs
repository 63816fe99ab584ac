//! The texts of the findings. Findings are part of the file, whose language is German (§ 23 VwVfG); the English texts
//! are for readers only. Names of offices and laws stay German.

use events::{Ags, Declaration, MunicipalityKind, municipality};
use pages::Language;

pub(super) fn name(ags: &Ags) -> &str {
    municipality(ags).map_or(ags.as_str(), |one| one.name.as_str())
}

pub(super) fn say(language: Language, de: &str, en: &str) -> String {
    match language {
        Language::De => de.to_owned(),
        Language::En => en.to_owned(),
    }
}

pub(super) fn kind(language: Language, kind: MunicipalityKind) -> &'static str {
    let (de, en) = match kind {
        MunicipalityKind::District => ("Kreis", "district"),
        MunicipalityKind::CityRegion => {
            ("Städteregion mit der Stellung eines Kreises", "city region with the standing of a district")
        }
        MunicipalityKind::IndependentCity => ("kreisfreie Stadt", "city independent of a district"),
        MunicipalityKind::CityInCityRegion => ("regionsangehörige Stadt", "town of the city region"),
        MunicipalityKind::LargeDistrictTown => ("Große kreisangehörige Stadt", "large town of a district"),
        MunicipalityKind::MediumDistrictTown => {
            ("Mittlere kreisangehörige Stadt", "medium-sized town of a district")
        }
        MunicipalityKind::DistrictTown => ("kreisangehörige Stadt", "town of a district"),
        MunicipalityKind::RuralMunicipality => ("kreisangehörige Gemeinde", "municipality of a district"),
    };
    if language == Language::De { de } else { en }
}

pub(super) fn declaration(language: Language, declaration: Declaration) -> &'static str {
    let (de, en) = match declaration {
        Declaration::LimitedInTime => (
            "Förderung ist befristet und macht Strukturen wirksamer",
            "the grant is limited in time and makes structures work better",
        ),
        Declaration::LastingEffect => ("nachhaltige Wirkung", "a lasting effect"),
        Declaration::JointGoals => (
            "gemeinsame Ziele von Ausländerbehörde und Integrationsstellen",
            "joint goals of the immigration office and the integration bodies",
        ),
        Declaration::MigrantOrganisations => {
            ("Migrantenselbstorganisationen als Partner", "migrant organisations as partners")
        }
        Declaration::MunicipalSteering => (
            "Steuerung und Ergebnisverantwortung bei der Kommune",
            "steering and responsibility for the results with the municipality",
        ),
        Declaration::Qualification => (
            "Qualifizierung der Kommune für Integrationsstrategien",
            "the municipality qualifies itself for integration strategies",
        ),
        Declaration::GenderMainstreaming => ("Gender Mainstreaming", "gender mainstreaming"),
    };
    if language == Language::De { de } else { en }
}
