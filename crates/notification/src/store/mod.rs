//! Plain functions over `&mut PgConnection`.
//!
//! Rows are locked `for no key update`: of two that change a row one waits, and rows that refer to it can be added.

pub mod contacts;
pub mod deliveries;
pub mod shown;

use sqlx::migrate::Migrator;

/// The tables of this service, versions from 1000 on; those of the bus come before.
pub static MIGRATIONS: Migrator = {
    let mut migrations = sqlx::migrate!("../../migrations/notification");
    migrations.ignore_missing = true;
    migrations
};
