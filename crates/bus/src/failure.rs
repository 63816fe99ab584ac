/// Why a fact did not take effect. `?` on an [`sqlx::Error`] picks the right one.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// For now only: Postgres is away, a lock is taken, another fact must come first.
    /// Tried again for ever, with back-off; never parked.
    #[error("not now: {0}")]
    Retry(String),
    /// This fact cannot be right; trying again would not help. Parked with this reason.
    #[error("{0}")]
    Park(String),
}

impl Failure {
    /// The fact must wait for `what`, e.g. the call of an application.
    pub fn not_yet(what: impl std::fmt::Display) -> Self {
        Self::Retry(format!("waiting for {what}"))
    }

    pub fn park(why: impl std::fmt::Display) -> Self {
        Self::Park(why.to_string())
    }
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        let broken = match &error {
            // SQLSTATE classes 22 (data), 23 (constraint) and 42 (statement) fail the same way each time.
            sqlx::Error::Database(database) => {
                database.code().is_some_and(|code| ["22", "23", "42"].contains(&code.get(..2).unwrap_or("")))
            }
            sqlx::Error::RowNotFound
            | sqlx::Error::ColumnDecode { .. }
            | sqlx::Error::Decode(_)
            | sqlx::Error::Encode(_)
            | sqlx::Error::ColumnNotFound(_)
            | sqlx::Error::TypeNotFound { .. } => true,
            _ => false,
        };
        if broken { Self::Park(error.to_string()) } else { Self::Retry(error.to_string()) }
    }
}

impl From<events::EnvelopeError> for Failure {
    fn from(error: events::EnvelopeError) -> Self {
        Self::Park(error.to_string())
    }
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        Self::Park(error.to_string())
    }
}
