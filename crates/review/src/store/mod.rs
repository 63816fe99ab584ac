//! The tables of this service: plain functions over `&mut PgConnection`.
//!
//! Rows are locked `for no key update`: of two that change a row one waits, and rows that refer to it can be added.

pub mod calls;
pub mod drafts;
pub mod files;
pub mod history;
pub mod mails;
pub mod queue;
pub mod ties;

use sqlx::migrate::Migrator;

/// The tables of this service, versions from 1000 on; those of the bus come before.
pub static MIGRATIONS: Migrator = {
    let mut migrations = sqlx::migrate!("../../migrations/review");
    migrations.ignore_missing = true;
    migrations
};

/// A row that this release cannot read.
fn unreadable(what: &str) -> sqlx::Error {
    sqlx::Error::Decode(format!("unreadable {what}").into())
}
