//! The message that a notice waits in the portal went out: from that day the offer counts (§ 41 (2a) VwVfG).

use bus::{Failure, Tx};
use events::{EmailSent, Event};
use uuid::Uuid;

use crate::AppState;
use crate::store::history::{self, HistoryEntry, What};
use crate::store::{cases, notices};

/// Hears them. Most emails are about something else.
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
        let happened =
            HistoryEntry::new(at, What::MessageSent).remark(event.data.recipient.clone()).because(event.id);
        history::append(tx, application, &happened).await?;
        if let Some(way) = notice.way.message_sent(at) {
            notice.way = way;
            notices::save_way(tx, &notice).await?;
        }
    }
    Ok(())
}
