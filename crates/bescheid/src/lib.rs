//! The command `bescheid`: everything on one machine (`up`), one service as a process (`service`), and the operators'
//! commands.

pub mod client;
pub mod demo;
pub mod folder;
pub mod gateway;
pub mod journey;
pub mod load;
pub mod operate;
pub mod reconciliation;
pub mod service;
pub mod settings;
pub mod supervisor;
pub mod up;
