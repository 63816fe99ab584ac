//! For people and programs: a file per verb, each with its page and its operation of the API.

mod abstain;
mod content;
mod draft;
mod give;
mod give_back;
mod list;
mod next;
mod queue;
mod show;
mod take;
mod ties;
pub mod view;

use std::sync::Arc;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::{get, post};
use bus::Tx;
use chassis::api::{ApiRouter, Operation};
use chassis::telemetry::Trace;
use chassis::{Problem, ProblemKind, Role, Session};
use events::{Ags, ApplicationId, Cause, Person};
use pages::Page;
use sqlx::PgConnection;

use crate::AppState;
use crate::file::{File, Refused};
use crate::store::{files, ties as stored_ties};
use crate::visibility::{Visibility, visibility};

/// The state of every route.
pub(crate) type State = axum::extract::State<Arc<AppState>>;

/// All routes of the service: pages below `/review`, the API below `/review/api`.
pub fn routes(service: Arc<AppState>) -> Router {
    let pages = Router::new()
        .route("/review", get(queue::page))
        .route("/review/next", post(next::page))
        .route("/review/all", get(list::page))
        .route("/review/ties", get(ties::page).post(ties::declare))
        .route("/review/ties/draft", post(ties::draft))
        .route("/review/ties/{id}/end", post(ties::end))
        .route("/review/files/{id}", get(show::page))
        .route("/review/files/{id}/review", get(show::page).post(give::page))
        .route("/review/files/{id}/draft", post(draft::page))
        .route("/review/files/{id}/take", post(take::page))
        .route("/review/files/{id}/return", post(give_back::page))
        .route("/review/files/{id}/abstain", get(abstain::ask).post(abstain::page))
        .route("/review/files/{id}/abstain/draft", post(abstain::draft));
    pages.merge(api().into_router()).with_state(service)
}

/// The API with its description.
pub fn api() -> ApiRouter<Arc<AppState>> {
    use ProblemKind::{Conflict, NotFound};
    ApiRouter::new("review", "/review")
        .post(
            "/next",
            next::api,
            Operation::new("Take the next file")
                .description(
                    "The oldest file that waits for somebody like you, held for you from now on. You hold one \
                     file at a time: asked again, the same one. 204 when nothing waits for you. Takes an \
                     Idempotency-Key, as every operation that changes something.",
                )
                .role(Role::Reviewer)
                .answers::<view::FileView>(StatusCode::OK)
                .answers_nothing()
                .problems(&[Conflict]),
        )
        .get(
            "/queue",
            queue::api,
            Operation::new("How much waits, and the file you hold").answers::<view::QueueView>(StatusCode::OK),
        )
        .get(
            "/files/{id}",
            show::api,
            Operation::new("One file")
                .description("The reviews of others are shown once your own is given.")
                .answers::<view::FileView>(StatusCode::OK)
                .problems(&[NotFound]),
        )
        .post(
            "/files/{id}/review",
            give::api,
            Operation::new("Give your review")
                .role(Role::Reviewer)
                .body::<give::GiveReview>()
                .answers::<give::Given>(StatusCode::OK)
                .problems(&[NotFound, Conflict]),
        )
        .post(
            "/files/{id}/take",
            take::api,
            Operation::new("Take a file again that you gave back")
                .role(Role::Reviewer)
                .answers::<view::FileView>(StatusCode::OK)
                .problems(&[NotFound, Conflict]),
        )
        .post(
            "/files/{id}/return",
            give_back::api,
            Operation::new("Give a file back to the queue")
                .role(Role::Reviewer)
                .answers_nothing()
                .problems(&[NotFound, Conflict]),
        )
        .post(
            "/files/{id}/abstain",
            abstain::api,
            Operation::new("Declare bias: the file is never offered to you again")
                .role(Role::Reviewer)
                .body::<abstain::Abstain>()
                .answers_nothing()
                .problems(&[NotFound, Conflict]),
        )
}

/// A form that is nothing but a button.
#[derive(serde::Deserialize)]
struct ButtonForm {
    /// Made with the page: pressed twice is pressed once.
    #[serde(default)]
    key: String,
}

/// The person behind a session.
fn person(session: &Session) -> Person {
    Person { id: session.person.clone(), name: session.name.clone() }
}

/// What a request says follows from no fact.
fn cause(trace: Trace) -> Cause {
    Cause::request(Some(trace.to_string()))
}

/// The municipalities this person has a tie to: their own, and those they declared.
async fn ties_of(connection: &mut PgConnection, session: &Session) -> Result<Vec<Ags>, sqlx::Error> {
    let mut ties = stored_ties::keys(connection, &session.person).await?;
    ties.extend(session.ags.iter().filter_map(|own| own.parse().ok()));
    Ok(ties)
}

/// The file, locked, as far as it is this person's business; with their ties.
async fn lock(tx: &mut Tx, session: &Session, id: ApplicationId) -> Result<(File, Vec<Ags>), Problem> {
    let file = files::lock(tx, id).await?.ok_or_else(Problem::not_found)?;
    let ties = ties_of(tx, session).await?;
    match visibility(&file, session, &ties) {
        Visibility::Hidden => Err(Problem::not_found()),
        Visibility::Application | Visibility::Everything => Ok((file, ties)),
    }
}

/// What the state of a file does not permit.
fn refuse(refused: Refused) -> Problem {
    Problem::conflict(refused.to_string())
}

/// The same, with a sentence for the reader of `page`.
fn refuse_on(page: &Page) -> impl Fn(Refused) -> Problem + '_ {
    |refused| refuse(refused).say(page.t(refused_key(refused)))
}

/// The message that tells a person why.
fn refused_key(refused: Refused) -> &'static str {
    match refused {
        Refused::NotOpen => "refused-not-open",
        Refused::Withdrawn => "refused-withdrawn",
        Refused::Completed => "refused-completed",
        Refused::Tied => "refused-tied",
        Refused::AlreadyGiven => "refused-already-given",
        Refused::Full => "refused-full",
        Refused::NotHeld => "refused-not-held",
        Refused::HoldsAnother => "refused-holds-another",
    }
}
