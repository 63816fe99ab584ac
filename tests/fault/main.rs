//! Faults while many applications are under way, with the services as real processes.
//!
//! Each row of the fault table is a test, or several, which print one line each ([`row`]). Those that take long run
//! only with `tests/run --faults`.

mod broker;
mod brokers;
mod input;
mod killed;
mod kills;
mod mail;
mod network;
mod postgres;
mod redeploy;
mod roll;
mod row;
