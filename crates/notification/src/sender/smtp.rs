//! One connection to the mail server. Commands are sent one by one, because it matters at which step something fails.

use std::time::Duration;

use chassis::settings::ExposeSecret;
use lettre::address::Envelope;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Quit, Rcpt, Rset};
use lettre::transport::smtp::extension::{ClientId, Extension, MailParameter};
use lettre::transport::smtp::response::Response;
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::config::{Encryption, Smtp};

pub struct Server {
    settings: Smtp,
    hello: ClientId,
    tls: Option<TlsParameters>,
}

/// Why the server does not accept an email. The email is certainly not sent.
#[derive(Debug, PartialEq, Eq)]
pub enum Rejection {
    /// Temporary failure of this email.
    Later(String),
    /// Permanent failure of this email.
    Never(String),
    /// The server refuses all emails of this sender.
    Nothing(String),
    /// The connection is closed.
    Gone(String),
}

/// The outcome of the final dot.
#[derive(Debug, PartialEq, Eq)]
pub enum HandedOver {
    /// 250, with the server's answer.
    Accepted(String),
    /// 4xx.
    Later(String),
    /// 5xx.
    Never(String),
    /// Unknown: there was no answer.
    Unanswered(String),
}

impl Server {
    /// # Errors
    /// The file with the certificate cannot be read or contains none.
    pub fn new(settings: Smtp) -> Result<Self, String> {
        let tls = match settings.encryption {
            Encryption::None => None,
            Encryption::Starttls => {
                let mut builder = TlsParameters::builder(settings.host.clone());
                if let Some(path) = &settings.ca {
                    let refuse = |error: String| format!("[smtp] ca, {}: {error}", path.display());
                    let pem = std::fs::read(path).map_err(|error| refuse(error.to_string()))?;
                    let certificate =
                        Certificate::from_pem(&pem).map_err(|error| refuse(error.to_string()))?;
                    builder = builder.add_root_certificate(certificate);
                }
                Some(builder.build().map_err(|error| format!("[smtp] host: {error}"))?)
            }
        };
        let hello = settings.hello.clone().map_or_else(ClientId::default, ClientId::Domain);
        Ok(Self { settings, hello, tls })
    }

    /// `host:port`
    pub fn name(&self) -> String {
        format!("{}:{}", self.settings.host, self.settings.port)
    }

    fn limit(&self) -> Duration {
        Duration::from_secs(u64::from(self.settings.timeout_seconds.get()))
    }

    /// Connects, encrypts and authenticates as configured.
    ///
    /// # Errors
    /// Any failure, as a text for operators.
    pub async fn connect(&self) -> Result<Connection, String> {
        let limit = self.limit();
        let stream = timeout(limit, TcpStream::connect((self.settings.host.as_str(), self.settings.port)))
            .await
            .map_err(|_| format!("no connection within {limit:?}"))?
            .map_err(|error| error.to_string())?;
        // lettre writes the text and the final dot separately: without this, each email waits 40 ms for a delayed
        // acknowledgement.
        stream.set_nodelay(true).map_err(|error| error.to_string())?;
        let connecting = AsyncSmtpConnection::connect_with_transport(Box::new(stream), &self.hello);
        let mut connection = answer(limit, connecting).await?;
        if let Some(tls) = &self.tls {
            answer(limit, connection.starttls(tls.clone(), &self.hello)).await?;
        }
        if let Some((user, password)) = &self.settings.sign_in {
            let credentials = Credentials::new(user.clone(), password.expose_secret().to_owned());
            let mechanisms = [Mechanism::Plain, Mechanism::Login];
            answer(limit, connection.auth(&mechanisms, &credentials)).await?;
        }
        Ok(Connection { inner: connection, limit, used: false, broken: false })
    }
}

/// Maximum number of characters of an answer that are stored; a reply line of RFC 5321 has at most 512 bytes.
const MAX_REPLY_CHARS: usize = 500;

/// A server's answer, safe to be stored and shown: of limited length, without control characters (Postgres accepts no
/// NUL).
fn clean(text: &str) -> String {
    let plain = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    let mut kept: String = plain.take(MAX_REPLY_CHARS).collect();
    if text.chars().nth(MAX_REPLY_CHARS).is_some() {
        kept.push('…');
    }
    kept.trim().to_owned()
}

async fn answer<T>(limit: Duration, step: impl Future<Output = Result<T, Error>>) -> Result<T, String> {
    match timeout(limit, step).await {
        Ok(result) => result.map_err(|error| clean(&error.to_string())),
        Err(_) => Err(format!("no answer within {limit:?}")),
    }
}

pub struct Connection {
    inner: AsyncSmtpConnection,
    limit: Duration,
    used: bool,
    broken: bool,
}

impl Connection {
    /// Whether it cannot be used for another email.
    pub fn is_broken(&self) -> bool {
        self.broken
    }

    /// Whether an email was sent over it before: then the server may have closed it since.
    pub fn was_used(&self) -> bool {
        self.used
    }

    /// Sends the envelope, up to the server's "go ahead" (354). If this fails, nothing is sent.
    pub async fn offer(&mut self, envelope: &Envelope) -> Result<(), Rejection> {
        let mut parameters = Vec::new();
        let addresses = envelope.from().into_iter().chain(envelope.to());
        if !addresses.into_iter().all(|address| AsRef::<str>::as_ref(address).is_ascii()) {
            if !self.inner.server_info().supports_feature(Extension::SmtpUtfEight) {
                return Err(Rejection::Never(
                    "the mail server knows no addresses like this (SMTPUTF8)".to_owned(),
                ));
            }
            parameters.push(MailParameter::SmtpUtfEight);
        }
        let from = Mail::new(envelope.from().cloned(), parameters);
        self.ask(from).await.map_err(|no| match no {
            // A refused sender address means that every email is refused.
            Rejection::Never(why) => Rejection::Nothing(why),
            no => no,
        })?;
        for to in envelope.to() {
            self.ask(Rcpt::new(to.clone(), Vec::new())).await?;
        }
        self.ask(Data).await?;
        Ok(())
    }

    async fn ask(&mut self, command: impl std::fmt::Display) -> Result<Response, Rejection> {
        let Ok(result) = timeout(self.limit, self.inner.command(command)).await else {
            self.broken = true;
            return Err(Rejection::Later(format!("no answer within {:?}", self.limit)));
        };
        let error = match result {
            Ok(response) => return Ok(response),
            Err(error) => error,
        };
        let why = clean(&error.to_string());
        let Some(code) = error.status() else {
            self.broken = true;
            return Err(Rejection::Gone(why));
        };
        if u16::from(code) == 421 {
            self.broken = true;
        } else if let Err(error) = answer(self.limit, self.inner.command(Rset)).await {
            tracing::debug!(error, "RSET");
            self.broken = true;
        }
        Err(if error.is_permanent() { Rejection::Never(why) } else { Rejection::Later(why) })
    }

    /// Sends the text and the final dot, and waits up to `limit` for the answer.
    pub async fn hand_over(&mut self, text: &[u8], limit: Duration) -> HandedOver {
        self.used = true;
        let Ok(result) = timeout(limit, self.inner.message(text)).await else {
            self.broken = true;
            return HandedOver::Unanswered(format!("no answer within {limit:?}"));
        };
        match result {
            Ok(response) => HandedOver::Accepted(clean(response.first_line().unwrap_or_default())),
            Err(error) if error.is_transient() => HandedOver::Later(clean(&error.to_string())),
            Err(error) if error.is_permanent() => HandedOver::Never(clean(&error.to_string())),
            Err(error) => {
                self.broken = true;
                HandedOver::Unanswered(clean(&error.to_string()))
            }
        }
    }

    /// Sends QUIT; the answer is ignored.
    pub async fn close(mut self) {
        if !self.broken {
            let goodbye = timeout(Duration::from_secs(1), self.inner.command(Quit)).await;
            tracing::trace!(?goodbye, "QUIT");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_says_can_be_stored() {
        assert_eq!(clean("550 5.1.1 <a@b>: no such user\r\n"), "550 5.1.1 <a@b>: no such user");
        assert_eq!(clean("550 a\0b\u{85}c\u{1b}[31m"), "550 a b c [31m");
        let long = clean(&format!("451 {}", "ä".repeat(100_000)));
        assert_eq!(long.chars().count(), MAX_REPLY_CHARS + 1);
        assert!(long.starts_with("451 ä") && long.ends_with('…'));
        assert_eq!(clean("\0\0"), "");
    }
}
