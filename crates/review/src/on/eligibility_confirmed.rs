//! The application may be funded: its reviews can begin, by the rules it was found eligible by.

use bus::{Failure, Tx};
use events::{EligibilityConfirmed, Event};

use crate::Service;
use crate::file::Terms;
use crate::store::{calls, files};

pub async fn handle(_: &Service, tx: &mut Tx, event: &Event<EligibilityConfirmed>) -> Result<(), Failure> {
    let Some(file) = files::lock(tx, event.application()).await? else {
        return Err(Failure::not_yet("the application"));
    };
    let rule_version = event.data.rule_version;
    let Some(rules) = calls::rules(tx, file.call, rule_version).await? else {
        return Err(Failure::not_yet(format!("version {rule_version} of the call's rules")));
    };
    let terms = Terms { rule_version, needed: rules.reviews_per_application, opened_at: tx.now() };
    Ok(files::save(tx, &file.opened(terms), &event.cause()).await?)
}
