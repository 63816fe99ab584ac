//! Application data from a file: the projects that a demonstration begins with.

use bus::Bus;
use events::{Ags, Application, ApplicationId, CallId, Cause, Person};
use serde::Deserialize;
use uuid::Uuid;

use crate::application::{Draft, Ready, Refused};
use crate::form::Form;
use crate::store::{applications, calls, drafts};
use crate::{FileNumbers, submission};

/// A project of a demonstration file.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Project {
    /// Key of the call it answers.
    pub call: String,
    /// The municipality that applies.
    pub ags: Ags,
    /// Name of the person who has filled it in.
    pub submitted_by: String,
    /// The form.
    pub application: Application,
}

/// How far a demonstration project is when it is loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Filled in, ready to be submitted by a person.
    Draft,
    /// Submitted.
    Submitted,
}

/// A demonstration project cannot be loaded.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// Its call has not been published.
    #[error("the call {0} has not been published")]
    NoCall(String),
    /// The call's rules do not let it in.
    #[error("{0}")]
    Refused(#[from] Refused),
    /// The database.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    /// The unit of work could not be committed.
    #[error(transparent)]
    Commit(#[from] bus::Failure),
}

/// Reads the TOML of a project.
///
/// # Errors
/// What TOML says: line, column, what is expected.
pub fn read(text: &str) -> Result<Project, toml::de::Error> {
    toml::from_str(text)
}

/// Loads a project into the database of `bus`, once: the same call, municipality and title give the same id, and
/// one that is there, in whatever state, stays as it is. Its call must have been published.
///
/// # Errors
/// [`DemoError`].
pub async fn load(
    bus: &Bus,
    numbers: &FileNumbers,
    project: &Project,
    stage: Stage,
) -> Result<ApplicationId, DemoError> {
    let Project { call, ags, submitted_by, application } = project;
    let name = format!("urn:bescheid:demo:{call}:{ags}:{}", application.title);
    let id = ApplicationId(Uuid::new_v5(&Uuid::NAMESPACE_URL, name.as_bytes()));
    let mut tx = bus.begin().await?;
    let call =
        calls::find(&mut tx, CallId::of_key(call)).await?.ok_or_else(|| DemoError::NoCall(call.clone()))?;
    let now = tx.now();
    let begun = Draft::begin(id, call.id(), ags.clone(), submitted_by.clone(), now);
    let draft = Draft { form: Form::from(application), ..begun };
    if applications::exists(&mut tx, id).await? || !drafts::insert(&mut tx, &draft).await? {
        return Ok(id);
    }
    if stage == Stage::Submitted {
        let ready = Ready::new(application.clone(), &call, ags, now)?;
        let by = Person { id: "demonstration".to_owned(), name: submitted_by.clone() };
        submission::submit(&mut tx, numbers, id, &call, ready, by, Cause::default()).await?;
    }
    bus.commit(tx).await?;
    Ok(id)
}
