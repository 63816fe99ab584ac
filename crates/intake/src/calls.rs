//! Publishing a call.

use bus::{Bus, outbox};
use events::{Call, CallPublished, Cause};

use crate::call_file;
use crate::store::calls;

/// What publishing has done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Published {
    /// The call is new.
    New,
    /// A newer version replaces the one before.
    NewVersion,
    /// This version has been published before, with the same rules.
    Unchanged,
}

/// A call cannot be published.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// Decisions name the version they were taken by: its rules never change.
    #[error(
        "version {version} of {key} has been published with other rules; give the changed rules a higher version"
    )]
    Changed {
        /// The call.
        key: String,
        /// The version of both.
        version: u32,
    },
    /// A newer version is in force.
    #[error("{key} is in force in version {current}; version {version} is older")]
    Older {
        /// The call.
        key: String,
        /// The version in force.
        current: u32,
        /// The version of the file.
        version: u32,
    },
    /// Two calls would give the same file numbers.
    #[error("file_number_prefix {prefix} belongs to the call {key}")]
    Prefix {
        /// The prefix.
        prefix: String,
        /// The call that has it.
        key: String,
    },
    /// A prefix that was given up could be taken by another call, which would give the same file numbers again.
    #[error("file_number_prefix of {key} is {prefix} and stays so: file numbers with it have been given")]
    PrefixChanged {
        /// The call.
        key: String,
        /// The prefix it was published with.
        prefix: String,
    },
    /// The database.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    /// The unit of work could not be committed.
    #[error(transparent)]
    Commit(#[from] bus::Failure),
}

/// Publishes `call` in the database of `bus` (whose tasks need not run: the relay of any intake process sends the
/// fact). Publishing the same rules again changes nothing.
///
/// # Errors
/// [`PublishError`].
pub async fn publish(bus: &Bus, call: Call) -> Result<Published, PublishError> {
    let mut tx = bus.begin().await?;
    let now = tx.now();
    let (key, prefix) = (call.key.clone(), call.file_number_prefix.clone());
    let new = calls::insert(&mut tx, &call, now).await?;
    // After the insert, which has waited for whoever publishes at the same moment.
    if let Some(other) = calls::of_prefix(&mut tx, &prefix).await?
        && other != key
    {
        return Err(PublishError::Prefix { prefix, key: other });
    }
    let published = if new {
        Published::New
    } else {
        let stored = calls::lock(&mut tx, call.id()).await?.ok_or(sqlx::Error::RowNotFound)?;
        // What was published before texts came in by one door is no other call.
        let stored = call_file::by_the_door(stored);
        if stored == call {
            return Ok(Published::Unchanged);
        }
        let (current, version) = (stored.version, call.version);
        if version == current {
            return Err(PublishError::Changed { key, version });
        }
        if version < current {
            return Err(PublishError::Older { key, current, version });
        }
        if stored.file_number_prefix != call.file_number_prefix {
            return Err(PublishError::PrefixChanged { key, prefix: stored.file_number_prefix });
        }
        calls::update(&mut tx, &call, now).await?;
        Published::NewVersion
    };
    outbox::append(&mut tx, call.id(), CallPublished { call }, Cause::default());
    bus.commit(tx).await?;
    Ok(published)
}
