//! Sorts names as German readers expect.

use std::cmp::Ordering;
use std::sync::LazyLock;

use icu_collator::options::CollatorOptions;
use icu_collator::{Collator, CollatorBorrowed, CollatorPreferences};

/// Unicode collation (CLDR root), which is that of German lists: umlauts sort as their vowels, ß as ss, case does not
/// matter (DIN 5007-1).
static GERMAN: LazyLock<CollatorBorrowed<'static>> = LazyLock::new(|| {
    Collator::try_new(CollatorPreferences::default(), CollatorOptions::default())
        .expect("its data are compiled in")
});

pub fn compare_names(one: &str, other: &str) -> Ordering {
    // Names that the collation takes for equal still get a fixed order.
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
