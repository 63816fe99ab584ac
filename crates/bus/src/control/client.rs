//! Asking.

use std::time::Duration;

use async_nats::{Client, ConnectOptions, RequestErrorKind};
use events::Service;
use secrecy::ExposeSecret;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Command, Question, audit_subject, operator_subject};
use crate::context::Context;
use crate::{Failure, Settings};

/// A comparison of everything may take a while.
const LONGEST: Duration = Duration::from_secs(60);

/// An answer that did not come, or a refusal.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// The broker cannot be reached.
    #[error("cannot reach NATS at {url}: {source}")]
    Connect {
        /// Its address.
        url: String,
        /// What the client says.
        source: async_nats::ConnectError,
    },
    /// No replica of the service listens.
    #[error("{0} does not answer: is it running?")]
    Silent(Service),
    /// The service, or the broker, says no.
    #[error("{0}")]
    Refused(String),
}

/// Asks another service. None: nobody answers there.
pub(crate) async fn ask<T: DeserializeOwned>(
    context: &Context,
    service: Service,
    question: &Question,
) -> Result<Option<T>, Failure> {
    match request(&context.client, audit_subject(service), question, Duration::from_secs(10)).await {
        Ok(answer) => Ok(Some(answer)),
        Err(Unanswered::Silent) => Ok(None),
        Err(Unanswered::Refused(why)) => Err(Failure::Retry(format!("{service}: {why}"))),
    }
}

/// An operator's connection.
#[derive(Clone)]
pub struct Operator {
    client: Client,
}

impl Operator {
    /// Connects as the user `operator` of these settings.
    ///
    /// # Errors
    /// The broker cannot be reached, or refuses the user.
    pub async fn connect(settings: &Settings) -> Result<Self, ControlError> {
        let mut options = ConnectOptions::new()
            .name("operator")
            .connection_timeout(Duration::from_secs(3))
            .custom_inbox_prefix("_INBOX.operator");
        if let (Some(user), Some(password)) = (&settings.user, &settings.password) {
            options = options.user_and_password(user.clone(), password.expose_secret().to_owned());
        }
        let connected = options.connect(settings.addresses()).await;
        let client =
            connected.map_err(|source| ControlError::Connect { url: settings.url.clone(), source })?;
        Ok(Self { client })
    }

    /// Gives an order to a service; the type of the answer is named at [`Command`].
    ///
    /// # Errors
    /// Nobody answers, or the service refuses with a sentence for the person.
    pub async fn execute<T: DeserializeOwned>(
        &self,
        service: Service,
        command: &Command,
    ) -> Result<T, ControlError> {
        match request(&self.client, operator_subject(service), command, LONGEST).await {
            Ok(answer) => Ok(answer),
            Err(Unanswered::Silent) => Err(ControlError::Silent(service)),
            Err(Unanswered::Refused(why)) => Err(ControlError::Refused(why)),
        }
    }
}

enum Unanswered {
    Silent,
    Refused(String),
}

async fn request<T: DeserializeOwned>(
    client: &Client,
    subject: String,
    body: &impl Serialize,
    patience: Duration,
) -> Result<T, Unanswered> {
    let refused = |error: &dyn std::fmt::Display| Unanswered::Refused(error.to_string());
    let payload = serde_json::to_vec(body).map_err(|error| refused(&error))?;
    let request = async_nats::Request::new().payload(payload.into()).timeout(Some(patience));
    let answer = client.send_request(subject, request).await.map_err(|error| match error.kind() {
        RequestErrorKind::NoResponders => Unanswered::Silent,
        _ => refused(&error),
    })?;
    let answer: Result<T, String> =
        serde_json::from_slice(&answer.payload).map_err(|error| refused(&error))?;
    answer.map_err(Unanswered::Refused)
}
