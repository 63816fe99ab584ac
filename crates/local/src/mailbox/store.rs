//! Stores emails as files `00000001.eml`, `00000002.eml`, …, and keeps in memory what lists show of them.
//!
//! A file begins with the envelope as header lines, the last of them `X-Received-At`; the email follows byte for
//! byte, so that any mail program can open it.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use anyhow::{Context, Result};
use chrono::{DateTime, SecondsFormat, Utc};
use mail_parser::{MessageParser, MimeHeaders, PartType};
use serde::Serialize;

/// What lists show of an email.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Message {
    /// Counted from 1 in the order of arrival.
    pub id: u64,
    /// When it was accepted, UTC.
    pub received_at: DateTime<Utc>,
    /// Envelope sender (return path); empty for a bounce.
    pub from: String,
    /// Envelope recipients.
    pub to: Vec<String>,
    /// The header `Subject`, decoded.
    pub subject: String,
    /// The header `Message-ID`, without angle brackets.
    pub message_id: String,
    /// Bytes of the email as it was sent.
    pub size: usize,
}

impl Message {
    /// Whether this address is among the recipients, ignoring case.
    pub fn is_to(&self, address: &str) -> bool {
        self.to.iter().any(|to| to.eq_ignore_ascii_case(address))
    }
}

/// A parsed email.
#[derive(Clone, Debug)]
pub struct Content {
    pub message: Message,
    /// The header `From`, decoded: `Name <address>`; without one, the envelope sender.
    pub sender: String,
    /// Name and value of each header in the order sent; folded lines are joined.
    pub headers: Vec<(String, String)>,
    /// The plain text part, decoded.
    pub text: Option<String>,
    /// The HTML part, decoded.
    pub html: Option<String>,
    /// File names of attachments, or their media types.
    pub attachments: Vec<String>,
    /// Byte for byte as sent, without dot-stuffing.
    pub source: Vec<u8>,
}

impl Content {
    /// The value of the first header of this name, ignoring case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(header, _)| header.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }
}

pub(super) struct Store {
    folder: PathBuf,
    /// Sorted by id.
    index: Mutex<Vec<Arc<Message>>>,
    next: Mutex<u64>,
}

impl Store {
    /// Rebuilds the index from the files. Removes a file that a crash left half-written: its sender got no 250.
    pub fn open(folder: &Path) -> Result<Self> {
        let mut index = Vec::new();
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
            match (path.extension().and_then(|end| end.to_str()), stem.parse::<u64>()) {
                (Some("eml"), Ok(id)) => {
                    let (envelope, source) = split(&fs::read(&path)?)
                        .with_context(|| format!("{} is not an email of this mailbox", path.display()))?;
                    index.push(Arc::new(envelope.message(id, &source)));
                }
                (Some("part"), _) => fs::remove_file(&path)?,
                _ => {}
            }
        }
        index.sort_by_key(|message| message.id);
        let next = index.last().map_or(1, |message| message.id + 1);
        Ok(Self { folder: folder.to_owned(), index: Mutex::new(index), next: Mutex::new(next) })
    }

    pub fn messages(&self) -> Vec<Arc<Message>> {
        self.index.lock().expect("nobody panics while holding it").clone()
    }

    /// Accepts an email: after this it is on disk and in the index. Blocks on disk I/O.
    pub fn keep(&self, envelope: &Envelope, source: &[u8]) -> Result<u64> {
        let id = {
            let mut next = self.next.lock().expect("nobody panics while holding it");
            *next += 1;
            *next - 1
        };
        let part = self.folder.join(format!("{id:08}.part"));
        let mut file = File::create(&part)?;
        file.write_all(envelope.lines().as_bytes())?;
        file.write_all(source)?;
        file.sync_all()?;
        fs::rename(&part, self.path(id))?;
        File::open(&self.folder)?.sync_all()?;
        let message = Arc::new(envelope.message(id, source));
        let mut index = self.index.lock().expect("nobody panics while holding it");
        // Two connections may finish in another order than they began.
        let place = index.partition_point(|other| other.id < id);
        index.insert(place, message);
        Ok(id)
    }

    pub async fn read(&self, id: u64) -> Result<Option<Content>> {
        let known = self
            .index
            .lock()
            .expect("nobody panics while holding it")
            .iter()
            .find(|message| message.id == id)
            .cloned();
        let Some(message) = known else { return Ok(None) };
        let (_, source) =
            split(&tokio::fs::read(self.path(id)).await?).context("the file of an email was changed")?;
        Ok(Some(content((*message).clone(), source)))
    }

    fn path(&self, id: u64) -> PathBuf {
        self.folder.join(format!("{id:08}.eml"))
    }
}

/// Sender and recipients from the SMTP commands.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Envelope {
    pub from: String,
    pub to: Vec<String>,
    pub received_at: DateTime<Utc>,
}

impl Envelope {
    fn lines(&self) -> String {
        let to: String = self.to.iter().map(|to| format!("X-Envelope-To: <{to}>\r\n")).collect();
        let at = self.received_at.to_rfc3339_opts(SecondsFormat::AutoSi, true);
        format!("Return-Path: <{}>\r\n{to}X-Received-At: {at}\r\n", self.from)
    }

    fn message(&self, id: u64, source: &[u8]) -> Message {
        // `None` for an email without headers.
        let parsed = MessageParser::default().parse_headers(source);
        Message {
            id,
            received_at: self.received_at,
            from: self.from.clone(),
            to: self.to.clone(),
            subject: parsed.as_ref().and_then(|parsed| parsed.subject()).unwrap_or_default().to_owned(),
            message_id: parsed.as_ref().and_then(|parsed| parsed.message_id()).unwrap_or_default().to_owned(),
            size: source.len(),
        }
    }
}

/// Splits a file into envelope and email.
fn split(file: &[u8]) -> Option<(Envelope, Vec<u8>)> {
    let mut envelope = Envelope { from: String::new(), to: Vec::new(), received_at: DateTime::UNIX_EPOCH };
    let mut rest = file;
    loop {
        let end = rest.iter().position(|byte| *byte == b'\n')?;
        let (name, value) = std::str::from_utf8(&rest[..end]).ok()?.trim_end().split_once(": ")?;
        let address = || value.trim_matches(['<', '>']).to_owned();
        rest = &rest[end + 1..];
        match name {
            "Return-Path" => envelope.from = address(),
            "X-Envelope-To" => envelope.to.push(address()),
            "X-Received-At" => {
                envelope.received_at = value.parse().ok()?;
                return Some((envelope, rest.to_vec()));
            }
            _ => return None,
        }
    }
}

fn content(message: Message, source: Vec<u8>) -> Content {
    let Some(parsed) = MessageParser::default().parse(&source) else {
        let text = Some(String::from_utf8_lossy(&source).into_owned());
        let sender = message.from.clone();
        return Content {
            message,
            sender,
            headers: Vec::new(),
            text,
            html: None,
            attachments: Vec::new(),
            source,
        };
    };
    let headers = parsed
        .headers_raw()
        .map(|(name, value)| (name.to_owned(), value.split_whitespace().collect::<Vec<_>>().join(" ")))
        .collect();
    let (mut text, mut html) = (None, None);
    for part in &parsed.parts {
        match &part.body {
            PartType::Text(body) if text.is_none() && part.attachment_name().is_none() => {
                text = Some(body.to_string())
            }
            PartType::Html(body) if html.is_none() && part.attachment_name().is_none() => {
                html = Some(body.to_string())
            }
            _ => {}
        }
    }
    let attachments = parsed.attachments().map(|part| {
        let kind = part
            .content_type()
            .map(|kind| format!("{}/{}", kind.ctype(), kind.subtype().unwrap_or_default()));
        part.attachment_name().map(str::to_owned).or(kind).unwrap_or_default()
    });
    let attachments = attachments.collect();
    let sender =
        parsed.from().and_then(|from| from.first()).map(|from| match (from.name(), from.address()) {
            (Some(name), Some(address)) => format!("{name} <{address}>"),
            (name, address) => name.or(address).unwrap_or_default().to_owned(),
        });
    let sender = sender.unwrap_or_else(|| message.from.clone());
    Content { message, sender, headers, text, html, attachments, source }
}
