//! This service's tables: plain functions over a connection.

pub mod calls;
pub mod cases;
pub mod replies;
pub mod ties;
