//! Keeps what people type, in the same way for every form.
//!
//! A form with [`Keep`] stores a copy in the browser at each keystroke, and saves itself on the server if it has an
//! address for that (autosave). Every answer to such a save is an [`Answer`]. A form that is sent and refused is kept
//! with its errors ([`refuse`]), and the person is redirected to the page of the form, which can be reloaded. A page
//! never overwrites stored content that it has not seen: [`differences`] puts both versions side by side.

use std::collections::{BTreeMap, BTreeSet};

use askama::Template;
use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use chassis::session::{CSRF_FIELD, Fields, Session};
use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use sha2::{Digest, Sha256};
use sqlx::PgConnection;
use sqlx::types::Json as Stored;
use uuid::Uuid;

use crate::form::Form;
use crate::html::Html;
use crate::page::Page;
use crate::parse;

/// Hidden fields of a form with [`Keep`].
const REVISION: &str = "kept_revision";
const OPEN_PAGE: &str = "open_page";
const SEEN: &str = "seen";

/// The field that names the pressed button, and the value by which a person discards what was typed.
const ACTION: &str = "action";
const DISCARD: &str = "discard";

/// Kept forms are deleted after this many days without a save.
const RETENTION_DAYS: i64 = 30;

/// The version that a page shows: the revision it was drawn from, and the identity of the open page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageVersion {
    /// Number of saves; -1 if the form does not tell.
    pub revision: i64,
    /// Random; new for each page that is drawn.
    pub page: Uuid,
}

impl PageVersion {
    /// Reads the hidden fields of [`Keep`]. A form without them counts as one that has seen nothing.
    pub fn of(fields: &Fields) -> Self {
        Self {
            revision: fields.get(REVISION).parse().unwrap_or(-1),
            page: fields.get(OPEN_PAGE).parse().unwrap_or_else(|_| Uuid::new_v4()),
        }
    }
}

/// The data that a form carries so that its content is kept. Write [`Keep::data`] into the form's tag and
/// [`Keep::fields`] after its CSRF token.
#[derive(Clone, Debug)]
pub struct Keep {
    form: String,
    autosave: String,
    person: String,
    revision: i64,
    open_page: Uuid,
    seen: String,
    note: Html,
}

impl Keep {
    /// For the form of this name; `revision` is that of the stored content it shows.
    pub fn new(page: &Page, form: impl Into<String>, revision: i64) -> Self {
        Self {
            form: form.into(),
            autosave: String::new(),
            person: page.session.as_ref().map(|session| session.person.clone()).unwrap_or_default(),
            revision,
            open_page: Uuid::new_v4(),
            seen: String::new(),
            note: Html::default(),
        }
    }

    /// For a form that shows its `kept` content and autosaves to `address` (see [`answer`]).
    pub fn of(page: &Page, form: impl Into<String>, kept: Option<&Kept>, address: impl Into<String>) -> Self {
        let address = address.into();
        let note = kept.map(|kept| Html::of(&Note { page, kept, address: &address })).unwrap_or_default();
        Self { note, ..Self::new(page, form, kept.map_or(0, |kept| kept.revision)).autosaved(address) }
    }

    /// Explains why the form shows kept content: it was refused, or typed and never sent. Contains a form of its own
    /// with a button to discard that content, so it must stand before the form's tag.
    pub fn note(&self) -> &Html {
        &self.note
    }

    /// Autosaves to this address; without it only the browser keeps a copy.
    #[must_use]
    pub fn autosaved(self, address: impl Into<String>) -> Self {
        Self { autosave: address.into(), ..self }
    }

    /// The [`fingerprint`] of the content the form was filled with, so that [`differences`] can tell later who
    /// changed what.
    #[must_use]
    pub fn filled_with(self, seen: String) -> Self {
        Self { seen, ..self }
    }

    /// Attributes for the form's tag.
    pub fn data(&self) -> Html {
        Html::of(&KeepData { keep: self })
    }

    /// Hidden fields.
    pub fn fields(&self) -> Html {
        Html::of(&KeepFields { keep: self })
    }
}

#[derive(Template)]
#[template(
    source = r#"data-keep="{{ keep.form }}" data-person="{{ keep.person }}" data-autosave="{{ keep.autosave }}""#,
    ext = "html"
)]
struct KeepData<'a> {
    keep: &'a Keep,
}

#[derive(Template)]
#[template(
    source = r#"<input type="hidden" name="kept_revision" value="{{ keep.revision }}" autocomplete="off"><input type="hidden" name="open_page" value="{{ keep.open_page }}" autocomplete="off"><input type="hidden" name="seen" value="{{ keep.seen }}" autocomplete="off">"#,
    ext = "html"
)]
struct KeepFields<'a> {
    keep: &'a Keep,
}

#[derive(Template)]
#[template(path = "kept.html")]
struct Note<'a> {
    page: &'a Page,
    kept: &'a Kept,
    address: &'a str,
}

/// The answer to an autosave.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", rename_all = "kebab-case")]
pub enum Answer {
    /// The content is stored.
    Saved {
        /// The revision that the page shows from now on.
        revision: i64,
        /// The fingerprint of the stored content.
        seen: String,
    },
    /// Something was stored that this page has not seen; what it sent has not replaced it.
    Changed {
        /// Who stored what and when, in the reader's language.
        message: String,
        /// Names and values of the stored content; empty if `compare` is set.
        fields: Vec<(String, String)>,
        /// The revision of the stored content.
        revision: i64,
        /// Address that shows both versions side by side; what this page sent is kept there.
        compare: Option<String>,
    },
    /// This person can no longer work on what the form is about. What was sent is kept if possible.
    Gone {
        /// The reason, and what the person can do, in the reader's language.
        message: String,
    },
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let status = match self {
            Self::Saved { .. } => StatusCode::OK,
            Self::Changed { .. } => StatusCode::CONFLICT,
            Self::Gone { .. } => StatusCode::NOT_FOUND,
        };
        (status, Json(self)).into_response()
    }
}

/// The kept content of a form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    pub fields: Fields,
    /// The errors when it was sent: field and message; the field is empty for an error of the whole form.
    pub refused: Vec<(String, String)>,
    /// Number of saves.
    pub revision: i64,
    /// The open page that saved last.
    pub open_page: Uuid,
    /// UTC.
    pub saved_at: DateTime<Utc>,
}

impl Kept {
    /// The form as it was sent, with the errors beside its fields.
    pub fn form(&self, page: &Page) -> Form {
        let mut form = Form::typed(page, &self.fields);
        for (field, message) in self.refused.iter().filter(|(field, _)| !field.is_empty()) {
            form.refuse(field, message.as_str());
        }
        form
    }

    /// The error of the whole form.
    pub fn reason(&self) -> Option<&str> {
        self.refused.iter().find(|(field, _)| field.is_empty()).map(|(_, message)| message.as_str())
    }
}

/// The kept content of this person's form.
pub async fn find(
    connection: &mut PgConnection,
    person: &str,
    form: &str,
) -> Result<Option<Kept>, sqlx::Error> {
    let row = sqlx::query!(
        r#"select fields as "fields: Stored<Fields>", refused as "refused: Stored<Vec<(String, String)>>", revision,
                  open_page, saved_at
           from bus.kept_forms where person = $1 and form = $2"#,
        person,
        form
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| Kept {
        fields: row.fields.0,
        refused: row.refused.map(|refused| refused.0).unwrap_or_default(),
        revision: row.revision,
        open_page: row.open_page,
        saved_at: row.saved_at,
    }))
}

/// Keeps what a page of this form autosaves. If another page has stored something that this one has not seen, that
/// content is returned and not replaced. Otherwise returns the new revision.
pub async fn autosave(
    connection: &mut PgConnection,
    person: &str,
    form: &str,
    sent: &Fields,
    now: DateTime<Utc>,
) -> Result<Result<i64, Kept>, sqlx::Error> {
    let (seen, typed) = (PageVersion::of(sent), typed(sent));
    let stored = sqlx::query_scalar!(
        "insert into bus.kept_forms as k (person, form, revision, open_page, fields, saved_at)
         values ($1, $2, 1, $4, $5, $6)
         on conflict (person, form) do update
         set revision = k.revision + 1, open_page = $4, fields = $5, refused = null, saved_at = $6
         where k.revision = $3 or k.open_page = $4 or k.fields = $5
         returning revision",
        person,
        form,
        seen.revision,
        seen.page,
        Stored(&typed) as _,
        now
    )
    .fetch_optional(&mut *connection)
    .await?;
    if let Some(revision) = stored {
        if revision == 1 {
            prune(connection, now).await?;
        }
        return Ok(Ok(revision));
    }
    // The row was there a moment ago. If it is gone, the form was accepted, and there is nothing to compare.
    Ok(find(connection, person, form).await?.map_or(Ok(0), Err))
}

/// Answers `POST {address}` of [`Keep::of`]: keeps what a page of this form autosaves, or discards it and redirects
/// to `back`. `gone` is the reason why the form can no longer be sent; the content is kept all the same.
#[expect(clippy::too_many_arguments, reason = "one call for what every form does alike")]
pub async fn answer(
    connection: &mut PgConnection,
    page: &Page,
    session: &Session,
    form: &str,
    sent: &Fields,
    back: &str,
    gone: Option<String>,
    now: DateTime<Utc>,
) -> Result<Response, sqlx::Error> {
    if sent.get(ACTION) == DISCARD {
        discard(connection, &session.person, form).await?;
        return Ok(Redirect::to(back).into_response());
    }
    let answer = match (autosave(connection, &session.person, form, sent, now).await?, gone) {
        (Err(other), _) => Answer::Changed {
            message: page.t1("kept-elsewhere", "at", page.moment(other.saved_at)),
            fields: other.fields.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
            revision: other.revision,
            compare: None,
        },
        (Ok(_), Some(message)) => Answer::Gone { message },
        (Ok(revision), None) => Answer::Saved { revision, seen: String::new() },
    };
    Ok(answer.into_response())
}

/// Keeps a form that was sent and refused, with its errors: field and message; the field is empty for an error of the
/// whole form.
pub async fn refuse(
    connection: &mut PgConnection,
    person: &str,
    form: &str,
    sent: &Fields,
    wrong: &[(String, String)],
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    let typed = typed(sent);
    sqlx::query!(
        "insert into bus.kept_forms as k (person, form, revision, open_page, fields, refused, saved_at)
         values ($1, $2, 1, $3, $4, $5, $6)
         on conflict (person, form) do update
         set revision = k.revision + 1, open_page = $3, fields = $4, refused = $5, saved_at = $6",
        person,
        form,
        PageVersion::of(sent).page,
        Stored(&typed) as _,
        Stored(wrong) as _,
        now
    )
    .execute(&mut *connection)
    .await?;
    prune(connection, now).await
}

/// Deletes the kept content: the form was accepted, or its person has discarded it.
pub async fn discard(connection: &mut PgConnection, person: &str, form: &str) -> Result<(), sqlx::Error> {
    sqlx::query!("delete from bus.kept_forms where person = $1 and form = $2", person, form)
        .execute(connection)
        .await?;
    Ok(())
}

/// Deletes what anybody has typed into the form, when what it is about is gone.
pub async fn discard_of_all(connection: &mut PgConnection, form: &str) -> Result<(), sqlx::Error> {
    sqlx::query!("delete from bus.kept_forms where form = $1", form).execute(connection).await?;
    Ok(())
}

/// Deletes kept forms that are too old.
async fn prune(connection: &mut PgConnection, now: DateTime<Utc>) -> Result<(), sqlx::Error> {
    sqlx::query!("delete from bus.kept_forms where saved_at < $1", now - TimeDelta::days(RETENTION_DAYS))
        .execute(connection)
        .await?;
    Ok(())
}

/// The fields that a person has typed, cleaned; without the CSRF token and the hidden fields of [`Keep`].
fn typed(sent: &Fields) -> Fields {
    let own = [CSRF_FIELD, REVISION, OPEN_PAGE, "key", ACTION];
    sent.iter()
        .filter(|(name, _)| !own.contains(name))
        .map(|(name, value)| (parse::line(name), parse::lines(value)))
        .collect()
}

/// Maps a field to the name of its part: the fields of a part, such as the rows of a list, are compared as one.
pub type Group = fn(&str) -> &str;

/// Who has changed a part of a form since both versions were the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Changed {
    /// Only the kept version has changed.
    Mine,
    /// Only the stored version has changed.
    Theirs,
    /// Both have changed, or it is not known.
    Both,
}

/// A hash of the content of each part, sent along with the form for a later comparison.
pub fn fingerprint(fields: &Fields, group: Group) -> String {
    let parts = grouped(fields, group).into_iter();
    parts.map(|(name, values)| format!("{name}:{}", hash(&values))).collect::<Vec<_>>().join(" ")
}

/// The parts in which the stored and the kept version differ, with who has changed them since the page was filled
/// ([`Keep::filled_with`]). Both must have been read and written by the same form.
pub fn differences(stored: &Fields, kept: &Fields, seen: &str, group: Group) -> Vec<(String, Changed)> {
    let (theirs, mine) = (grouped(stored, group), grouped(kept, group));
    let seen: BTreeMap<&str, &str> = seen.split(' ').filter_map(|part| part.split_once(':')).collect();
    let nothing = Vec::new();
    let names: BTreeSet<&String> = theirs.keys().chain(mine.keys()).collect();
    let differ = names.into_iter().filter_map(|name| {
        let (theirs, mine) = (theirs.get(name).unwrap_or(&nothing), mine.get(name).unwrap_or(&nothing));
        let was = seen.get(name.as_str()).map_or_else(|| hash(&nothing), |was| (*was).to_owned());
        let changed = match (hash(theirs) == was, hash(mine) == was) {
            _ if seen.is_empty() => Changed::Both,
            (true, _) => Changed::Mine,
            (_, true) => Changed::Theirs,
            _ => Changed::Both,
        };
        (theirs != mine).then(|| (name.clone(), changed))
    });
    differ.collect()
}

/// The stored version, with the parts `of_mine` taken from the kept one.
pub fn merge(stored: &Fields, kept: &Fields, of_mine: &BTreeSet<String>, group: Group) -> Fields {
    let is_mine = |name: &str| of_mine.contains(group(name));
    let theirs = stored.iter().filter(|(name, _)| !is_mine(name));
    let mine = kept.iter().filter(|(name, _)| is_mine(name));
    theirs.chain(mine).map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// The fields by part. Empty ones are left out, because a field that was not sent counts as empty.
fn grouped(fields: &Fields, group: Group) -> BTreeMap<String, Vec<(String, String)>> {
    let mut parts = BTreeMap::<String, Vec<(String, String)>>::new();
    for (name, value) in fields.iter().filter(|(name, value)| !value.is_empty() && *name != SEEN) {
        parts.entry(group(name).to_owned()).or_default().push((name.to_owned(), value.to_owned()));
    }
    parts
}

fn hash(values: &[(String, String)]) -> String {
    let mut hasher = Sha256::new();
    for (name, value) in values {
        hasher.update(name);
        hasher.update([0]);
        hasher.update(value);
        hasher.update([0]);
    }
    hasher.finalize().iter().take(6).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(pairs: &[(&str, &str)]) -> Fields {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn rows(name: &str) -> &str {
        name.split('-').next().unwrap_or(name)
    }

    #[test]
    fn who_changed_what_is_known_part_by_part() {
        let base = fields(&[("title", "A"), ("method", "M"), ("row-0", "x"), ("theme", "1"), ("phone", "")]);
        let stored =
            fields(&[("title", "A"), ("method", "M2"), ("row-0", "x"), ("row-1", "y"), ("theme", "2")]);
        let kept = fields(&[("title", "B"), ("method", "M"), ("row-0", "x"), ("theme", "3"), ("phone", "7")]);
        let seen = fingerprint(&base, rows);
        let found = differences(&stored, &kept, &seen, rows);
        let expected = [
            ("method", Changed::Theirs),
            ("phone", Changed::Mine),
            ("row", Changed::Theirs),
            ("theme", Changed::Both),
            ("title", Changed::Mine),
        ];
        assert_eq!(found, expected.map(|(name, changed)| (name.to_owned(), changed)));
        let unknown = differences(&stored, &kept, "", rows);
        assert!(unknown.iter().all(|(_, changed)| *changed == Changed::Both) && unknown.len() == 5);

        let mine = BTreeSet::from(["title".to_owned(), "phone".to_owned()]);
        let merged = merge(&stored, &kept, &mine, rows);
        let title: Vec<&str> = merged.all("title").collect();
        assert_eq!((title, merged.get("method"), merged.get("row-1")), (vec!["B"], "M2", "y"));
        assert_eq!((merged.get("theme"), merged.get("phone")), ("2", "7"));
    }

    #[test]
    fn what_both_wrote_alike_is_no_difference() {
        let base = fields(&[("title", "A")]);
        let both = fields(&[("title", "B")]);
        assert!(differences(&both, &both, &fingerprint(&base, rows), rows).is_empty());
    }

    #[test]
    fn only_what_was_typed_is_kept() {
        let sent = fields(&[
            ("csrf", "t"),
            ("kept_revision", "3"),
            ("open_page", "x"),
            ("key", "k"),
            ("action", "save"),
            ("reason", "Weil\0"),
        ]);
        assert_eq!(typed(&sent), fields(&[("reason", "Weil")]));
        assert_eq!(PageVersion::of(&sent).revision, 3);
        assert_eq!(PageVersion::of(&fields(&[])).revision, -1);
    }
}
