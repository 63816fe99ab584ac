//! Publishes calls.

use bus::{Bus, outbox};
use events::{Call, CallPublished, Cause};

use crate::call_file;
use crate::store::calls;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Published {
    New,
    /// A newer version, which replaces the one before.
    NewVersion,
    /// This version was published before, with the same rules.
    Unchanged,
}

/// Why a call is not published.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// Decisions name the version of the rules they were taken by, so the rules of a version never change.
    #[error(
        "version {version} of {key} has been published with other rules; give the changed rules a higher version"
    )]
    Changed { key: String, version: u32 },
    #[error("{key} is in force in version {current}; version {version} is older")]
    Older { key: String, current: u32, version: u32 },
    /// Two calls with one prefix would give the same file numbers.
    #[error("file_number_prefix {prefix} belongs to the call {key}")]
    Prefix {
        prefix: String,
        /// Key of the call that has the prefix.
        key: String,
    },
    /// If a call gave up its prefix, another could take it and would give the same file numbers again.
    #[error("file_number_prefix of {key} is {prefix} and stays so: file numbers with it have been given")]
    PrefixChanged {
        key: String,
        /// The prefix it was first published with.
        prefix: String,
    },
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    #[error(transparent)]
    Commit(#[from] bus::Failure),
}

/// Publishes `call` through `bus`, whose tasks need not run: the relay of any intake process sends the fact.
/// Publishing the same rules again changes nothing.
pub async fn publish(bus: &Bus, call: Call) -> Result<Published, PublishError> {
    let mut tx = bus.begin().await?;
    let now = tx.now();
    let (key, prefix) = (call.key.clone(), call.file_number_prefix.clone());
    let new = calls::insert(&mut tx, &call, now).await?;
    // Asked after the insert, which waits for others that publish at the same moment.
    if let Some(other) = calls::of_prefix(&mut tx, &prefix).await?
        && other != key
    {
        return Err(PublishError::Prefix { prefix, key: other });
    }
    let published = if new {
        Published::New
    } else {
        let stored = calls::lock(&mut tx, call.id()).await?.ok_or(sqlx::Error::RowNotFound)?;
        // The stored call may be older than the cleaning of texts: it is cleaned before it is compared.
        let stored = call_file::clean(stored);
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
