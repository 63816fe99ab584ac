//! What people type stays: one way for every form.
//!
//! A form with [`Keep`] keeps a copy in the browser at each key, and saves by itself where it has an address for that.
//! Every answer to a save is one of [`Answer`]. What somebody sends and the service cannot take is kept with what is
//! wrong with it ([`refuse`]), and the answer leads to the page of the form, which can be reloaded. Nothing that is
//! stored is replaced by a page that has not seen it: [`differences`] puts both versions side by side.

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

/// Hidden fields that a form with [`Keep`] sends besides what was typed.
const REVISION: &str = "kept_revision";
const OPEN_PAGE: &str = "open_page";
const SEEN: &str = "seen";

/// The field that says what a form is sent for, and what it says when what was typed is not wanted any more.
const ACTION: &str = "action";
const DISCARD: &str = "discard";

/// What nobody came back to is forgotten after this many days.
const DAYS: i64 = 30;

/// What a page has seen before it sends: the revision it was drawn from, and which page it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageVersion {
    /// Counts the saves; -1 for a form that does not say.
    pub revision: i64,
    /// Made anew with each page that is drawn.
    pub page: Uuid,
}

impl PageVersion {
    /// As a form with [`Keep`] says it. One that does not say so has seen nothing.
    pub fn of(fields: &Fields) -> Self {
        Self {
            revision: fields.get(REVISION).parse().unwrap_or(-1),
            page: fields.get(OPEN_PAGE).parse().unwrap_or_else(|_| Uuid::new_v4()),
        }
    }
}

/// What a form carries so that what is typed into it is kept. Write [`Keep::data`] into its tag and [`Keep::fields`]
/// after its form token.
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
    /// For the form of this name, which shows this revision of what is stored.
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

    /// For a form that shows what is `kept` of it, and is saved by itself at `address` (see [`answer`]).
    pub fn of(page: &Page, form: impl Into<String>, kept: Option<&Kept>, address: impl Into<String>) -> Self {
        let address = address.into();
        let note = kept.map(|kept| Html::of(&Note { page, kept, address: &address })).unwrap_or_default();
        Self { note, ..Self::new(page, form, kept.map_or(0, |kept| kept.revision)).autosaved(address) }
    }

    /// Why the form shows what it shows: it was refused, or typed and never sent. A form of its own, with which it is
    /// given up: to be written before the form's tag.
    pub fn note(&self) -> &Html {
        &self.note
    }

    /// Saved by itself at this address; without it only the browser keeps a copy until the form is sent.
    #[must_use]
    pub fn autosaved(self, address: impl Into<String>) -> Self {
        Self { autosave: address.into(), ..self }
    }

    /// Says what it was filled with, so that later it can be told who changed what (see [`fingerprint`]).
    #[must_use]
    pub fn filled_with(self, seen: String) -> Self {
        Self { seen, ..self }
    }

    /// The attributes of the form's tag.
    pub fn data(&self) -> Html {
        Html::of(&KeepData { keep: self })
    }

    /// The hidden fields.
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

/// The answer to a page that saves by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", rename_all = "kebab-case")]
pub enum Answer {
    /// It is stored.
    Saved {
        /// What the page shows from now on.
        revision: i64,
        /// The fingerprint of what is stored.
        seen: String,
    },
    /// Something was stored that this page has not seen. What it sent did not replace it.
    Changed {
        /// Who stored what when, in the reader's language.
        message: String,
        /// What is stored: names and values. Empty where `compare` leads to it.
        fields: Vec<(String, String)>,
        /// The revision of what is stored.
        revision: i64,
        /// Where both versions stand side by side; what this page sent is kept there.
        compare: Option<String>,
    },
    /// What the form belongs to is no longer this person's to work on. What was sent is kept where that is possible.
    Gone {
        /// Why, and what can be done, in the reader's language.
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

/// A form as it was kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// What was typed.
    pub fields: Fields,
    /// What was wrong with it when it was sent: field and message; an empty field for what is about no field.
    pub refused: Vec<(String, String)>,
    /// Counts the saves.
    pub revision: i64,
    /// The open page that saved last.
    pub open_page: Uuid,
    /// When, UTC.
    pub saved_at: DateTime<Utc>,
}

impl Kept {
    /// The form as it was sent, with what was wrong with it beside the fields.
    pub fn form(&self, page: &Page) -> Form {
        let mut form = Form::typed(page, &self.fields);
        for (field, message) in self.refused.iter().filter(|(field, _)| !field.is_empty()) {
            form.refuse(field, message.as_str());
        }
        form
    }

    /// Why it was refused, beyond its fields.
    pub fn reason(&self) -> Option<&str> {
        self.refused.iter().find(|(field, _)| field.is_empty()).map(|(_, message)| message.as_str())
    }
}

/// What this person has typed into this form.
///
/// # Errors
/// The database does not answer.
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

/// Keeps what a page of this form sends by itself, unless another page has stored something that this one has not
/// seen: then that is returned, and stays.
///
/// # Errors
/// The database does not answer.
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
    // It was there a moment ago; gone means that it was taken, and there is nothing to be compared with.
    Ok(find(connection, person, form).await?.map_or(Ok(0), Err))
}

/// The answer to `POST {address}` of [`Keep::of`]: keeps what a page of this form sends by itself, or gives it up and
/// leads `back`. `gone` says why the form can no longer be sent; what was typed is kept all the same.
///
/// # Errors
/// The database does not answer.
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

/// Keeps what was sent and could not be taken, with what is wrong with it: field and message, an empty field for what
/// is about none.
///
/// # Errors
/// The database does not answer.
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

/// It was taken, or its person does not want it any more.
///
/// # Errors
/// The database does not answer.
pub async fn discard(connection: &mut PgConnection, person: &str, form: &str) -> Result<(), sqlx::Error> {
    sqlx::query!("delete from bus.kept_forms where person = $1 and form = $2", person, form)
        .execute(connection)
        .await?;
    Ok(())
}

/// What the form belonged to is gone: so is what anybody typed into it.
///
/// # Errors
/// The database does not answer.
pub async fn discard_of_all(connection: &mut PgConnection, form: &str) -> Result<(), sqlx::Error> {
    sqlx::query!("delete from bus.kept_forms where form = $1", form).execute(connection).await?;
    Ok(())
}

/// Forgets what nobody came back to.
async fn prune(connection: &mut PgConnection, now: DateTime<Utc>) -> Result<(), sqlx::Error> {
    sqlx::query!("delete from bus.kept_forms where saved_at < $1", now - TimeDelta::days(DAYS))
        .execute(connection)
        .await?;
    Ok(())
}

/// Only what a person typed, as it comes in: without the token and what a page says of itself.
fn typed(sent: &Fields) -> Fields {
    let own = [CSRF_FIELD, REVISION, OPEN_PAGE, "key", ACTION];
    sent.iter()
        .filter(|(name, _)| !own.contains(name))
        .map(|(name, value)| (parse::line(name), parse::lines(value)))
        .collect()
}

/// Which fields are compared as one: the rows of a list belong together.
pub type Group = fn(&str) -> &str;

/// Who has changed a part of a form since both versions were the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Changed {
    /// Only what is kept differs from what the page was filled with.
    Mine,
    /// Only what is stored differs.
    Theirs,
    /// Both do, or nobody knows.
    Both,
}

/// A short name of each part's content, to be sent along with the form and compared later.
pub fn fingerprint(fields: &Fields, group: Group) -> String {
    let parts = grouped(fields, group).into_iter();
    parts.map(|(name, values)| format!("{name}:{}", hash(&values))).collect::<Vec<_>>().join(" ")
}

/// The parts in which what is stored and what a person kept differ, with who has changed them since the page was
/// filled ([`Keep::filled_with`]). Both must have been read and written by the same form.
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

/// What is stored, with the parts `of_mine` as the person kept them.
pub fn merge(stored: &Fields, kept: &Fields, of_mine: &BTreeSet<String>, group: Group) -> Fields {
    let is_mine = |name: &str| of_mine.contains(group(name));
    let theirs = stored.iter().filter(|(name, _)| !is_mine(name));
    let mine = kept.iter().filter(|(name, _)| is_mine(name));
    theirs.chain(mine).map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// The fields by part, empty ones left out: a field that was never sent is one that is empty.
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
