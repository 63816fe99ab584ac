//! The email about a notice bounced: no offer runs, and pages show case workers that they have to act.

use bus::{Failure, Tx};
use events::{EmailBounced, Event};

use crate::AppState;
use crate::store::history::{self, HistoryEntry, HistoryKind};
use crate::store::{cases, notices};

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
    let happened = HistoryEntry::new(*bounced_at, HistoryKind::MessageBounced)
        .remark(format!("{recipient}: {reason}"))
        .because(event.id);
    history::append(tx, application, &happened).await?;
    if let Some(delivery) = notice.delivery.message_bounced(*bounced_at) {
        notice.delivery = delivery;
        notices::save_delivery(tx, &notice).await?;
    }
    Ok(())
}
