//! The register of immigration offices (Ausländerbehörden), § 1 Nr. 4 ZustAVO NRW, with the days on which each entry
//! is valid. Its data is `data/offices.csv`; `data/README.md` names the sources.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use chrono::NaiveDate;
use events::Ags;

/// Who runs the immigration office of a municipality.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Office {
    Own,
    /// A large town has handed its office over to this district by agreement.
    Delegated(Ags),
    /// The municipality has none; this district is responsible.
    District(Ags),
    /// For these days no source says whether the office is still the town's or already this district's.
    Unclear(Ags),
}

/// What is true of one municipality during one span of days.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub office: Office,
    /// First day; `None` goes back as far as the register does.
    pub from: Option<NaiveDate>,
    /// Last day; `None` until further notice.
    pub to: Option<NaiveDate>,
    /// Where this is written, in German.
    pub source: String,
}

impl Entry {
    fn holds_on(&self, day: NaiveDate) -> bool {
        self.from.is_none_or(|from| from <= day) && self.to.is_none_or(|to| day <= to)
    }
}

/// Every municipality with its entries in chronological order, which do not overlap.
#[derive(Clone, Debug, Default)]
pub struct Register(BTreeMap<Ags, Vec<Entry>>);

static NRW: LazyLock<Register> = LazyLock::new(|| {
    Register::read(include_str!("../data/offices.csv"), include_str!("../data/sources.csv"))
        .expect("the register in this crate is well formed; a test reads it")
});

impl Register {
    pub fn nrw() -> &'static Self {
        &NRW
    }

    /// The entry for `ags` on `day`; `None` if the register has none.
    pub fn on(&self, ags: &Ags, day: NaiveDate) -> Option<&Entry> {
        self.0.get(ags)?.iter().find(|entry| entry.holds_on(day))
    }

    /// All municipalities with their entries, sorted by key.
    pub fn iter(&self) -> impl Iterator<Item = (&Ags, &[Entry])> {
        self.0.iter().map(|(ags, entries)| (ags, entries.as_slice()))
    }

    /// Reads the columns `ags,office,run_by,valid_from,valid_to,source` and the texts of the sources. The error names
    /// the line that cannot be read or overlaps the one before.
    pub fn read(offices: &str, sources: &str) -> Result<Self, String> {
        let sources: BTreeMap<&str, &str> =
            sources.lines().skip(1).filter_map(|line| line.split_once(',')).collect();
        let mut register = Self::default();
        for line in offices.lines().skip(1) {
            let (ags, entry) = read(line, &sources).ok_or_else(|| format!("cannot be read: {line}"))?;
            let entries = register.0.entry(ags).or_default();
            let follows = entries.last().is_none_or(|last| last.to.is_some() && last.to < entry.from);
            if !follows {
                return Err(format!("overlaps the line before it: {line}"));
            }
            entries.push(entry);
        }
        Ok(register)
    }
}

fn read(line: &str, sources: &BTreeMap<&str, &str>) -> Option<(Ags, Entry)> {
    let columns: Vec<&str> = line.split(',').collect();
    let [ags, office, run_by, from, to, source] = columns[..] else { return None };
    let office = match (office, run_by) {
        ("own", "") => Office::Own,
        ("delegated", district) => Office::Delegated(district.parse().ok()?),
        ("district", district) => Office::District(district.parse().ok()?),
        ("unclear", district) => Office::Unclear(district.parse().ok()?),
        _ => return None,
    };
    let day = |text: &str| match text {
        "" => Some(None),
        text => text.parse().ok().map(Some),
    };
    let entry = Entry { office, from: day(from)?, to: day(to)?, source: (*sources.get(source)?).to_owned() };
    Some((ags.parse().ok()?, entry))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use events::municipality;

    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn office(key: &str, on: &str) -> Option<Office> {
        Register::nrw().on(&ags(key), day(on)).map(|entry| entry.office.clone())
    }

    fn ags(key: &str) -> Ags {
        key.parse().unwrap()
    }

    #[test]
    fn every_municipality_has_one_answer_today() {
        let register: BTreeSet<&Ags> = Register::nrw().iter().map(|(ags, _)| ags).collect();
        let all: BTreeSet<&Ags> = events::municipalities().map(|one| &one.ags).collect();
        assert_eq!(register, all);
        for (ags, entries) in Register::nrw().iter() {
            assert!(entries.last().is_some_and(|last| last.to.is_none()), "{ags} ends");
            assert!(
                entries.windows(2).all(|pair| pair[0].to.and_then(|to| to.succ_opt()) == pair[1].from),
                "{ags} gap"
            );
        }
    }

    #[test]
    fn there_are_81_offices_and_7_delegations() {
        let count = |wanted: fn(&Office) -> bool, on: &str| {
            let on = day(on);
            events::municipalities()
                .filter(|one| Register::nrw().on(&one.ags, on).is_some_and(|entry| wanted(&entry.office)))
                .count()
        };
        for on in ["2023-07-12", "2027-01-15"] {
            assert_eq!(count(|office| *office == Office::Own, on), 81, "{on}");
            assert_eq!(count(|office| matches!(office, Office::Delegated(_)), on), 7, "{on}");
            assert_eq!(count(|office| matches!(office, Office::District(_)), on), 339, "{on}");
        }
    }

    #[test]
    fn every_office_that_another_runs_is_run_by_its_district_which_has_one() {
        for (ags, entries) in Register::nrw().iter() {
            for entry in entries {
                let (Office::Delegated(by) | Office::District(by) | Office::Unclear(by)) = &entry.office
                else {
                    continue;
                };
                assert_eq!(&municipality(ags).unwrap().district, by);
                let own = Register::nrw()
                    .iter()
                    .any(|(key, all)| key == by && all.iter().all(|one| one.office == Office::Own));
                assert!(own, "{by} has no office of its own");
            }
        }
    }

    #[test]
    fn the_answer_depends_on_the_day() {
        assert_eq!(office("05122000", "2027-01-15"), Some(Office::Own), "Solingen");
        assert_eq!(office("05774032", "2027-01-15"), Some(Office::Own), "Paderborn");
        assert_eq!(office("05158016", "2006-04-24"), Some(Office::District(ags("05158"))), "Hilden");
        assert_eq!(office("05158028", "2009-03-31"), Some(Office::Own), "Ratingen");
        assert_eq!(office("05158028", "2009-04-01"), Some(Office::Delegated(ags("05158"))), "Ratingen");
        assert_eq!(office("05334002", "2009-10-20"), Some(Office::Own), "Aachen");
        assert_eq!(office("05334002", "2009-10-21"), Some(Office::District(ags("05334"))), "Aachen");
        assert_eq!(office("05334", "2009-10-20"), None, "there was no Städteregion yet");
        assert_eq!(office("05162008", "2013-06-05"), Some(Office::Own), "Grevenbroich");
        assert_eq!(office("05162008", "2014-01-01"), Some(Office::Unclear(ags("05162"))), "Grevenbroich");
        assert_eq!(office("05999999", "2027-01-15"), None);
    }

    #[test]
    fn a_wrong_line_is_named() {
        let read = |line: &str| {
            Register::read(&format!("header\n05158,own,,,,x\n{line}"), "key,text\nx,text").unwrap_err()
        };
        assert_eq!(read("05158016,none,,,,x"), "cannot be read: 05158016,none,,,,x");
        assert_eq!(read("05158016,own,,,,y"), "cannot be read: 05158016,own,,,,y");
        assert_eq!(read("05158,own,,2020-01-01,,x"), "overlaps the line before it: 05158,own,,2020-01-01,,x");
    }
}
