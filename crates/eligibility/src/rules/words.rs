//! The German words of the findings. Findings are part of the file, whose language is German (§ 23 VwVfG).

use chrono::{DateTime, NaiveDate, Utc};
use events::{Ags, Cents, Declaration, MunicipalityKind, municipality};
use pages::Language;

pub(super) fn name(ags: &Ags) -> &str {
    municipality(ags).map_or(ags.as_str(), |one| one.name.as_str())
}

pub(super) fn day(day: NaiveDate) -> String {
    Language::De.date(day)
}

/// Local time in Germany.
pub(super) fn moment(at: DateTime<Utc>) -> String {
    Language::De.moment(at)
}

/// The end of a time limit, such as `28.02.2027, 24:00 Uhr`.
pub(super) fn deadline(end: DateTime<Utc>) -> String {
    Language::De.deadline(end)
}

pub(super) fn euros(amount: Cents) -> String {
    Language::De.money(amount.0)
}

pub(super) fn kind(kind: MunicipalityKind) -> &'static str {
    match kind {
        MunicipalityKind::District => "Kreis",
        MunicipalityKind::CityRegion => "Städteregion mit der Stellung eines Kreises",
        MunicipalityKind::IndependentCity => "kreisfreie Stadt",
        MunicipalityKind::CityInCityRegion => "regionsangehörige Stadt",
        MunicipalityKind::LargeDistrictTown => "Große kreisangehörige Stadt",
        MunicipalityKind::MediumDistrictTown => "Mittlere kreisangehörige Stadt",
        MunicipalityKind::DistrictTown => "kreisangehörige Stadt",
        MunicipalityKind::RuralMunicipality => "kreisangehörige Gemeinde",
    }
}

pub(super) fn declaration(declaration: Declaration) -> &'static str {
    match declaration {
        Declaration::LimitedInTime => "Förderung ist befristet und macht Strukturen wirksamer",
        Declaration::LastingEffect => "nachhaltige Wirkung",
        Declaration::JointGoals => "gemeinsame Ziele von Ausländerbehörde und Integrationsstellen",
        Declaration::MigrantOrganisations => "Migrantenselbstorganisationen als Partner",
        Declaration::MunicipalSteering => "Steuerung und Ergebnisverantwortung bei der Kommune",
        Declaration::Qualification => "Qualifizierung der Kommune für Integrationsstrategien",
        Declaration::GenderMainstreaming => "Gender Mainstreaming",
    }
}
