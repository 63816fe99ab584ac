//! What breaks in the middle of many journeys, in a real set of processes.
//!
//! One test for each row of the fault table; a line of the books for each ([`row`]). Rows that take long are
//! run by `tests/run --faults`.

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
