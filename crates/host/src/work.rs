//! A unit of work of a request: begun and committed on the bus, refused as a problem.

use bus::{Bus, Failure, Tx};
use chassis::telemetry::Trace;
use chassis::{Problem, Session};
use events::{Cause, Person};

/// Begins a unit of work.
///
/// # Errors
/// 503: Postgres is away, or its data is not what was published.
pub async fn begin(bus: &Bus) -> Result<Tx, Problem> {
    bus.begin().await.map_err(problem)
}

/// Commits a unit of work.
///
/// # Errors
/// 503 where it can be tried again, 500 where that would not help; nothing has happened then.
pub async fn commit(bus: &Bus, tx: Tx) -> Result<(), Problem> {
    bus.commit(tx).await.map_err(problem)
}

/// What a client is told of a failure.
pub fn problem(failure: Failure) -> Problem {
    match failure {
        Failure::Retry(why) => Problem::unavailable(why),
        Failure::Park(why) => Problem::internal(why),
    }
}

/// What a request causes belongs to its trace, and follows from no fact.
pub fn cause(trace: &Trace) -> Cause {
    Cause::request(Some(trace.to_string()))
}

/// The person behind a session, as facts name them.
pub fn person(session: &Session) -> Person {
    Person { id: session.person.clone(), name: session.name.clone() }
}
