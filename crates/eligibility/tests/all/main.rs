//! The eligibility service with everything real around it: facts and requests in, facts and pages out.

mod deciding;
mod hearing;
mod lists;
mod stage;
