//! Time as a parameter: the real clock, or one that a test sets.

use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};

/// The clock of a process.
#[derive(Clone, Debug, Default)]
pub struct Clock(Option<TestClock>);

impl Clock {
    pub fn system() -> Self {
        Self(None)
    }

    /// Now, in UTC and whole microseconds: Postgres stores nothing finer, and a time that is read back must equal the one
    /// that was written.
    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    pub fn now(&self) -> DateTime<Utc> {
        match &self.0 {
            None => Utc::now().trunc_subsecs(6),
            Some(test) => test.now(),
        }
    }
}

/// A clock that moves only when a test moves it. Clones share the time.
#[derive(Clone, Debug)]
pub struct TestClock(Arc<Mutex<DateTime<Utc>>>);

impl TestClock {
    pub fn at(at: DateTime<Utc>) -> Self {
        Self(Arc::new(Mutex::new(at.trunc_subsecs(6))))
    }

    /// The clock for a process; it shows the time of this one.
    pub fn clock(&self) -> Clock {
        Clock(Some(self.clone()))
    }

    pub fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn advance(&self, by: TimeDelta) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) += by;
    }

    pub fn set(&self, at: DateTime<Utc>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = at.trunc_subsecs(6);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_clock_moves_only_when_moved() {
        let test = TestClock::at("2026-11-23T10:00:00.1234567Z".parse().unwrap());
        let clock = test.clock();
        assert_eq!(clock.now().to_rfc3339(), "2026-11-23T10:00:00.123456+00:00");
        test.advance(TimeDelta::hours(1));
        assert_eq!(clock.now().to_rfc3339(), "2026-11-23T11:00:00.123456+00:00");
    }
}
