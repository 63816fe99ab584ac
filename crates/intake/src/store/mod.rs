//! What intake stores in Postgres.
//!
//! Rows are locked `for no key update`, so that two transactions cannot change the same row at once, while rows that
//! refer to it can still be added.

pub mod applications;
pub mod calls;
pub mod drafts;
mod file_numbers;
pub mod timeline;

use sqlx::migrate::Migrator;

/// The tables of this service, migrations from number 1000 on; those of the bus come before.
pub static MIGRATIONS: Migrator = {
    let mut migrations = sqlx::migrate!("../../migrations/intake");
    migrations.ignore_missing = true;
    migrations
};

pub use file_numbers::FileNumbers;

/// Reads JSON that only this service writes; JSON that does not fit is a defect, and reported as an error.
fn read<T: serde::de::DeserializeOwned>(value: serde_json::Value) -> Result<T, sqlx::Error> {
    serde_json::from_value(value).map_err(|error| sqlx::Error::Decode(error.into()))
}

fn write(value: &impl serde::Serialize) -> Result<serde_json::Value, sqlx::Error> {
    serde_json::to_value(value).map_err(|error| sqlx::Error::Encode(error.into()))
}

fn parse<T: std::str::FromStr<Err: std::error::Error + Send + Sync + 'static>>(
    text: &str,
) -> Result<T, sqlx::Error> {
    text.parse().map_err(|error: T::Err| sqlx::Error::Decode(error.into()))
}
