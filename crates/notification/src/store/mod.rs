//! Plain functions over a connection. Their errors are those of the database unless they say otherwise.
//!
//! Rows are locked `for no key update`: a second writer waits, while rows that refer to them by foreign key can still
//! be added.

pub mod contacts;
pub mod deliveries;
pub mod views;

use sqlx::migrate::Migrator;

/// The tables of this service, from version 1000 on; those of the bus have lower versions.
pub static MIGRATIONS: Migrator = {
    let mut migrations = sqlx::migrate!("../../migrations/notification");
    migrations.ignore_missing = true;
    migrations
};
