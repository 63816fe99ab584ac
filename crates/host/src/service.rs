//! What a service says of itself.

use std::sync::Arc;

use axum::Router;
use bus::{Bus, Subscriptions};
use chassis::{App, Clock, StartError};
use futures_util::future::BoxFuture;
use pages::Pages;
use sqlx::PgPool;

use crate::settings::HasNats;

/// What every service is composed of, and hands on to its handlers.
pub struct Parts {
    /// Its own database, of the right schema.
    pub db: PgPool,
    /// Its bus, not started yet.
    pub bus: Bus,
    /// Its only source of time.
    pub clock: Clock,
    /// The process it lives in.
    pub app: App,
}

/// Work in the background for as long as the process lives. It ends when [`App::draining`] is cancelled; if it
/// ends before, the process ends with an error.
pub struct Task {
    pub(crate) name: &'static str,
    pub(crate) work: BoxFuture<'static, Result<(), StartError>>,
}

impl Task {
    /// `name` stands in logs and errors.
    pub fn new(
        name: &'static str,
        work: impl Future<Output = Result<(), StartError>> + Send + 'static,
    ) -> Self {
        Self { name, work: Box::pin(work) }
    }
}

/// One of the five services; the value is what its handlers work with.
pub trait Service: Send + Sync + Sized + 'static {
    /// What can be set.
    type Settings: HasNats;

    /// Its name in the contract.
    const NAME: events::Service;

    /// The service from its parts.
    ///
    /// # Errors
    /// A setting it cannot work with, a message catalogue with a mistake.
    fn compose(parts: Parts, settings: Self::Settings) -> Result<Self, StartError>;

    /// Which facts it consumes, and by which handlers.
    fn subscriptions() -> Subscriptions<Self>;

    /// The messages and the layout of its pages.
    fn pages(&self) -> &Pages;

    /// Its pages and its API.
    fn routes(self: Arc<Self>) -> Router;

    /// What it does before it answers its first request: the only other place where something may be published.
    ///
    /// # Errors
    /// Why it cannot begin.
    fn begin(&self) -> impl Future<Output = Result<(), StartError>> + Send {
        async { Ok(()) }
    }

    /// What it does in the background.
    fn tasks(self: Arc<Self>, app: &App) -> Vec<Task> {
        let _ = app;
        Vec::new()
    }
}
