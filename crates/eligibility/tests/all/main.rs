//! The eligibility service with a real database and broker: facts and requests in, facts and pages out.

mod consuming;
mod deciding;
mod lists;
mod stage;
