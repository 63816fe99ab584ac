//! The message that a notice waits in the portal came back: its offer does not run, and case workers are told.

use bus::{Failure, Tx};
use events::{EmailBounced, Event};

use crate::AppState;
use crate::store::history::{self, HistoryEntry, What};
use crate::store::{cases, notices};

/// Hears it.
pub async fn handle(_: &AppState, tx: &mut Tx, event: &Event<EmailBounced>) -> Result<(), Failure> {
    let EmailBounced { template, recipient, reason, bounced_at, .. } = &event.data;
    if template != notices::EMAIL_TEMPLATE {
        return Ok(());
    }
    let application = event.application();
    cases::lock(tx, application).await?;
    let Some(mut notice) = notices::lock(tx, application).await? else {
        return Err(Failure::not_yet(format!("the notice about {application}")));
    };
    let happened = HistoryEntry::new(*bounced_at, What::MessageBounced)
        .remark(format!("{recipient}: {reason}"))
        .because(event.id);
    history::append(tx, application, &happened).await?;
    if let Some(way) = notice.way.message_bounced(*bounced_at) {
        notice.way = way;
        notices::save_way(tx, &notice).await?;
    }
    Ok(())
}
