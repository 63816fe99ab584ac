//! The municipalities of North Rhine-Westphalia with official keys and names, for all services. Which of them have
//! an immigration office is known to eligibility's register only.
//!
//! Source: Destatis, Gemeindeverzeichnis (GV100AD), Gebietsstand 30.11.2023; see `data/README.md`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::Ags;

/// A municipality, a Kreis or the Städteregion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Municipality {
    pub ags: Ags,
    /// The everyday name: `Solingen`, `Kreis Kleve`.
    pub name: String,
    pub kind: MunicipalityKind,
    /// Key of its district; an independent city is its own.
    pub district: Ags,
}

/// Kind of a municipality (§ 4 GO NRW, § 1 KrO NRW).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MunicipalityKind {
    /// Kreis.
    District,
    /// Städteregion Aachen; has the standing of a Kreis.
    CityRegion,
    /// Kreisfreie Stadt.
    IndependentCity,
    /// Aachen: in the city region, with the standing of an independent city.
    CityInCityRegion,
    /// Große kreisangehörige Stadt.
    LargeDistrictTown,
    /// Mittlere kreisangehörige Stadt.
    MediumDistrictTown,
    /// Other town in a Kreis.
    DistrictTown,
    /// Municipality in a Kreis that is not a town.
    RuralMunicipality,
}

impl MunicipalityKind {
    fn read(text: &str) -> Option<Self> {
        Some(match text {
            "kreis" => Self::District,
            "staedteregion" => Self::CityRegion,
            "kreisfreie_stadt" => Self::IndependentCity,
            "regionsangehoerige_stadt" => Self::CityInCityRegion,
            "grosse_kreisangehoerige_stadt" => Self::LargeDistrictTown,
            "mittlere_kreisangehoerige_stadt" => Self::MediumDistrictTown,
            "kreisangehoerige_stadt" => Self::DistrictTown,
            "gemeinde" => Self::RuralMunicipality,
            _ => return None,
        })
    }
}

static ALL: LazyLock<BTreeMap<Ags, Municipality>> = LazyLock::new(|| {
    include_str!("../data/municipalities.csv")
        .lines()
        .skip(1)
        .map(|line| read(line).expect("the embedded list is well formed; a test reads it"))
        .map(|one| (one.ags.clone(), one))
        .collect()
});

/// Reads a line `ags,name,kind,district_ags,…`; a name with a comma is in quotation marks.
fn read(line: &str) -> Option<Municipality> {
    let (ags, rest) = line.split_once(',')?;
    let (name, rest) = match rest.strip_prefix('"') {
        Some(quoted) => quoted.split_once("\",")?,
        None => rest.split_once(',')?,
    };
    let mut columns = rest.split(',');
    let kind = MunicipalityKind::read(columns.next()?)?;
    let district = columns.next()?.parse().ok()?;
    // `Solingen, Klingenstadt` and `Paderborn, Stadt` are read as `Solingen` and `Paderborn`.
    let plain = name.split(", ").next()?;
    let name = match kind {
        MunicipalityKind::District if !plain.contains("reis") => format!("Kreis {plain}"),
        _ => plain.to_owned(),
    };
    Some(Municipality { ags: ags.parse().ok()?, name, kind, district })
}

/// The municipality with this key, if there is one in North Rhine-Westphalia.
pub fn municipality(ags: &Ags) -> Option<&'static Municipality> {
    ALL.get(ags)
}

/// In the order of their keys.
pub fn municipalities() -> impl Iterator<Item = &'static Municipality> {
    ALL.values()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_whole() {
        let districts = municipalities()
            .filter(|one| matches!(one.kind, MunicipalityKind::District | MunicipalityKind::CityRegion))
            .count();
        assert_eq!((municipalities().count(), districts), (427, 31));
    }

    #[test]
    fn names_are_those_that_people_say() {
        let name = |ags: &str| municipality(&ags.parse().unwrap()).unwrap().name.as_str();
        assert_eq!(name("05122000"), "Solingen");
        assert_eq!(name("05154"), "Kreis Kleve");
        assert_eq!(name("05162"), "Rhein-Kreis Neuss");
        assert_eq!(name("05334"), "Städteregion Aachen");
        assert_eq!(name("05962"), "Märkischer Kreis");
    }
}
