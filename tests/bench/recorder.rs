//! Counts what the services consume, by the metric they keep anyway: no question to any database while
//! a journey runs.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use metrics::{Counter, CounterFn, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit};
use tokio::sync::Notify;
use tokio::time::timeout;

/// By when what is waited for must have been consumed.
const DEADLINE: Duration = Duration::from_secs(120);

/// How many facts took effect since the start of this process.
#[derive(Clone, Debug, Default)]
pub struct Consumed(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    count: AtomicU64,
    more: Notify,
}

impl Consumed {
    pub fn count(&self) -> u64 {
        self.0.count.load(Ordering::Acquire)
    }

    /// Waits until so many facts have taken effect since the start.
    ///
    /// # Panics
    /// They do not within two minutes.
    pub async fn until(&self, count: u64) {
        let reached = async {
            loop {
                let more = self.0.more.notified();
                if self.count() >= count {
                    return;
                }
                more.await;
            }
        };
        let seen = || self.count();
        timeout(DEADLINE, reached)
            .await
            .unwrap_or_else(|_| panic!("{count} facts should be consumed by now; {} are", seen()));
    }
}

impl CounterFn for Inner {
    fn increment(&self, value: u64) {
        self.count.fetch_add(value, Ordering::AcqRel);
        self.more.notify_waiters();
    }

    fn absolute(&self, value: u64) {
        self.count.fetch_max(value, Ordering::AcqRel);
        self.more.notify_waiters();
    }
}

/// To be called once, before any service starts.
pub fn install() -> Consumed {
    let consumed = Consumed::default();
    metrics::set_global_recorder(Applied(consumed.clone())).expect("the only recorder of this process");
    consumed
}

struct Applied(Consumed);

impl Recorder for Applied {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        let applied = key.labels().any(|label| label.key() == "verdict" && label.value() == "applied");
        if key.name() == "bus_consumed_total" && applied {
            Counter::from_arc(self.0.0.clone())
        } else {
            Counter::noop()
        }
    }
    fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::noop()
    }
    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::noop()
    }
}
