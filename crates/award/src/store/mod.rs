//! Plain functions over a connection: lock, read, save. Their errors are those of the database unless they say otherwise.
//!
//! Locks are always taken in this order: case, budget, notice. Rows are locked `for no key update`: a second writer
//! waits, while rows that refer to them by foreign key can still be added.

pub mod budgets;
pub mod calls;
pub mod cases;
pub mod history;
pub mod lists;
pub mod notices;

use sqlx::migrate::Migrator;

/// The tables of this service, from version 1000 on; those of the bus have lower versions.
pub static MIGRATIONS: Migrator = {
    let mut migrations = sqlx::migrate!("../../migrations/award");
    migrations.ignore_missing = true;
    migrations
};
