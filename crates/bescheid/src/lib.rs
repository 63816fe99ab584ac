//! The command `bescheid`: everything on one machine (`up`), each service as a process of its own
//! (`service`), and what operators type.

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
