//! What one person may use of a process, so that nobody uses what the others need. Requests without a session are
//! bounded by the limits of all.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::settings::{PersonLimits, Rate};

/// Beyond this number of persons, those who have all of their budget are forgotten.
const REMEMBERED: usize = 1_024;

#[derive(Debug)]
pub(crate) struct Budgets {
    limits: PersonLimits,
    people: Mutex<HashMap<String, Used>>,
}

#[derive(Debug)]
struct Used {
    in_flight: usize,
    requests: Bucket,
    bytes: Bucket,
}

impl Budgets {
    pub fn new(limits: PersonLimits) -> Arc<Self> {
        Arc::new(Self { limits, people: Mutex::default() })
    }

    /// Takes one request with a body of so many bytes from the budget of `person`. A large body may exceed it: the next
    /// request waits then.
    ///
    /// # Errors
    /// It is used up: the time until the next request may come.
    pub fn begin(self: &Arc<Self>, person: &str, bytes: usize, now: Instant) -> Result<Place, Duration> {
        let limits = &self.limits;
        let mut people = self.people();
        if people.len() >= REMEMBERED && !people.contains_key(person) {
            people.retain(|_, used| !used.is_unused(limits, now));
        }
        let used = people.entry(person.to_owned()).or_insert_with(|| Used {
            in_flight: 0,
            requests: Bucket::full(limits.requests, now),
            bytes: Bucket::full(limits.bytes, now),
        });
        if used.in_flight >= limits.max_in_flight {
            return Err(Duration::from_secs(1));
        }
        let wait =
            used.bytes.until(limits.bytes, 0.0, now).max(used.requests.until(limits.requests, 1.0, now));
        if !wait.is_zero() {
            return Err(wait);
        }
        used.requests.level -= 1.0;
        used.bytes.level -= bytes as f64;
        used.in_flight += 1;
        Ok(Place { budgets: self.clone(), person: person.to_owned() })
    }

    fn people(&self) -> MutexGuard<'_, HashMap<String, Used>> {
        self.people.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Used {
    fn is_unused(&mut self, limits: &PersonLimits, now: Instant) -> bool {
        self.in_flight == 0
            && self.requests.is_full(limits.requests, now)
            && self.bytes.is_full(limits.bytes, now)
    }
}

/// A request of a person that is being worked on.
#[derive(Debug)]
pub(crate) struct Place {
    budgets: Arc<Budgets>,
    person: String,
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(used) = self.budgets.people().get_mut(&self.person) {
            used.in_flight -= 1;
        }
    }
}

/// A leaky bucket: what is left, and since when.
#[derive(Clone, Copy, Debug)]
struct Bucket {
    level: f64,
    at: Instant,
}

impl Bucket {
    fn full(rate: Rate, now: Instant) -> Self {
        Self { level: rate.burst, at: now }
    }

    fn refill(&mut self, rate: Rate, now: Instant) {
        let seconds = now.saturating_duration_since(self.at).as_secs_f64();
        *self = Self { level: (self.level + seconds * rate.per_second).min(rate.burst), at: now };
    }

    /// How long until `level` is reached.
    fn until(&mut self, rate: Rate, level: f64, now: Instant) -> Duration {
        self.refill(rate, now);
        Duration::from_secs_f64(((level - self.level) / rate.per_second).max(0.0))
    }

    fn is_full(&mut self, rate: Rate, now: Instant) -> bool {
        self.refill(rate, now);
        self.level >= rate.burst
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits() -> PersonLimits {
        PersonLimits {
            max_in_flight: 2,
            requests: Rate { per_second: 2.0, burst: 4.0 },
            bytes: Rate { per_second: 100.0, burst: 1_000.0 },
        }
    }

    #[test]
    fn a_budget_is_the_persons_own_and_comes_back_with_time() {
        let budgets = Budgets::new(limits());
        let start = Instant::now();
        for _ in 0..4 {
            drop(budgets.begin("anna", 0, start).unwrap());
        }
        assert_eq!(budgets.begin("anna", 0, start).unwrap_err(), Duration::from_millis(500));
        assert!(budgets.begin("bela", 0, start).is_ok());
        let later = start + Duration::from_millis(500);
        assert!(budgets.begin("anna", 0, later).is_ok());
        assert!(budgets.begin("anna", 0, later).is_err());
    }

    #[test]
    fn places_are_free_again_when_the_work_has_ended() {
        let budgets = Budgets::new(limits());
        let now = Instant::now();
        let first = budgets.begin("anna", 0, now).unwrap();
        let second = budgets.begin("anna", 0, now).unwrap();
        assert_eq!(budgets.begin("anna", 0, now).unwrap_err(), Duration::from_secs(1));
        drop(second);
        assert!(budgets.begin("anna", 0, now).is_ok());
        drop(first);
    }

    #[test]
    fn a_large_body_is_taken_and_the_next_one_waits() {
        let budgets = Budgets::new(limits());
        let now = Instant::now();
        drop(budgets.begin("anna", 1_500, now).unwrap());
        assert_eq!(budgets.begin("anna", 0, now).unwrap_err(), Duration::from_secs(5));
        assert!(budgets.begin("anna", 0, now + Duration::from_secs(5)).is_ok());
    }

    #[test]
    fn those_who_use_nothing_are_forgotten() {
        let budgets = Budgets::new(limits());
        let now = Instant::now();
        let kept = budgets.begin("kept", 0, now).unwrap();
        for number in 1..REMEMBERED {
            drop(budgets.begin(&format!("person {number}"), 0, now).unwrap());
        }
        assert_eq!(budgets.people().len(), REMEMBERED);
        drop(budgets.begin("another", 0, now + Duration::from_secs(60)).unwrap());
        assert_eq!(budgets.people().len(), 2);
        drop(kept);
    }
}
