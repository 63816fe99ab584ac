//! Loads the projects that a demonstration begins with from files.

use bus::Bus;
use events::{Ags, Application, ApplicationId, Call, CallId, Cause, Person};
use serde::Deserialize;
use uuid::Uuid;

use crate::FileNumbers;
use crate::application::{Draft, Ready, Refused};
use crate::form::Form;
use crate::store::{applications, calls, drafts};
use crate::submission::{self, Submission};

/// A project in a demonstration file.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Project {
    pub call: String,
    /// The municipality that applies.
    pub ags: Ags,
    /// Name of the person who has filled in the form.
    pub submitted_by: String,
    pub application: Application,
}

/// In which state a demonstration project is loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoadAs {
    /// Complete, ready to be submitted by a person.
    Draft,
    Submitted,
}

/// Why a demonstration project is not loaded.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    #[error("the call {0} has not been published")]
    NoCall(String),
    #[error("{0}")]
    Refused(#[from] Refused),
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    #[error(transparent)]
    Commit(#[from] bus::Failure),
}

/// Reads a project from TOML.
pub fn read(text: &str) -> Result<Project, toml::de::Error> {
    toml::from_str(text)
}

/// Loads a project into the database of `bus`, once. The id follows from call, municipality and title; a project that
/// is there already is left as it is. The call must have been published.
pub async fn load(
    bus: &Bus,
    numbers: &FileNumbers,
    project: &Project,
    load_as: LoadAs,
) -> Result<ApplicationId, DemoError> {
    let Project { call, ags, submitted_by, application } = project;
    let name = format!("urn:bescheid:demo:{call}:{ags}:{}", application.title);
    let id = ApplicationId(Uuid::new_v5(&Uuid::NAMESPACE_URL, name.as_bytes()));
    let mut tx = bus.begin().await?;
    let no_call = || DemoError::NoCall(call.clone());
    let call = calls::find(&mut tx, CallId::of_key(call)).await?.ok_or_else(no_call)?.id();
    let now = tx.now();
    let begun = Draft::begin(id, call, ags.clone(), submitted_by.clone(), now);
    let draft = Draft { form: Form::from(application), ..begun };
    if applications::exists(&mut tx, id).await? || !drafts::insert(&mut tx, &draft).await? {
        return Ok(id);
    }
    if load_as == LoadAs::Submitted {
        let check = |call: &Call| Ready::new(application.clone(), call, ags, now);
        let by = Person { id: "demonstration".to_owned(), name: submitted_by.clone() };
        match submission::submit(&mut tx, numbers, id, call, check, by, Cause::default()).await? {
            Submission::Done(_) => {}
            Submission::Refused(refused) => return Err(refused.into()),
            Submission::NoCall => return Err(no_call()),
        }
    }
    bus.commit(tx).await?;
    Ok(id)
}
