//! Counts what the services consume, by the metric they keep anyway: no question to any database while
//! a journey runs.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit};

/// How many facts took effect since the start of this process.
#[derive(Clone, Debug, Default)]
pub struct Consumed(Arc<AtomicU64>);

impl Consumed {
    pub fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
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
