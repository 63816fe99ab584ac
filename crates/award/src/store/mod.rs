//! Plain functions over a connection: lock, read, save. Locks are always taken in this order: case, budget,
//! notice.
//!
//! Rows are locked `for no key update`: of two that change a row one waits, and rows that refer to it can be added.

pub mod budgets;
pub mod calls;
pub mod cases;
pub mod history;
pub mod lists;
pub mod notices;

use sqlx::migrate::Migrator;

/// The tables of this service, versions from 1000 on; those of the bus come before.
pub static MIGRATIONS: Migrator = {
    let mut migrations = sqlx::migrate!("../../migrations/award");
    migrations.ignore_missing = true;
    migrations
};
