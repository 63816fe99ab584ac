//! This service's tables: plain functions over a connection.
//!
//! Rows are locked `for no key update`: of two that change a row one waits, and rows that refer to it can be added.

pub mod calls;
pub mod cases;
pub mod replies;

#[cfg(test)]
mod tests;

use sqlx::migrate::Migrator;

/// The tables of this service, versions from 1000 on; those of the bus come before.
pub static MIGRATIONS: Migrator = {
    let mut migrations = sqlx::migrate!("../../migrations/eligibility");
    migrations.ignore_missing = true;
    migrations
};
