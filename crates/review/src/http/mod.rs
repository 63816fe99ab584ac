//! Pages and API; one file for each action, with its page and its API operation.

mod abstain;
mod content;
mod draft;
mod give;
mod give_back;
mod list;
mod next;
mod queue;
mod routes;
mod show;
mod take;
mod ties;
pub mod view;

pub use routes::{api, routes};

use std::sync::Arc;

use bus::Tx;
use chassis::{Problem, Session};
use events::{Ags, ApplicationId};
use pages::Page;
use sqlx::PgConnection;

use crate::AppState;
use crate::file::{File, Refused};
use crate::store::{files, ties as stored_ties};
use crate::visibility::{Visibility, visibility};

pub(crate) type State = axum::extract::State<Arc<AppState>>;

/// A form that consists of a button only.
#[derive(serde::Deserialize)]
struct ButtonForm {
    /// Idempotency key, made with the page: a second press has no effect.
    #[serde(default)]
    key: String,
}

/// The municipalities this person has a tie to: their own, and those they have declared.
async fn ties_of(connection: &mut PgConnection, session: &Session) -> Result<Vec<Ags>, sqlx::Error> {
    let mut ties = stored_ties::keys(connection, &session.person).await?;
    ties.extend(session.ags.iter().filter_map(|own| own.parse().ok()));
    Ok(ties)
}

/// The locked file, and the person's ties; 404 if they may not see it.
async fn lock(tx: &mut Tx, session: &Session, id: ApplicationId) -> Result<(File, Vec<Ags>), Problem> {
    let file = files::lock(tx, id).await?.ok_or_else(Problem::not_found)?;
    let ties = ties_of(tx, session).await?;
    match visibility(&file, session, &ties) {
        Visibility::Hidden => Err(Problem::not_found()),
        Visibility::Application | Visibility::Everything => Ok((file, ties)),
    }
}

fn refuse(refused: Refused) -> Problem {
    Problem::conflict(refused.to_string())
}

/// Like [`refuse`], with a localized message for the reader of `page`.
fn refuse_on(page: &Page) -> impl Fn(Refused) -> Problem + '_ {
    |refused| refuse(refused).say(page.t(refused_key(refused)))
}

/// Message key of the reason.
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
