//! Plain functions over a connection: lock, read, save. Locks are always taken in this order: case, budget,
//! notice.

pub mod budgets;
pub mod calls;
pub mod cases;
pub mod history;
pub mod lists;
pub mod notices;
pub mod ties;

use sqlx::migrate::Migrator;

/// The tables of this service, versions from 1000 on; those of the bus come before.
pub static MIGRATIONS: Migrator = {
    let mut migrations = sqlx::migrate!("../../migrations/award");
    migrations.ignore_missing = true;
    migrations
};
