//! The front door: one address for everything. Sends each prefix to its service, and holds a
//! request while that service restarts. Has the pages that belong to no service, and the
//! "sign in as …" page of the demonstration.

mod confirm;
mod door;
mod home;
mod ops;
mod parked;
mod reconciliation;
mod sign_in;

use std::sync::Arc;

use axum::Router;
use axum::routing::{any, get, post};
use bus::control::Operator;
use chassis::App;
use events::Service;
use local::Mailbox;
use pages::Pages;

use crate::service::prefix;

pub use door::Door;
pub use ops::{Fleet, Member, Soon};

/// What the handlers share.
pub struct Front {
    /// Way to the services.
    pub door: Door,
    /// The running services, to look at and to replace.
    pub fleet: Arc<dyn Fleet>,
    /// Asks the services what only they know.
    pub operator: Operator,
    /// Signs sessions.
    pub process: App,
}

/// All routes of the front door.
pub fn routes(front: Arc<Front>, pages: &Pages, mailbox: &Mailbox) -> Router {
    let process = front.process.clone();
    let own = Router::new()
        .route("/", get(home::show))
        .route("/about", get(home::about))
        .route("/accessibility", get(home::accessibility))
        .route("/privacy", get(home::privacy))
        .route("/sign-in", get(sign_in::show).post(sign_in::sign_in))
        .route("/sign-out", post(sign_in::sign_out))
        .route("/ops", get(ops::show))
        .route("/ops/services/{name}/restart", get(ops::ask_restart).post(ops::restart))
        .route("/ops/reconciliation", get(reconciliation::show))
        .route("/ops/parked", get(parked::list))
        .route(parked::FACT, get(parked::show))
        .route(&format!("{}/redrive", parked::FACT), get(parked::ask_redrive).post(parked::redrive))
        .route(&format!("{}/drop", parked::FACT), get(parked::ask_drop).post(parked::drop_fact))
        .merge(ops::api())
        .with_state(front.clone());
    let to_services = Service::ALL.into_iter().map(prefix).fold(Router::new(), |routes, prefix| {
        routes.route(prefix, any(door::pass)).route(&format!("{prefix}/{{*rest}}"), any(door::pass))
    });
    pages.around(&process, own).merge(mailbox.router()).merge(to_services.with_state(front))
}
