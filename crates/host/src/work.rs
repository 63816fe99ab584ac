//! The unit of work of a request, whose failures become problem documents.

use bus::{Bus, Failure, Tx};
use chassis::telemetry::Trace;
use chassis::{Problem, Session};
use events::{Cause, Person};

/// # Errors
/// 503: Postgres is away, or the database lacks facts that it has published.
pub async fn begin(bus: &Bus) -> Result<Tx, Problem> {
    bus.begin().await.map_err(problem)
}

/// # Errors
/// 503 where trying again can help, else 500. The unit of work is rolled back then.
pub async fn commit(bus: &Bus, tx: Tx) -> Result<(), Problem> {
    bus.commit(tx).await.map_err(problem)
}

/// The answer to a request whose work has failed.
pub fn problem(failure: Failure) -> Problem {
    match failure {
        Failure::Retry(why) => Problem::unavailable(why),
        Failure::Park(why) => Problem::internal(why),
    }
}

/// The cause of the facts that a request publishes.
pub fn cause(trace: &Trace) -> Cause {
    Cause::request(Some(trace.to_string()))
}

/// The person of a session, as facts name them.
pub fn person(session: &Session) -> Person {
    Person { id: session.person.clone(), name: session.name.clone() }
}
