//! The bus on a real Postgres and a real nats-server.

mod acknowledgement;
mod audit;
mod operators;
mod pair;
mod permissions;
mod round_trips;
mod travel;
