//! Eligibility is confirmed: the file opens, with the version of the rules by which it was found eligible.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use bus::{Failure, Tx};
use events::{EligibilityConfirmed, Event};
use uuid::Uuid;

use crate::AppState;
use crate::file::Terms;
use crate::store::{calls, files};

pub async fn handle(
    service: &AppState,
    tx: &mut Tx,
    events: &[Event<EligibilityConfirmed>],
) -> Result<(), Failure> {
    let applications: Vec<Uuid> = events.iter().map(|event| event.key.uuid()).collect();
    let mut files: HashMap<_, _> =
        files::lock_all(tx, &applications).await?.into_iter().map(|file| (file.application, file)).collect();
    let mut needed = HashMap::new();
    let mut opened = Vec::with_capacity(events.len());
    for event in events {
        let file = files.remove(&event.key).ok_or_else(|| Failure::not_yet("the application"))?;
        let rule_version = event.data.rule_version;
        let needed = match needed.entry((file.call, rule_version)) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(new) => {
                let found = calls::rules_unless_known(tx, &service.rules, file.call, rule_version).await?;
                let Some(found) = found else {
                    return Err(Failure::not_yet(format!("version {rule_version} of the call's rules")));
                };
                *new.insert(found.reviews_per_application)
            }
        };
        let terms = Terms { rule_version, reviews_needed: needed, opened_at: tx.now() };
        opened.push((file.opened(terms), event.cause()));
    }
    let opened: Vec<_> = opened.iter().map(|(file, cause)| (file, cause)).collect();
    Ok(files::save_all(tx, &opened).await?)
}
