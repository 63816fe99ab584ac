//! The tables of this service: plain functions over `&mut PgConnection`.

pub mod calls;
pub mod drafts;
pub mod files;
pub mod history;
pub mod mails;
pub mod queue;
pub mod ties;

/// A row that this release cannot read.
fn unreadable(what: &str) -> sqlx::Error {
    sqlx::Error::Decode(format!("unreadable {what}").into())
}
