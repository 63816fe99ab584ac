//! The counters from which each call takes its file numbers.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use events::{Call, CallId};
use sqlx::postgres::PgPoolOptions;
use sqlx::{PgConnection, PgPool};

use super::calls;

/// Gives out each number of a call at most once, and only by the rules in force.
///
/// A number is taken in a transaction of its own. In that of the submission, everybody who submits to the same call
/// would wait for the commit of the one before. A submission that fails afterwards leaves a gap.
#[derive(Clone, Debug)]
pub struct FileNumbers {
    db: PgPool,
    /// The rules as they were last read.
    remembered: Arc<RwLock<HashMap<CallId, Arc<Call>>>>,
}

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
        Self { db: pool, remembered: Arc::default() }
    }

    /// The rules as they were last read. Another version may be in force meanwhile, which [`FileNumbers::next`] notices.
    pub(crate) fn remembered(&self, call: CallId) -> Option<Arc<Call>> {
        self.remembered.read().unwrap_or_else(PoisonError::into_inner).get(&call).cloned()
    }

    /// The rules in force, which are remembered; `None` if no such call has been published.
    pub(crate) async fn rules(
        &self,
        connection: &mut PgConnection,
        call: CallId,
    ) -> Result<Option<Arc<Call>>, sqlx::Error> {
        let rules = calls::find(connection, call).await?.map(Arc::new);
        if let Some(rules) = &rules {
            let mut remembered = self.remembered.write().unwrap_or_else(PoisonError::into_inner);
            remembered.insert(call, rules.clone());
        }
        Ok(rules)
    }

    /// The next number of `call`; `None` unless this version of it is in force.
    pub(crate) async fn next(&self, call: &Call) -> Result<Option<i64>, sqlx::Error> {
        sqlx::query_scalar!(
            "update file_numbers set last = last + 1 from calls
             where call_id = $1 and calls.id = $1 and calls.version = $2 returning last",
            call.id().uuid(),
            calls::version(call)?
        )
        .fetch_optional(&self.db)
        .await
    }
}
