use std::sync::Arc;

use axum::Router;
use bus::{Bus, Subscriptions};
use chassis::{App, Clock, StartError};
use futures_util::future::BoxFuture;
use pages::Pages;
use sqlx::PgPool;

use crate::settings::HasNats;

/// What [`Service::compose`] gets: the parts that every service has.
pub struct Parts {
    /// The service's own database, with its schema checked.
    pub db: PgPool,
    /// Not started yet.
    pub bus: Bus,
    /// The only source of time.
    pub clock: Clock,
    pub app: App,
}

/// Background work of a process. It must end when [`App::draining`] is cancelled; if it ends before, the process
/// ends with an error.
pub struct Task {
    pub(crate) name: &'static str,
    pub(crate) work: BoxFuture<'static, Result<(), StartError>>,
}

impl Task {
    /// `name` is for logs and errors.
    pub fn new(
        name: &'static str,
        work: impl Future<Output = Result<(), StartError>> + Send + 'static,
    ) -> Self {
        Self { name, work: Box::pin(work) }
    }
}

/// One of the five services. The value is the state that its handlers work with.
pub trait Service: Send + Sync + Sized + 'static {
    type Settings: HasNats;

    const NAME: events::Service;

    /// Makes the service from its parts.
    ///
    /// # Errors
    /// A setting cannot be used, or a message catalogue has a mistake.
    fn compose(parts: Parts, settings: Self::Settings) -> Result<Self, StartError>;

    fn subscriptions() -> Subscriptions<Self>;

    fn pages(&self) -> &Pages;

    /// The routes of its pages and of its API.
    fn routes(self: Arc<Self>) -> Router;

    /// Runs after the first check of the broker and before the first request; may publish facts.
    ///
    /// # Errors
    /// The process ends with the error.
    fn begin(&self) -> impl Future<Output = Result<(), StartError>> + Send {
        async { Ok(()) }
    }

    /// Background work, started after [`Service::begin`].
    fn tasks(self: Arc<Self>, app: &App) -> Vec<Task> {
        let _ = app;
        Vec::new()
    }
}
