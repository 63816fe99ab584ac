//! Sends queued emails.
//!
//! ```text
//! handler ─ commits a row ─► claimer ─► queue ─► worker × connections ─► mail server
//!                              ▲                  │ each step, before the next
//!                              └──── Postgres ◄── ledger (one commit for all connections)
//! ```

mod claim;
mod compose;
mod ledger;
mod outage;
pub mod readdress;
mod shared;
mod smtp;
mod worker;
mod writer;

use std::sync::Arc;

use bus::Bus;
use tokio::sync::{Mutex, mpsc};
use tokio::task::{JoinError, JoinSet};

pub use outage::Away;
pub use shared::Sender;
pub use writer::Writer;

/// Sends until the process drains: emails being sent are finished, claims are released.
///
/// # Errors
/// A task that panicked.
pub async fn run(sender: Arc<Sender>, bus: Bus) -> Result<(), JoinError> {
    let (ledger, storing) = ledger::open(sender.clone(), bus.clone());
    let (queue, claimed) = mpsc::channel(sender.connections * 8);
    let claimed = Arc::new(Mutex::new(claimed));
    // One set: no worker can go on without the ledger, so a panic of any task has to end them all.
    let mut tasks = JoinSet::new();
    tasks.spawn(storing);
    for _ in 0..sender.connections {
        let worker = worker::Worker::new(sender.clone(), ledger.clone(), claimed.clone());
        tasks.spawn(worker.run());
    }
    tasks.spawn(claim::Claimer::new(sender.clone(), ledger, queue, bus).run());
    all_end(tasks).await
}

/// Waits until all have ended; a panic aborts the others.
async fn all_end(mut tasks: JoinSet<()>) -> Result<(), JoinError> {
    while let Some(ended) = tasks.join_next().await {
        ended?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn a_ledger_that_panics_is_noticed_while_the_connections_still_wait() {
        let mut tasks = JoinSet::new();
        tasks.spawn(std::future::pending());
        tasks.spawn(async { panic!("as the ledger would") });
        let ended = tokio::time::timeout(Duration::from_secs(60), all_end(tasks)).await;
        assert!(ended.expect("it does not wait for the others").is_err_and(|error| error.is_panic()));
    }
}
