//! The municipalities that can take part in a joint project.

use events::Ags;
use host::municipalities_by_name;
use pages::Choice;

/// All except the lead.
pub(super) fn municipalities(lead: &Ags) -> Vec<Choice> {
    let others = municipalities_by_name().iter().filter(|one| one.ags != *lead);
    others.map(|one| Choice::new(one.ags.as_str(), &*one.name)).collect()
}
