//! The tables of this service: plain functions over a connection. Their errors are those of the database unless they say
//! otherwise.
//!
//! Rows are locked `for no key update`: a second writer waits, while rows that refer to them by foreign key can still
//! be added.

pub mod calls;
pub mod drafts;
pub mod files;
pub mod history;
pub mod mails;
pub mod queue;
pub mod ties;

use sqlx::migrate::Migrator;

/// The tables of this service, from version 1000 on; those of the bus have lower versions.
pub static MIGRATIONS: Migrator = {
    let mut migrations = sqlx::migrate!("../../migrations/review");
    migrations.ignore_missing = true;
    migrations
};

/// A row that this release cannot read.
fn unreadable(what: &str) -> sqlx::Error {
    sqlx::Error::Decode(format!("unreadable {what}").into())
}
