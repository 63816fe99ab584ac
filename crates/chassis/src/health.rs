//! Whether this process is ready for requests: named checks, each with a detail for operators.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, join_all};
use serde::Serialize;

const CHECK_DEADLINE: Duration = Duration::from_secs(2);

type Check = Arc<dyn Fn() -> BoxFuture<'static, Result<String, String>> + Send + Sync>;

/// The readiness checks of a process, by name.
#[derive(Clone, Default)]
pub struct Health(Arc<Mutex<BTreeMap<&'static str, Check>>>);

impl Health {
    /// Adds (or replaces) the check `name`. It returns a detail for operators, as success or as error; a check that
    /// takes longer than two seconds has failed.
    pub fn check<F, R>(&self, name: &'static str, check: F)
    where
        F: Fn() -> R + Send + Sync + 'static,
        R: Future<Output = Result<String, String>> + Send + 'static,
    {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(name, Arc::new(move || check().boxed()));
    }

    /// Runs all checks concurrently.
    pub async fn report(&self) -> BTreeMap<&'static str, CheckReport> {
        let checks = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let run = checks.into_iter().map(async |(name, check)| {
            let (ok, detail) = match tokio::time::timeout(CHECK_DEADLINE, check()).await {
                Ok(Ok(detail)) => (true, detail),
                Ok(Err(detail)) => (false, detail),
                Err(_) => (false, format!("no answer within {} seconds", CHECK_DEADLINE.as_secs())),
            };
            (name, CheckReport { ok, detail })
        });
        join_all(run).await.into_iter().collect()
    }
}

impl fmt::Debug for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Health")
    }
}

#[derive(Clone, Debug, Serialize, PartialEq, Eq)]
pub struct CheckReport {
    pub ok: bool,
    /// For operators: what was found, or why the check failed.
    pub detail: String,
}
