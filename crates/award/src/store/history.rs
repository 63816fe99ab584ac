//! The history of a case: an append-only hash chain, in which each row's hash covers the row before.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use events::{ApplicationId, Cents, EventId, Person};
use sha2::{Digest, Sha256};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::deadlines::Entry;

/// What can happen to a case. The message `history-<name>` describes it to people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HistoryKind {
    Announced,
    Reviewed,
    ProposedGrant,
    ProposedReject,
    Tied,
    TiedTooLate,
    WithoutReviews,
    Returned,
    Granted,
    Rejected,
    Waitlisted,
    Withdrawn,
    Notice,
    MessageSent,
    MessageBounced,
    Retrieved,
    Posted,
    Arrived,
    Waived,
    Final,
    /// A name that only a newer release knows.
    Other(String),
}

static NAMES: [(HistoryKind, &str); 20] = [
    (HistoryKind::Announced, "announced"),
    (HistoryKind::Reviewed, "reviewed"),
    (HistoryKind::ProposedGrant, "proposed-grant"),
    (HistoryKind::ProposedReject, "proposed-reject"),
    (HistoryKind::Tied, "tied"),
    (HistoryKind::TiedTooLate, "tied-too-late"),
    (HistoryKind::WithoutReviews, "known"),
    (HistoryKind::Returned, "returned"),
    (HistoryKind::Granted, "granted"),
    (HistoryKind::Rejected, "rejected"),
    (HistoryKind::Waitlisted, "waitlisted"),
    (HistoryKind::Withdrawn, "withdrawn"),
    (HistoryKind::Notice, "notice"),
    (HistoryKind::MessageSent, "message-sent"),
    (HistoryKind::MessageBounced, "message-bounced"),
    (HistoryKind::Retrieved, "retrieved"),
    (HistoryKind::Posted, "posted"),
    (HistoryKind::Arrived, "arrived"),
    (HistoryKind::Waived, "waived"),
    (HistoryKind::Final, "final"),
];

impl HistoryKind {
    pub fn name(&self) -> &str {
        match self {
            Self::Other(name) => name,
            _ => NAMES.iter().find(|(what, _)| what == self).map_or("", |(_, name)| name),
        }
    }

    fn read(name: String) -> Self {
        let known = NAMES.iter().find(|(_, known)| *known == name);
        known.map_or(Self::Other(name), |(what, _)| what.clone())
    }

    /// Whether the remark is a day such as `2027-04-26`.
    pub fn names_a_day(&self) -> bool {
        matches!(self, Self::Posted | Self::Arrived | Self::Waived | Self::Final)
    }
}

impl From<Entry> for HistoryKind {
    fn from(entry: Entry) -> Self {
        match entry {
            Entry::Posted => Self::Posted,
            Entry::Arrived => Self::Arrived,
            Entry::Waived => Self::Waived,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryEntry {
    pub at: DateTime<Utc>,
    pub what: HistoryKind,
    /// `None` where a fact or a deadline caused it.
    pub by: Option<Person>,
    pub amount: Option<Cents>,
    /// A text a person gave, a day, a hash or an email address, as the kind demands.
    pub remark: Option<String>,
    /// The fact that caused it.
    pub cause: Option<EventId>,
}

impl HistoryEntry {
    pub fn new(at: DateTime<Utc>, what: impl Into<HistoryKind>) -> Self {
        Self { at, what: what.into(), by: None, amount: None, remark: None, cause: None }
    }

    #[must_use]
    pub fn by(self, person: &Person) -> Self {
        Self { by: Some(person.clone()), ..self }
    }

    #[must_use]
    pub fn amount(self, amount: Cents) -> Self {
        Self { amount: Some(amount), ..self }
    }

    #[must_use]
    pub fn remark(self, remark: impl Into<String>) -> Self {
        Self { remark: Some(remark.into()), ..self }
    }

    #[must_use]
    pub fn because(self, cause: EventId) -> Self {
        Self { cause: Some(cause), ..self }
    }

    /// SHA-256 over the hash of the row before and all columns of this one, each preceded by its length so that no two
    /// different rows give the same bytes.
    fn hash(&self, application: Uuid, number: i64, rules: i64, before: &[u8]) -> Vec<u8> {
        let person = |part: fn(&Person) -> &String| self.by.as_ref().map(|by| part(by).clone().into_bytes());
        let parts = [
            Some(before.to_vec()),
            Some(application.as_bytes().to_vec()),
            Some(number.to_be_bytes().to_vec()),
            Some(rules.to_be_bytes().to_vec()),
            Some(self.at.timestamp_micros().to_be_bytes().to_vec()),
            Some(self.what.name().as_bytes().to_vec()),
            person(|by| &by.id),
            person(|by| &by.name),
            self.amount.map(|amount| amount.0.to_be_bytes().to_vec()),
            self.remark.clone().map(String::into_bytes),
            self.cause.map(|cause| cause.uuid().as_bytes().to_vec()),
        ];
        let mut hash = Sha256::new();
        for part in &parts {
            let length = part.as_ref().map_or(-1, |part| i64::try_from(part.len()).unwrap_or(i64::MAX));
            hash.update(length.to_be_bytes());
            hash.update(part.as_deref().unwrap_or_default());
        }
        hash.finalize().to_vec()
    }
}

/// Appends a row. The caller holds the lock of the case.
pub async fn append(
    db: &mut PgConnection,
    application: ApplicationId,
    happened: &HistoryEntry,
) -> Result<(), sqlx::Error> {
    append_all(db, &[(application, happened)]).await
}

/// Appends a row to each of these cases, which must be distinct. The caller holds their locks.
///
/// # Errors
/// `RowNotFound` for an unknown case.
pub async fn append_all(
    db: &mut PgConnection,
    happened: &[(ApplicationId, &HistoryEntry)],
) -> Result<(), sqlx::Error> {
    let applications: Vec<Uuid> = happened.iter().map(|(application, _)| application.uuid()).collect();
    let last = sqlx::query_as!(
        Last,
        r#"select c.application, calls.version as rules, h.number as "number?", h.hash as "hash?"
           from cases c join calls on calls.id = c.call
           left join lateral (
               select number, hash from history where application = c.application order by number desc limit 1
           ) h on true
           where c.application = any($1)"#,
        &applications
    )
    .fetch_all(&mut *db)
    .await?;
    append_after(db, last, happened).await
}

/// The last row of a case's history, if there is one, and the version of the rules that the next one names.
pub(super) struct Last {
    pub application: Uuid,
    pub rules: i64,
    pub number: Option<i64>,
    pub hash: Option<Vec<u8>>,
}

/// As [`append_all`], where the last rows are known.
pub(super) async fn append_after(
    db: &mut PgConnection,
    last: Vec<Last>,
    happened: &[(ApplicationId, &HistoryEntry)],
) -> Result<(), sqlx::Error> {
    let mut last: HashMap<Uuid, _> = last.into_iter().map(|row| (row.application, row)).collect();
    let mut rows = Rows::default();
    for (application, happened) in happened {
        let last = last.remove(&application.uuid()).ok_or(sqlx::Error::RowNotFound)?;
        let number = last.number.unwrap_or_default() + 1;
        rows.applications.push(application.uuid());
        rows.numbers.push(number);
        rows.times.push(happened.at);
        rows.whats.push(happened.what.name().to_owned());
        rows.actors.push(happened.by.as_ref().map(|by| by.id.clone()));
        rows.names.push(happened.by.as_ref().map(|by| by.name.clone()));
        rows.rules.push(last.rules);
        rows.amounts.push(happened.amount.map(|amount| amount.0));
        rows.remarks.push(happened.remark.clone());
        rows.causes.push(happened.cause.map(EventId::uuid));
        let before = last.hash.unwrap_or_default();
        rows.hashes.push(happened.hash(application.uuid(), number, last.rules, &before));
    }
    sqlx::query!(
        "insert into history
             (application, number, at, what, actor_id, actor_name, rules, amount_cents, remark, cause, hash)
         select * from unnest($1::uuid[], $2::bigint[], $3::timestamptz[], $4::text[], $5::text[], $6::text[],
                              $7::bigint[], $8::bigint[], $9::text[], $10::uuid[], $11::bytea[])",
        &rows.applications,
        &rows.numbers,
        &rows.times,
        &rows.whats,
        &rows.actors as &[Option<String>],
        &rows.names as &[Option<String>],
        &rows.rules,
        &rows.amounts as &[Option<i64>],
        &rows.remarks as &[Option<String>],
        &rows.causes as &[Option<Uuid>],
        &rows.hashes
    )
    .execute(db)
    .await?;
    Ok(())
}

#[derive(Default)]
struct Rows {
    applications: Vec<Uuid>,
    numbers: Vec<i64>,
    times: Vec<DateTime<Utc>>,
    whats: Vec<String>,
    actors: Vec<Option<String>>,
    names: Vec<Option<String>>,
    rules: Vec<i64>,
    amounts: Vec<Option<i64>>,
    remarks: Vec<Option<String>>,
    causes: Vec<Option<Uuid>>,
    hashes: Vec<Vec<u8>>,
}

/// The history of a case, and whether its hash chain is intact.
pub async fn of_case(
    db: &mut PgConnection,
    application: ApplicationId,
) -> Result<(Vec<HistoryEntry>, bool), sqlx::Error> {
    let application = application.uuid();
    let rows = sqlx::query!(
        "select number, at, what, actor_id, actor_name, rules, amount_cents, remark, cause, hash
         from history where application = $1 order by number",
        application
    )
    .fetch_all(db)
    .await?;
    let (mut all, mut whole, mut before) = (Vec::with_capacity(rows.len()), true, Vec::new());
    for (row, expected) in rows.into_iter().zip(1..) {
        let happened = HistoryEntry {
            at: row.at,
            what: HistoryKind::read(row.what),
            by: row.actor_id.zip(row.actor_name).map(|(id, name)| Person { id, name }),
            amount: row.amount_cents.map(Cents),
            remark: row.remark,
            cause: row.cause.map(EventId),
        };
        let hash = happened.hash(application, row.number, row.rules, &before);
        whole &= row.number == expected && row.hash == hash;
        before = hash;
        all.push(happened);
    }
    Ok((all, whole))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_happens_has_a_name_that_is_read_back_and_told_in_both_languages() {
        for (what, name) in &NAMES {
            assert_eq!((what.name(), HistoryKind::read((*name).to_owned())), (*name, what.clone()));
            let message = format!("\nhistory-{name} = ");
            assert!(crate::MESSAGES.0.contains(&message) && crate::MESSAGES.1.contains(&message), "{name}");
        }
        let newer = HistoryKind::read("moved".to_owned());
        assert_eq!((newer.name(), newer.names_a_day()), ("moved", false));
    }
}
