//! The email about a notice was sent: the offer in the portal counts from that day (§ 41 (2a) VwVfG).

use bus::{Failure, Tx};
use events::{EmailSent, Event};
use uuid::Uuid;

use crate::AppState;
use crate::store::history::{self, HistoryEntry, HistoryKind};
use crate::store::{cases, notices};

/// Ignores emails about anything else, which most are.
pub async fn handle(_: &AppState, tx: &mut Tx, events: &[Event<EmailSent>]) -> Result<(), Failure> {
    let events: Vec<_> =
        events.iter().filter(|event| event.data.template == notices::EMAIL_TEMPLATE).collect();
    if events.is_empty() {
        return Ok(());
    }
    let applications: Vec<Uuid> = events.iter().map(|event| event.key.uuid()).collect();
    cases::lock_all(tx, &applications).await?;
    for event in events {
        let (application, at) = (event.application(), event.data.sent_at);
        let Some(mut notice) = notices::lock(tx, application).await? else {
            return Err(Failure::not_yet(format!("the notice about {application}")));
        };
        let happened = HistoryEntry::new(at, HistoryKind::MessageSent)
            .remark(event.data.recipient.clone())
            .because(event.id);
        history::append(tx, application, &happened).await?;
        if let Some(delivery) = notice.delivery.message_sent(at) {
            notice.delivery = delivery;
            notices::save_delivery(tx, &notice).await?;
        }
    }
    Ok(())
}
