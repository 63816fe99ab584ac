//! The state that the handlers of the gateway share.

use std::sync::Arc;

use bus::control::Operator;
use chassis::App;

use super::proxy::Proxy;
use crate::supervisor::Supervisor;

pub struct Gateway {
    pub proxy: Proxy,
    pub supervisor: Arc<Supervisor>,
    /// Sends commands to the services over the broker.
    pub operator: Operator,
    pub process: App,
}
