//! The bus over a real Postgres and a real nats-server.

mod acknowledgement;
mod audit;
mod operators;
mod pair;
mod travel;
