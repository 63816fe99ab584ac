//! Shows the emails in a browser: a list and single emails, and as JSON for tests. German, or English by `?lang=en`.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use chrono_tz::Europe::Berlin;
use serde::Deserialize;

use super::Mailbox;
use super::store::{Content, Message};

/// Emails per page of the list.
const PAGE: usize = 100;
/// These pages may load their own style sheet and frame their own emails, nothing else.
const PAGE_POLICY: &str = "default-src 'none'; style-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
/// For the HTML of an email: no scripts, no forms, nothing loaded; its links open in a new tab.
const EMAIL_POLICY: &str = "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'";

impl Mailbox {
    /// The pages `/mailbox` and `/mailbox/{id}`, and the list `/mailbox/api/messages` (JSON, newest first).
    ///
    /// They show every email to everybody, so they are only for the local machine.
    pub fn router(&self) -> Router {
        Router::new()
            .route("/mailbox", get(list))
            .route(
                "/mailbox/mailbox.css",
                get(async || {
                    (
                        [(header::CONTENT_TYPE, "text/css; charset=utf-8")],
                        include_str!("../../templates/mailbox.css"),
                    )
                }),
            )
            .route("/mailbox/api/messages", get(api_list))
            .route("/mailbox/{id}", get(show))
            .route("/mailbox/{id}/html", get(html))
            .route("/mailbox/{id}/source", get(source))
            .with_state(self.clone())
    }
}

#[derive(Deserialize)]
struct Asked {
    /// Part of a recipient's address.
    #[serde(default)]
    to: String,
    /// Only emails with a smaller id, which are older.
    before: Option<u64>,
    #[serde(default)]
    lang: String,
}

impl Asked {
    /// Newest first.
    fn from(&self, mailbox: &Mailbox) -> Vec<Arc<Message>> {
        let wanted = self.to.trim().to_lowercase();
        let mut found = mailbox.messages();
        found.retain(|mail| {
            self.before.is_none_or(|before| mail.id < before)
                && mail.to.iter().any(|to| to.to_lowercase().contains(&wanted))
        });
        found.reverse();
        found
    }

    fn words(&self) -> &'static Words {
        if self.lang == "en" { &ENGLISH } else { &GERMAN }
    }
}

struct Words {
    lang: &'static str,
    /// The query that keeps links in the same language.
    query: &'static str,
    other: &'static str,
    other_name: &'static str,
    other_query: &'static str,
    title: &'static str,
    hint: &'static str,
    filter: &'static str,
    search: &'static str,
    all: &'static str,
    none: &'static str,
    from: &'static str,
    to: &'static str,
    subject: &'static str,
    no_subject: &'static str,
    time: &'static str,
    older: &'static str,
    newest: &'static str,
    back: &'static str,
    text: &'static str,
    html: &'static str,
    headers: &'static str,
    attachments: &'static str,
    source: &'static str,
    not_found: &'static str,
}

const GERMAN: Words = Words {
    lang: "de",
    query: "",
    other: "en",
    other_name: "English",
    other_query: "lang=en",
    title: "Postfach",
    hint: "Hier liegen alle E-Mails, die Bescheid auf diesem Rechner verschickt hat. Keine davon hat ihn verlassen.",
    filter: "Empfängerin oder Empfänger",
    search: "Filtern",
    all: "Alle zeigen",
    none: "Keine E-Mails.",
    from: "Von",
    to: "An",
    subject: "Betreff",
    no_subject: "(ohne Betreff)",
    time: "Zeit",
    older: "Ältere",
    newest: "Neueste",
    back: "Zurück zum Postfach",
    text: "Text",
    html: "HTML-Ansicht",
    headers: "Kopfzeilen",
    attachments: "Anhänge",
    source: "Quelltext herunterladen",
    not_found: "Diese E-Mail gibt es nicht.",
};

const ENGLISH: Words = Words {
    lang: "en",
    query: "lang=en",
    other: "de",
    other_name: "Deutsch",
    other_query: "",
    title: "Mailbox",
    hint: "All emails that Bescheid sent on this computer. None of them left it.",
    filter: "Recipient",
    search: "Filter",
    all: "Show all",
    none: "No emails.",
    from: "From",
    to: "To",
    subject: "Subject",
    no_subject: "(no subject)",
    time: "Time",
    older: "Older",
    newest: "Newest",
    back: "Back to the mailbox",
    text: "Text",
    html: "HTML view",
    headers: "Headers",
    attachments: "Attachments",
    source: "Download source",
    not_found: "There is no such email.",
};

#[derive(Template)]
#[template(path = "list.html")]
struct ListPage<'a> {
    words: &'a Words,
    to: &'a str,
    mails: &'a [Arc<Message>],
    older: Option<u64>,
    paged: bool,
}

#[derive(Template)]
#[template(path = "show.html")]
struct ShowPage<'a> {
    words: &'a Words,
    mail: &'a Content,
    text: Vec<Piece<'a>>,
}

#[derive(Template)]
#[template(path = "missing.html")]
struct MissingPage<'a> {
    words: &'a Words,
}

async fn list(State(mailbox): State<Mailbox>, Query(asked): Query<Asked>) -> Response {
    let mut mails = asked.from(&mailbox);
    let more = mails.len() > PAGE;
    mails.truncate(PAGE);
    let older = if more { mails.last().map(|mail| mail.id) } else { None };
    page(
        StatusCode::OK,
        &ListPage {
            words: asked.words(),
            to: asked.to.trim(),
            mails: &mails,
            older,
            paged: asked.before.is_some(),
        },
    )
}

async fn api_list(State(mailbox): State<Mailbox>, Query(asked): Query<Asked>) -> Json<Vec<Message>> {
    Json(asked.from(&mailbox).into_iter().map(Arc::unwrap_or_clone).collect())
}

async fn show(
    State(mailbox): State<Mailbox>,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Response {
    let words = asked.words();
    match find(&mailbox, &id).await {
        Ok(mail) => page(
            StatusCode::OK,
            &ShowPage { words, text: pieces(mail.text.as_deref().unwrap_or_default()), mail: &mail },
        ),
        Err(status) => page(status, &MissingPage { words }),
    }
}

async fn html(State(mailbox): State<Mailbox>, Path(id): Path<String>) -> Result<Response, StatusCode> {
    let html = find(&mailbox, &id).await?.html.ok_or(StatusCode::NOT_FOUND)?;
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, EMAIL_POLICY),
        NO_SNIFF,
    ];
    Ok((headers, in_new_tabs(&html)).into_response())
}

async fn source(State(mailbox): State<Mailbox>, Path(id): Path<String>) -> Result<Response, StatusCode> {
    let mail = find(&mailbox, &id).await?;
    let name = format!("attachment; filename=\"{}.eml\"", mail.message.id);
    Ok((
        [(header::CONTENT_TYPE, "message/rfc822"), NO_SNIFF],
        [(header::CONTENT_DISPOSITION, name)],
        mail.source,
    )
        .into_response())
}

const NO_SNIFF: (HeaderName, &str) = (header::X_CONTENT_TYPE_OPTIONS, "nosniff");

async fn find(mailbox: &Mailbox, id: &str) -> Result<Content, StatusCode> {
    let id = id.parse().map_err(|_| StatusCode::NOT_FOUND)?;
    let read = mailbox.read(id).await.map_err(|error| {
        tracing::error!(%error, "cannot read an email");
        StatusCode::INTERNAL_SERVER_ERROR
    })?;
    read.ok_or(StatusCode::NOT_FOUND)
}

fn page(status: StatusCode, page: &impl Template) -> Response {
    match page.render() {
        Ok(html) => {
            let headers = [
                (header::CONTENT_TYPE, "text/html; charset=utf-8"),
                (header::CONTENT_SECURITY_POLICY, PAGE_POLICY),
                NO_SNIFF,
            ];
            (
                status,
                headers,
                [(header::CACHE_CONTROL, "no-store"), (header::REFERRER_POLICY, "no-referrer")],
                html,
            )
                .into_response()
        }
        Err(error) => {
            tracing::error!(%error, "cannot render a page of the mailbox");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// Inside the frame a link would open in the frame, where other pages refuse to be shown.
fn in_new_tabs(html: &str) -> String {
    const BASE: &str = "<base target=\"_blank\">";
    match html.to_ascii_lowercase().find("<head>") {
        Some(at) => format!("{}{BASE}{}", &html[..at + "<head>".len()], &html[at + "<head>".len()..]),
        None => format!("{BASE}{html}"),
    }
}

/// A piece of plain text, and whether it is a link.
#[derive(Debug, PartialEq, Eq)]
struct Piece<'a> {
    text: &'a str,
    link: bool,
}

/// Finds `http://…` and `https://…` in plain text.
fn pieces(mut rest: &str) -> Vec<Piece<'_>> {
    let mut found = Vec::new();
    while let Some(start) = ["https://", "http://"].iter().filter_map(|scheme| rest.find(scheme)).min() {
        let link = &rest[start..];
        let end = link.find(|c: char| c.is_whitespace() || "<>\"".contains(c)).unwrap_or(link.len());
        // A full stop or bracket at the end belongs to the sentence.
        let link = link[..end].trim_end_matches(['.', ',', ';', ':', '!', '?', ')']);
        found.push(Piece { text: &rest[..start], link: false });
        found.push(Piece { text: link, link: true });
        rest = &rest[start + link.len()..];
    }
    found.push(Piece { text: rest, link: false });
    found
}

impl Message {
    /// German time with its zone.
    fn shown_time(&self) -> String {
        self.received_at.with_timezone(&Berlin).format("%d.%m.%Y %H:%M:%S %Z").to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_in_plain_text_end_where_the_sentence_goes_on() {
        let found = pieces("Siehe (https://a.example/x?y=1). Und http://b.example\n");
        let links: Vec<&str> = found.iter().filter(|piece| piece.link).map(|piece| piece.text).collect();
        assert_eq!(links, ["https://a.example/x?y=1", "http://b.example"]);
        assert_eq!(
            found.iter().map(|piece| piece.text).collect::<String>(),
            "Siehe (https://a.example/x?y=1). Und http://b.example\n"
        );
    }
}
