//! Is this process ready for requests? Named checks, each with a reason.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, join_all};
use serde::Serialize;

use crate::process::App;

/// How long one check may take.
const LIMIT: Duration = Duration::from_secs(2);

type Check = Arc<dyn Fn() -> BoxFuture<'static, Result<String, String>> + Send + Sync>;

/// The readiness checks of a process.
#[derive(Clone, Default)]
pub struct Health(Arc<Mutex<BTreeMap<&'static str, Check>>>);

impl Health {
    /// Adds (or replaces) the check `name`. It answers with a detail either way, within two seconds.
    pub fn check<F, R>(&self, name: &'static str, check: F)
    where
        F: Fn() -> R + Send + Sync + 'static,
        R: Future<Output = Result<String, String>> + Send + 'static,
    {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(name, Arc::new(move || check().boxed()));
    }

    /// Runs all checks at once.
    pub async fn report(&self) -> BTreeMap<&'static str, CheckReport> {
        let checks = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let run = checks.into_iter().map(async |(name, check)| {
            let (ok, detail) = match tokio::time::timeout(LIMIT, check()).await {
                Ok(Ok(detail)) => (true, detail),
                Ok(Err(detail)) => (false, detail),
                Err(_) => (false, format!("no answer within {} seconds", LIMIT.as_secs())),
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

/// What one check said.
#[derive(Clone, Debug, Serialize, PartialEq, Eq)]
pub struct CheckReport {
    /// Did it pass?
    pub ok: bool,
    /// In words.
    pub detail: String,
}

#[derive(Serialize)]
pub(super) struct Readiness {
    service: &'static str,
    ready: bool,
    draining: bool,
    checks: BTreeMap<&'static str, CheckReport>,
}

pub(super) async fn readyz(State(process): State<App>) -> (StatusCode, Json<Readiness>) {
    let draining = process.draining().is_cancelled();
    let checks = process.health().report().await;
    let ready = !draining && checks.values().all(|check| check.ok);
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(Readiness { service: process.name(), ready, draining, checks }))
}
