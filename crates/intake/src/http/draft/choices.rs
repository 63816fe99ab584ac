//! The municipalities to choose from.

use std::sync::LazyLock;

use events::Ags;
use pages::Choice;

/// All of them, by name.
static SORTED: LazyLock<Vec<(&'static Ags, &'static str)>> = LazyLock::new(|| {
    let mut all: Vec<_> = events::municipalities().map(|one| (&one.ags, one.name.as_str())).collect();
    all.sort_by(|(_, one), (_, other)| pages::compare_names(one, other));
    all
});

/// All but the lead.
pub(super) fn municipalities(lead: &Ags) -> Vec<Choice> {
    SORTED
        .iter()
        .filter(|(ags, _)| *ags != lead)
        .map(|(ags, name)| Choice::new(ags.as_str(), *name))
        .collect()
}
