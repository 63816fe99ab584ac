use std::sync::Arc;
use std::time::Duration;

use sqlx::PgPool;

use crate::Waiting;
use crate::context::Context;
use crate::deadline::{IO_DEADLINE, with_deadline};

/// How much a service still has to publish, and how much waits in it; for metrics, readiness and operators.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Stats {
    /// Facts appended, not yet acknowledged by the broker.
    pub outbox: i64,
    /// Age of the oldest of them in seconds.
    pub outbox_age_seconds: f64,
    pub waiting: Waiting,
}

impl Stats {
    /// Counts rows of the outbox and of what waits: both tables are small, since rows leave them again.
    pub async fn read(db: &PgPool) -> Result<Self, sqlx::Error> {
        let outbox = sqlx::query!(
            r#"select count(*) as "rows!",
                      coalesce(extract(epoch from now() - min(l.said_at)), 0)::float8 as "age!"
               from bus.outbox o join bus.event_log l on l.key = o.key and l.version = o.version"#
        )
        .fetch_one(db)
        .await?;
        Ok(Self {
            outbox: outbox.rows,
            outbox_age_seconds: outbox.age.max(0.0),
            waiting: Waiting::count(db).await?,
        })
    }

    /// Nothing is left to publish and nothing waits.
    pub fn is_quiet(&self) -> bool {
        self.outbox == 0 && self.waiting == Waiting::default()
    }
}

/// Updates the gauges every five seconds.
pub(crate) async fn run(context: Arc<Context>) {
    while !context.shutdown.is_cancelled() {
        if let Ok(stats) = with_deadline(IO_DEADLINE, Stats::read(&context.db)).await {
            metrics::gauge!("bus_outbox_rows").set(stats.outbox as f64);
            metrics::gauge!("bus_outbox_age_seconds").set(stats.outbox_age_seconds);
            metrics::gauge!("bus_held_rows").set(stats.waiting.held as f64);
            metrics::gauge!("bus_parked_rows").set(stats.waiting.parked as f64);
            metrics::gauge!("bus_unreadable_rows").set(stats.waiting.unreadable as f64);
        }
        context.pause(Duration::from_secs(5)).await;
    }
}
