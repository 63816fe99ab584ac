//! The money of one call and financial year. Never more is committed than there is: this type ensures it, and in
//! Postgres a CHECK constraint and a row lock.

use events::{Call, CallId, Cents};

/// The budget of a call for one financial year.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    pub call: CallId,
    pub year: i32,
    /// The total of the year.
    pub amount: Cents,
    /// What has been granted out of it.
    pub committed: Cents,
}

impl Budget {
    /// What can still be granted.
    pub fn left(&self) -> Cents {
        self.amount - self.committed
    }

    /// Commits `amount`. `Err` returns the unchanged budget: it does not cover the amount.
    pub fn commit(self, amount: Cents) -> Result<Self, Self> {
        if Cents::ZERO <= amount && amount <= self.left() {
            Ok(Self { committed: self.committed + amount, ..self })
        } else {
            Err(self)
        }
    }

    /// Frees a committed `amount` again.
    #[must_use]
    pub fn release(self, amount: Cents) -> Self {
        Self { committed: self.committed - amount, ..self }
    }
}

/// The financial year that pays for a project starting in the year `start`: that year if the call has a budget for it,
/// else the call's first. `None`: the call has no budget.
pub fn year_of(call: &Call, start: i32) -> Option<i32> {
    let years = || call.budget.iter().map(|budget| budget.year);
    years().find(|year| *year == start).or_else(|| years().min())
}
