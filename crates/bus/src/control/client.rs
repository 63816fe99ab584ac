use std::time::Duration;

use async_nats::{Client, ConnectOptions, RequestErrorKind};
use events::Service;
use secrecy::ExposeSecret;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Command, Question, audit_subject, operator_subject};
use crate::context::Context;
use crate::{Failure, Settings};

/// How long an operator waits for an answer: comparing everything takes a while.
const OPERATOR_DEADLINE: Duration = Duration::from_secs(60);

/// Why an operator got no answer.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    #[error("cannot reach NATS at {url}: {source}")]
    Connect { url: String, source: async_nats::ConnectError },
    /// No replica of the service is connected.
    #[error("{0} does not answer: is it running?")]
    Silent(Service),
    /// The service or the broker refuses, with a sentence for the operator.
    #[error("{0}")]
    Refused(String),
}

impl ControlError {
    /// The sentence, with the name of the service that was asked.
    pub fn about(&self, service: Service) -> String {
        match self {
            Self::Refused(why) => format!("{service}: {why}"),
            _ => self.to_string(),
        }
    }
}

/// Asks another service. None: no replica of it is connected.
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

    /// Sends a command to a service; [`Command`] names the type of each answer.
    ///
    /// # Errors
    /// [`ControlError::Silent`], or [`ControlError::Refused`].
    pub async fn execute<T: DeserializeOwned>(
        &self,
        service: Service,
        command: &Command,
    ) -> Result<T, ControlError> {
        match request(&self.client, operator_subject(service), command, OPERATOR_DEADLINE).await {
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
    deadline: Duration,
) -> Result<T, Unanswered> {
    let refused = |error: &dyn std::fmt::Display| Unanswered::Refused(error.to_string());
    let payload = serde_json::to_vec(body).map_err(|error| refused(&error))?;
    let request = async_nats::Request::new().payload(payload.into()).timeout(Some(deadline));
    let answer = client.send_request(subject, request).await.map_err(|error| match error.kind() {
        RequestErrorKind::NoResponders => Unanswered::Silent,
        _ => refused(&error),
    })?;
    let answer: Result<T, String> =
        serde_json::from_slice(&answer.payload).map_err(|error| refused(&error))?;
    answer.map_err(Unanswered::Refused)
}
