//! The administrative court that is competent for a recipient's seat (§ 52 no. 3 VwGO, § 17 JustG NRW). The table and
//! its sources are in `data/`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use events::Ags;

/// An administrative court of North Rhine-Westphalia.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AdministrativeCourt {
    /// The town it sits in, which is also its name.
    pub seat: &'static str,
    street: &'static str,
    town: &'static str,
}

impl AdministrativeCourt {
    /// `Verwaltungsgericht Gelsenkirchen`.
    pub fn name(self) -> String {
        format!("Verwaltungsgericht {}", self.seat)
    }

    /// Street, postcode and town on one line.
    pub fn address(self) -> String {
        format!("{}, {}", self.street, self.town)
    }
}

/// The court in whose district this municipality, county (Kreis) or city region has its seat. `None`: the seat is not
/// in North Rhine-Westphalia.
pub fn of_seat(ags: &Ags) -> Option<AdministrativeCourt> {
    static BY_DISTRICT: LazyLock<BTreeMap<&str, AdministrativeCourt>> = LazyLock::new(|| {
        let read = |line: &'static str| {
            let mut columns = line.split(',');
            let (district, _name) = (columns.next()?, columns.next()?);
            let (seat, street, town) = (columns.next()?, columns.next()?, columns.next()?);
            Some((district, AdministrativeCourt { seat, street, town }))
        };
        include_str!("../data/courts.csv").lines().skip(1).filter_map(read).collect()
    });
    BY_DISTRICT.get(ags.district()).copied()
}
