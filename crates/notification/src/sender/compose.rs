//! Serialises an email. The same delivery always gives the same bytes.

use std::time::SystemTime;

use lettre::address::{Address, Envelope};
use lettre::message::header::{ContentTransferEncoding, ContentType, Header, HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message, MultiPart, SinglePart};

use crate::store::deliveries::Job;

/// RFC 3834: suppresses automatic replies.
#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

/// Envelope and text of an email.
///
/// # Errors
/// A permanent problem: the address is invalid.
pub fn compose(job: &Job, from: &Mailbox) -> Result<(Envelope, Vec<u8>), String> {
    let recipient = &job.delivery.recipient;
    let address = recipient
        .parse::<Address>()
        .map_err(|error| format!("{recipient:?} is not an email address: {error}"))?;
    let content = &job.content;
    let part = |kind: ContentType, text: &str| {
        SinglePart::builder()
            .header(kind)
            // Fixed instead of chosen by content: every server accepts it, and lines stay short.
            .header(ContentTransferEncoding::QuotedPrintable)
            .body(text.to_owned())
    };
    let id = &job.delivery.message_id;
    let boundary = id.split('@').next().unwrap_or(id);
    let message = Message::builder()
        .from(from.clone())
        .to(Mailbox::new(Some(content.recipient_name.clone()), address))
        .subject(&content.subject)
        .date(SystemTime::from(job.queued_at))
        .message_id(Some(format!("<{id}>")))
        .header(AutoSubmitted)
        .multipart(
            MultiPart::alternative()
                .boundary(boundary)
                .singlepart(part(ContentType::TEXT_PLAIN, &content.text))
                .singlepart(part(ContentType::TEXT_HTML, &content.html)),
        )
        .map_err(|error| error.to_string())?;
    Ok((message.envelope().clone(), message.formatted()))
}
