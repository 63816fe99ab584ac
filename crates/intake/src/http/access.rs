//! Who may see and do what.

use chassis::{Problem, Role, Session};
use events::{Ags, municipality};

use crate::store::applications::Stored;

/// The municipality that the person signed in applies for.
pub fn applicant(session: &Session) -> Result<Ags, Problem> {
    session.require(Role::Applicant)?;
    let ags = session.ags.as_deref().and_then(|ags| ags.parse::<Ags>().ok());
    ags.filter(|ags| municipality(ags).is_some()).ok_or_else(|| {
        Problem::forbidden().detail("the session names no municipality of North Rhine-Westphalia")
    })
}

/// Passes if the person signed in may read this application. Others get "not found", so that they do not learn of it.
pub fn may_read(session: &Session, stored: &Stored) -> Result<(), Problem> {
    let staff = session.has_any(&[Role::CaseWorker, Role::Operator]);
    if staff || owns(session, &stored.ags) { Ok(()) } else { Err(Problem::not_found()) }
}

/// Passes for those who may correct the contact: the municipality itself and case workers.
pub fn may_correct(session: &Session, stored: &Stored) -> Result<(), Problem> {
    may_read(session, stored)?;
    if session.has(Role::CaseWorker) || owns(session, &stored.ags) {
        Ok(())
    } else {
        Err(Problem::forbidden())
    }
}

pub fn owns(session: &Session, ags: &Ags) -> bool {
    session.has(Role::Applicant) && session.ags.as_deref() == Some(ags.as_str())
}
