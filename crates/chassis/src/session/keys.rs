use axum::http::HeaderMap;
use axum::http::header::{AUTHORIZATION, COOKIE as COOKIE_HEADER};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use cookie::Cookie;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use sha2::Sha256;
use subtle::ConstantTimeEq;

use super::person::Session;

/// Name of the cookie that carries the session.
pub const COOKIE: &str = "bescheid_session";

/// `[session]`: the keys that sign and verify sessions and form tokens, the same for every service.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, try_from = "Raw")]
pub struct SessionKeys {
    secret: SecretString,
    previous: Option<SecretString>,
    secure: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    /// At least 32 random characters (`openssl rand -hex 32`).
    secret: SecretString,
    /// The former secret: it still verifies, and no longer signs.
    #[serde(default)]
    previous: Option<SecretString>,
    /// Whether browsers reach the pages by https; false only on one's own machine.
    #[serde(default = "yes")]
    secure: bool,
}

fn yes() -> bool {
    true
}

impl TryFrom<Raw> for SessionKeys {
    type Error = String;

    fn try_from(raw: Raw) -> Result<Self, String> {
        Self { secret: raw.secret, previous: raw.previous, secure: raw.secure }.checked()
    }
}

impl SessionKeys {
    /// Keys from one secret, without a previous one. `secure`: whether browsers reach the pages by https.
    ///
    /// # Errors
    /// The secret is shorter than 32 characters.
    pub fn new(secret: impl Into<SecretString>, secure: bool) -> Result<Self, String> {
        Self { secret: secret.into(), previous: None, secure }.checked()
    }

    fn checked(self) -> Result<Self, String> {
        if self.secrets().any(|secret| secret.expose_secret().len() < 32) {
            return Err("the session secret is too short: expected at least 32 characters, such as `openssl rand -hex 32` gives".to_owned());
        }
        Ok(self)
    }

    /// Whether browsers reach the pages by https.
    pub fn secure(&self) -> bool {
        self.secure
    }

    /// The token of `session`: its JSON and a signature, both base64url.
    pub fn sign(&self, session: &Session) -> String {
        let json = serde_json::to_vec(session).expect("a session is plain data");
        let body = URL_SAFE_NO_PAD.encode(json);
        let signature = URL_SAFE_NO_PAD.encode(mac(&self.secret, "session", &body));
        format!("{body}.{signature}")
    }

    /// The session in `token`; None if none of our keys signed it, or if it has ended.
    pub fn verify(&self, token: &str, now: DateTime<Utc>) -> Option<Session> {
        let (body, signature) = token.split_once('.')?;
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        let ours = |secret: &SecretString| bool::from(mac(secret, "session", body).ct_eq(&signature));
        if !self.secrets().any(ours) {
            return None;
        }
        let session: Session = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(body).ok()?).ok()?;
        (session.expires > now).then_some(session)
    }

    /// The form token of a person. It is bound to the person and not to one session, so that a form filled in before
    /// a session ended can be sent after signing in again; the form of another person is refused.
    pub fn csrf(&self, session: &Session) -> String {
        URL_SAFE_NO_PAD.encode(mac(&self.secret, "csrf", &session.person))
    }

    /// Whether `token` is this person's form token.
    pub fn csrf_is_valid(&self, session: &Session, token: &str) -> bool {
        let Ok(token) = URL_SAFE_NO_PAD.decode(token) else { return false };
        self.secrets().any(|secret| mac(secret, "csrf", &session.person).ct_eq(&token).into())
    }

    /// The `Set-Cookie` header that signs a person in until the session ends.
    pub fn cookie(&self, session: &Session, now: DateTime<Utc>) -> String {
        let seconds = (session.expires - now).num_seconds().max(0);
        self.set_cookie(&self.sign(session), seconds)
    }

    /// The `Set-Cookie` header that signs a person out.
    pub fn no_cookie(&self) -> String {
        self.set_cookie("", 0)
    }

    fn set_cookie(&self, value: &str, seconds: i64) -> String {
        let secure = if self.secure { "; Secure" } else { "" };
        format!("{COOKIE}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}")
    }

    /// The session that a request carries, and in which header.
    pub(super) fn of(&self, headers: &HeaderMap, now: DateTime<Utc>) -> Option<(Session, TokenSource)> {
        let bearer =
            headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
        if let Some(token) = bearer {
            return self.verify(token.trim(), now).map(|session| (session, TokenSource::Bearer));
        }
        let good = |cookie: Cookie<'_>| self.verify(cookie.value(), now);
        cookies(headers, COOKIE).find_map(good).map(|session| (session, TokenSource::Cookie))
    }

    fn secrets(&self) -> impl Iterator<Item = &SecretString> {
        [Some(&self.secret), self.previous.as_ref()].into_iter().flatten()
    }
}

/// How a request carries its session. Browsers send only cookies by themselves, so only these can be abused by another
/// site.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum TokenSource {
    Bearer,
    Cookie,
}

/// The cookies called `name` that a request carries.
pub fn cookies<'a>(headers: &'a HeaderMap, name: &'a str) -> impl Iterator<Item = Cookie<'a>> {
    let texts = headers.get_all(COOKIE_HEADER).iter().filter_map(|value| value.to_str().ok());
    texts.flat_map(Cookie::split_parse).filter_map(Result::ok).filter(move |cookie| cookie.name() == name)
}

fn mac(secret: &SecretString, purpose: &str, message: &str) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes())
        .expect("HMAC takes keys of any length");
    mac.update(purpose.as_bytes());
    mac.update(&[0]);
    mac.update(message.as_bytes());
    mac.finalize().into_bytes().into()
}
