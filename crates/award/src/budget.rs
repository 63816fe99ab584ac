//! The money of one call and financial year. Never more is committed than there is: here by type, in
//! Postgres by a CHECK constraint and the lock of one row.

use events::{Call, CallId, Cents};

/// What a call may commit in one year, and what it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// The call.
    pub call: CallId,
    /// Financial year.
    pub year: i32,
    /// What there is.
    pub amount: Cents,
    /// What is promised.
    pub committed: Cents,
}

impl Budget {
    /// What can still be promised.
    pub fn left(&self) -> Cents {
        self.amount - self.committed
    }

    /// Promises `amount`. `Err` gives the budget back: it is not enough.
    pub fn commit(self, amount: Cents) -> Result<Self, Self> {
        if Cents::ZERO <= amount && amount <= self.left() {
            Ok(Self { committed: self.committed + amount, ..self })
        } else {
            Err(self)
        }
    }

    /// Takes a promise of `amount` back.
    #[must_use]
    pub fn release(self, amount: Cents) -> Self {
        Self { committed: self.committed - amount, ..self }
    }
}

/// The financial year that pays for a project which starts in `start`: that one if the call has money in it,
/// else the call's first. `None`: the call has no budget at all.
pub fn year_of(call: &Call, start: i32) -> Option<i32> {
    let years = || call.budget.iter().map(|budget| budget.year);
    years().find(|year| *year == start).or_else(|| years().min())
}
