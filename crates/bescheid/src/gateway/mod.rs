//! The gateway: one address for everything. It forwards each path prefix to its service, and holds requests while that
//! service restarts. It also serves the pages that belong to no service, the operators' pages, and the "sign in as …"
//! page of the demonstration.

mod confirm;
mod home;
mod host;
mod ops;
mod parked;
mod proxy;
mod reconciliation;
mod sign_in;
mod state;

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn;
use axum::routing::{any, get, post};
use chassis::StartError;
use events::Service;
use pages::Pages;

use crate::service::prefix;

pub use proxy::Proxy;
pub use state::Gateway;

/// Serves until the process has drained. `mailbox` are the routes of the mailbox.
///
/// # Errors
/// As [`chassis::http::serve`].
pub async fn serve(gateway: Gateway, mailbox: Router) -> Result<(), StartError> {
    let pages = Pages::new("", include_str!("../../messages/de.ftl"), include_str!("../../messages/en.ftl"))
        .map_err(StartError::other("messages"))?;
    let (process, proxy, gateway) = (gateway.process.clone(), gateway.proxy.clone(), Arc::new(gateway));
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
        .with_state(gateway);
    let to_services = Service::ALL.into_iter().map(prefix).fold(Router::new(), |routes, prefix| {
        routes.route(prefix, any(proxy::pass)).route(&format!("{prefix}/{{*rest}}"), any(proxy::pass))
    });
    let routes = pages.around(&process, own).merge(mailbox).merge(to_services.with_state(proxy));
    chassis::http::serve_front_door(process, routes.layer(from_fn(host::is_local))).await
}
