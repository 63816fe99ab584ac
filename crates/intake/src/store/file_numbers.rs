//! The file numbers of each call, counted up.

use events::CallId;
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;

/// Gives each number of a call once.
///
/// A number is taken in a transaction of its own: in that of the submission, everybody who submits to the same call
/// would wait for the commit of the one before. A submission that fails after that leaves a gap.
#[derive(Clone, Debug)]
pub struct FileNumbers(PgPool);

impl FileNumbers {
    /// Those kept in the database of `db`.
    pub fn of(db: &PgPool) -> Self {
        // It need not be on disk before the submission is: both go through one log, and in this order.
        let options = (*db.connect_options()).clone().options([("synchronous_commit", "off")]);
        // A connection of its own: whoever asks for a number holds one of `db`, and if all did, none would be free.
        let pool = PgPoolOptions::new()
            .max_connections(1)
            .acquire_timeout(db.options().get_acquire_timeout())
            .connect_lazy_with(options);
        Self(pool)
    }

    /// The next one.
    pub(crate) async fn next(&self, call: CallId) -> Result<i64, sqlx::Error> {
        sqlx::query_scalar!(
            "update file_numbers set last = last + 1 where call_id = $1 returning last",
            call.uuid()
        )
        .fetch_one(&self.0)
        .await
    }
}
