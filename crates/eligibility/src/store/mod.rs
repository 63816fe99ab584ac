//! The tables of this service: plain functions over a connection.
//!
//! Rows are locked `for no key update`, so that two transactions cannot change the same row at once, while rows that
//! refer to it can still be added.

pub mod calls;
pub mod cases;
pub mod replies;

#[cfg(test)]
mod tests;

use sqlx::migrate::Migrator;

/// The tables of this service, migrations from number 1000 on; those of the bus come before.
pub static MIGRATIONS: Migrator = {
    let mut migrations = sqlx::migrate!("../../migrations/eligibility");
    migrations.ignore_missing = true;
    migrations
};
