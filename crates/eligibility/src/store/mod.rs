//! This service's tables: plain functions over a connection.

pub mod calls;
pub mod cases;
pub mod replies;
pub mod ties;

use sqlx::migrate::Migrator;

/// The tables of this service, versions from 1000 on; those of the bus come before.
pub static MIGRATIONS: Migrator = {
    let mut migrations = sqlx::migrate!("../../migrations/eligibility");
    migrations.ignore_missing = true;
    migrations
};
