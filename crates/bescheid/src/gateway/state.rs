//! What the handlers of the gateway share.

use std::sync::Arc;

use bus::control::Operator;
use chassis::App;

use super::proxy::Proxy;
use crate::supervisor::Supervisor;

/// The gateway.
pub struct Gateway {
    /// Passes requests on to the services.
    pub proxy: Proxy,
    /// The running services, to look at and to replace.
    pub supervisor: Arc<Supervisor>,
    /// Asks the services what only they know.
    pub operator: Operator,
    /// Signs sessions.
    pub process: App,
}
