//! The eligibility service with a real database and broker: facts and requests in, facts and pages out.

mod deciding;
mod hearing;
mod lists;
mod stage;
