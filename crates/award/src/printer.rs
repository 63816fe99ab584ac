//! Sets notices, off the async threads, and only as many at once as there are processors.

use std::thread::available_parallelism;

use letters::{LetterError, Notice, Pdf};
use tokio::sync::{Semaphore, SemaphorePermit};

/// Why there is no PDF.
#[derive(Debug, thiserror::Error)]
pub enum PrintError {
    /// The notice lacks something, or a template has a fault.
    #[error(transparent)]
    Letter(#[from] LetterError),
    /// The typesetter panicked.
    #[error("typesetting broke off: {0}")]
    Broken(#[from] tokio::task::JoinError),
}

/// The printer.
#[derive(Debug)]
pub(crate) struct Printer {
    places: Semaphore,
}

impl Printer {
    pub(crate) fn new() -> Self {
        Self { places: Semaphore::new(available_parallelism().map_or(2, usize::from)) }
    }

    /// A place at the printer, once one is free.
    pub(crate) async fn place(&self) -> Place<'_> {
        Place(self.places.acquire().await.expect("nobody closes it"))
    }
}

/// A place at the printer; free again when dropped.
#[derive(Debug)]
pub(crate) struct Place<'a>(#[expect(dead_code, reason = "held, not read")] SemaphorePermit<'a>);

impl Place<'_> {
    /// The notice as PDF.
    pub(crate) async fn print(&self, notice: Notice) -> Result<Pdf, PrintError> {
        Ok(tokio::task::spawn_blocking(move || letters::render(&notice)).await??)
    }
}
