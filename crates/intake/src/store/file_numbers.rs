//! The counters from which each call takes its file numbers.

use events::CallId;
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;

/// Gives out each number of a call at most once.
///
/// A number is taken in a transaction of its own. In that of the submission, everybody who submits to the same call
/// would wait for the commit of the one before. A submission that fails afterwards leaves a gap.
#[derive(Clone, Debug)]
pub struct FileNumbers(PgPool);

impl FileNumbers {
    pub fn of(db: &PgPool) -> Self {
        // The number need not be on disk earlier than the submission: both are in one write-ahead log, in this order.
        let options = (*db.connect_options()).clone().options([("synchronous_commit", "off")]);
        // A connection of its own: the caller holds one of `db`, and if all callers did, none would be left for the
        // number.
        let pool = chassis::database::unpinged(PgPoolOptions::new())
            .max_connections(1)
            .acquire_timeout(db.options().get_acquire_timeout())
            .connect_lazy_with(options);
        Self(pool)
    }

    pub(crate) async fn next(&self, call: CallId) -> Result<i64, sqlx::Error> {
        sqlx::query_scalar!(
            "update file_numbers set last = last + 1 where call_id = $1 returning last",
            call.uuid()
        )
        .fetch_one(&self.0)
        .await
    }
}
