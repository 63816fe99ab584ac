//! Lists of names as Germans expect them.

use std::cmp::Ordering;
use std::sync::LazyLock;

use icu_collator::options::CollatorOptions;
use icu_collator::{Collator, CollatorBorrowed, CollatorPreferences};

/// Unicode's collation (CLDR, root), which is that of German lists: umlauts as their vowels, ß as ss, capitals do not
/// matter (DIN 5007-1).
static GERMAN: LazyLock<CollatorBorrowed<'static>> = LazyLock::new(|| {
    Collator::try_new(CollatorPreferences::default(), CollatorOptions::default())
        .expect("its data are compiled in")
});

/// Which of two names comes first in a list that people read.
pub fn compare_names(one: &str, other: &str) -> Ordering {
    // What the collation takes for the same still has one order.
    GERMAN.compare(one, other).then_with(|| one.cmp(other))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_where_germans_look_for_them() {
        let sorted = [
            "Aachen",
            "Ahlen",
            "ähnlich",
            "Altena",
            "Bad Oeynhausen",
            "Österreich-Siedlung",
            "Overath",
            "Straelen",
            "Straßberg",
            "Strassburg",
            "Übach-Palenberg",
            "Unna",
            "Žilina",
            "Zülpich",
        ];
        let mut names = sorted;
        names.reverse();
        names.sort_by(|one, other| compare_names(one, other));
        assert_eq!(names, sorted);
    }
}
