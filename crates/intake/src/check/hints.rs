//! What will make a person look at an application. Shown before submission, and never a reason to refuse it (§§ 24
//! (3), 25 VwVfG).

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Europe::Berlin;
use events::{Application, Call, Cents, Declaration};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hint {
    /// The window of the call has closed.
    Late {
        /// The first moment that is late, UTC.
        closed: DateTime<Utc>,
    },
    /// The project runs on days outside those of the call.
    OutsideCall {
        /// First day that the call allows.
        from: NaiveDate,
        /// Last day that the call allows.
        to: NaiveDate,
    },
    /// The project begins before it is applied for (VV 1.3).
    Begun,
    /// The grant is below the smallest of the call.
    BelowMinimum { minimum: Cents },
    /// The grant is above the largest of the call.
    AboveMaximum { maximum: Cents },
    /// Some framework conditions are not declared.
    Declarations {
        /// How many.
        missing: usize,
    },
}

/// The hints on an application that is submitted at `now`.
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
