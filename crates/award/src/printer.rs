//! Typesets notices on blocking threads, at most as many at once as there are processors.

use std::thread::available_parallelism;

use letters::{LetterError, Notice, Pdf};
use tokio::sync::{Semaphore, SemaphorePermit};

#[derive(Debug, thiserror::Error)]
pub enum PrintError {
    /// The notice is incomplete, or the template has an error.
    #[error(transparent)]
    Letter(#[from] LetterError),
    #[error("typesetting broke off: {0}")]
    Broken(#[from] tokio::task::JoinError),
}

#[derive(Debug)]
pub(crate) struct Printer {
    slots: Semaphore,
}

impl Printer {
    pub(crate) fn new() -> Self {
        Self { slots: Semaphore::new(available_parallelism().map_or(2, usize::from)) }
    }

    /// Waits for a free slot.
    pub(crate) async fn slot(&self) -> Slot<'_> {
        Slot(self.slots.acquire().await.expect("nobody closes it"))
    }
}

/// The right to typeset one notice at a time; dropping it frees the slot.
#[derive(Debug)]
pub(crate) struct Slot<'a>(#[expect(dead_code, reason = "held, not read")] SemaphorePermit<'a>);

impl Slot<'_> {
    pub(crate) async fn print(&self, notice: Notice) -> Result<Pdf, PrintError> {
        Ok(tokio::task::spawn_blocking(move || letters::render(&notice)).await??)
    }
}
