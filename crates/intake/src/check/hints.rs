//! What will make a person look at it. Shown before submission, never in the way of it (§§ 24 (3), 25 VwVfG).

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Europe::Berlin;
use events::{Application, Call, Cents, Declaration};

/// One point to know before submitting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hint {
    /// The window has closed.
    Late {
        /// The first moment that was late, UTC.
        closed: DateTime<Utc>,
    },
    /// The project does not run in the days of the call.
    OutsideCall {
        /// First day of the call.
        from: NaiveDate,
        /// Last day of the call.
        to: NaiveDate,
    },
    /// It begins before it is applied for (VV 1.3).
    Begun,
    /// Less than the smallest grant.
    BelowMinimum {
        /// The smallest grant.
        minimum: Cents,
    },
    /// More than the largest grant.
    AboveMaximum {
        /// The largest grant.
        maximum: Cents,
    },
    /// Not all framework conditions are declared.
    Declarations {
        /// How many are missing.
        missing: usize,
    },
}

/// The hints on an application submitted at `now`.
pub fn hints(application: &Application, call: &Call, now: DateTime<Utc>) -> Vec<Hint> {
    let period = application.project_period;
    let grant = application.financing.grant;
    let missing = Declaration::ALL.iter().filter(|one| !application.declarations.contains(one)).count();
    let mut hints = Vec::new();
    let mut hint = |applies, hint| {
        if applies {
            hints.push(hint);
        }
    };
    hint(call.window.is_over(now), Hint::Late { closed: call.window.end() });
    hint(
        period.from < call.project_from || period.to > call.project_to,
        Hint::OutsideCall { from: call.project_from, to: call.project_to },
    );
    hint(period.from < now.with_timezone(&Berlin).date_naive(), Hint::Begun);
    hint(grant < call.minimum_grant, Hint::BelowMinimum { minimum: call.minimum_grant });
    hint(grant > call.maximum_grant, Hint::AboveMaximum { maximum: call.maximum_grant });
    hint(missing > 0, Hint::Declarations { missing });
    hints
}
