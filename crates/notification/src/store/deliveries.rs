//! Deliveries, for queueing and sending.

use chassis::Session;
use chrono::{DateTime, TimeDelta, Utc};
use events::{AnyFact, ApplicationId, EventId};
use sqlx::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

use crate::delivery::{Delivery, State};
use crate::mail::{Content, Source};

/// First key of the advisory locks that senders hold; the second is the sender's number.
pub const SENDER_LOCKS: i32 = 0x6d61_696c;

/// An email to be queued.
#[derive(Clone, Debug)]
pub struct NewEmail<'a> {
    /// The fact that the email is about.
    pub about: EventId,
    pub application: ApplicationId,
    pub template: &'a str,
    /// W3C trace context.
    pub traceparent: Option<&'a str>,
    /// Email address.
    pub recipient: &'a str,
    /// Without angle brackets.
    pub message_id: String,
    pub content: Content,
}

/// How long a waiting email holds back later ones about its application. After that, order matters less than, say, the
/// announcement of a notice; each email names its day.
pub const HOLD_BACK: TimeDelta = TimeDelta::hours(24);

/// A claimed delivery, with everything needed to send it.
#[derive(Debug)]
pub struct Job {
    pub delivery: Delivery,
    /// When the fact was consumed, UTC; the date of the email.
    pub queued_at: DateTime<Utc>,
    pub content: Content,
    /// The present address of the contact.
    pub present_address: Option<String>,
}

/// A step of the state machine, to be stored.
#[derive(Debug)]
pub struct Change {
    /// Name of the state before.
    pub from: &'static str,
    /// Number of the claim under which it was made.
    pub claim: i32,
    /// The delivery afterwards.
    pub to: Delivery,
    /// The fact to publish if the step is stored.
    pub fact: Option<AnyFact>,
}

impl Change {
    pub fn new(from: &Delivery, to: Delivery, fact: Option<AnyFact>) -> Self {
        Self { from: from.state.name(), claim: from.claim_number, to, fact }
    }
}

/// Queues an email, once per fact and recipient. `false`: it exists already.
pub async fn queue(
    connection: &mut PgConnection,
    new: &NewEmail<'_>,
    now: DateTime<Utc>,
) -> Result<bool, sqlx::Error> {
    Ok(queue_all(connection, std::slice::from_ref(new), now).await? == 1)
}

/// Queues emails, each once per fact and recipient. Returns the number of new ones.
pub async fn queue_all(
    connection: &mut PgConnection,
    emails: &[NewEmail<'_>],
    now: DateTime<Utc>,
) -> Result<u64, sqlx::Error> {
    fn column<'n>(emails: &[NewEmail<'n>], text: impl Fn(&NewEmail<'n>) -> String) -> Vec<String> {
        emails.iter().map(text).collect()
    }
    let queued = sqlx::query!(
        // Without a join, which would compare each email with each: units of work join by index alone.
        "with new as materialized (
             select nextval('deliveries_id_seq') as id, n.* from unnest($1::uuid[], $2::text[], $3::uuid[], $4::text[], $5::text[], $6::text[],
                                  $8::text[], $9::text[], $10::text[], $11::text[], $12::text[], $13::jsonb[])
             as n (event_id, recipient, application_id, template, message_id, traceparent,
                   language, recipient_name, subject, body_text, body_html, source)
         ), delivery as (
             insert into deliveries (id, event_id, recipient, application_id, template, message_id, traceparent,
                                     queued_at, state, moment)
             overriding system value
             select id, event_id, recipient, application_id, template, message_id, traceparent, $7, 'queued', $7 from new
             on conflict (event_id, recipient) do nothing
             returning id
         )
         insert into contents (delivery_id, language, recipient_name, subject, body_text, body_html, source)
         select id, language, recipient_name, subject, body_text, body_html, source
         from new where (id in (select id from delivery)) is true",
        &emails.iter().map(|new| new.about.uuid()).collect::<Vec<_>>(),
        &column(emails, |new| new.recipient.to_owned()),
        &emails.iter().map(|new| new.application.uuid()).collect::<Vec<_>>(),
        &column(emails, |new| new.template.to_owned()),
        &column(emails, |new| new.message_id.clone()),
        &emails.iter().map(|new| new.traceparent.map(str::to_owned)).collect::<Vec<_>>() as &[Option<String>],
        now,
        &column(emails, |new| new.content.language.clone()),
        &column(emails, |new| new.content.recipient_name.clone()),
        &column(emails, |new| new.content.subject.clone()),
        &column(emails, |new| new.content.text.clone()),
        &column(emails, |new| new.content.html.clone()),
        &emails.iter().map(|new| new.content.source.as_ref().map(Json)).collect::<Vec<_>>()
            as &[Option<Json<&Source>>],
    )
    .execute(connection)
    .await?;
    Ok(queued.rows_affected())
}

/// The delivery in a row: each checked query has a row type of its own.
macro_rules! delivery {
    ($row:ident) => {
        Delivery {
            id: $row.id,
            about: $row.event_id.into(),
            application: $row.application_id.into(),
            template: $row.template,
            recipient: $row.recipient,
            message_id: $row.message_id,
            traceparent: $row.traceparent,
            state: read_state(&$row.state, $row.moment)?,
            claim_number: $row.claims,
            attempts: $row.attempts,
            ambiguous_handovers: $row.unanswered,
            last_error: $row.last_error,
            answer: $row.answer,
        }
    };
}

/// Locks up to `limit` deliveries that are due, the longest due first. Skips those that others have locked, and those
/// that would overtake an earlier email about their application ([`HOLD_BACK`]).
pub async fn lock_due(
    connection: &mut PgConnection,
    now: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<Job>, sqlx::Error> {
    let rows = sqlx::query!(
        // Subqueries by key instead of joins, which might be planned as scans of a whole table.
        r#"select d.id, event_id, recipient, application_id, template, message_id, traceparent, queued_at,
                state, moment, claims, attempts, unanswered, last_error, answer,
                language, recipient_name, subject, body_text, body_html, source as "source: Json<Source>",
                (select k.email from contacts k where k.application_id = d.application_id) as present_address
         from deliveries d join contents c on c.delivery_id = d.id
         where state in ('queued', 'sending', 'data_started') and moment <= $1
           and (select e.id from deliveries e
                where e.application_id = d.application_id and e.id < d.id
                  and e.state in ('queued', 'sending', 'data_started') and e.queued_at > $3
                limit 1) is null
         order by moment
         limit $2
         for no key update of d skip locked"#,
        now,
        limit,
        now - HOLD_BACK
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            let content = Content {
                language: row.language,
                recipient_name: row.recipient_name,
                subject: row.subject,
                text: row.body_text,
                html: row.body_html,
                source: row.source.map(|source| source.0),
            };
            let (queued_at, present_address) = (row.queued_at, row.present_address);
            Ok(Job { delivery: delivery!(row), queued_at, content, present_address })
        })
        .collect()
}

pub async fn application_of(connection: &mut PgConnection, id: i64) -> Result<Option<Uuid>, sqlx::Error> {
    sqlx::query_scalar!("select application_id from deliveries where id = $1", id)
        .fetch_optional(connection)
        .await
}

pub async fn lock(connection: &mut PgConnection, id: i64) -> Result<Option<Delivery>, sqlx::Error> {
    let row = sqlx::query!(
        "select id, event_id, recipient, application_id, template, message_id, traceparent,
                state, moment, claims, attempts, unanswered, last_error, answer
         from deliveries where id = $1 for no key update",
        id
    )
    .fetch_optional(connection)
    .await?;
    row.map(|row| Ok(delivery!(row))).transpose()
}

fn read_state(name: &str, moment: DateTime<Utc>) -> Result<State, sqlx::Error> {
    State::read(name, moment).ok_or_else(|| sqlx::Error::Decode(format!("no such state: {name}").into()))
}

/// Stores each step only if the state and the claim number of its delivery are unchanged. Returns which were stored, in
/// the given order. Two steps may share a claim number after Postgres has lost an asynchronous claim in a crash; then
/// one of them is stored. `sender` is the number of the claiming sender.
pub async fn save<'a>(
    connection: &mut PgConnection,
    changes: impl IntoIterator<Item = &'a Change>,
    sender: Option<i32>,
) -> Result<Vec<bool>, sqlx::Error> {
    let mut rows = Rows::default();
    let mut stored = Vec::new();
    for (place, Change { from, claim, to, .. }) in (0..).zip(changes) {
        stored.push(false);
        rows.places.push(place);
        rows.ids.push(to.id);
        rows.from.push((*from).to_owned());
        rows.under.push(*claim);
        rows.to.push(to.state.name().to_owned());
        rows.moments.push(to.state.due_or_done_at());
        rows.claims.push(to.claim_number);
        rows.attempts.push(to.attempts);
        rows.unanswered.push(to.ambiguous_handovers);
        rows.errors.push(to.last_error.clone());
        rows.answers.push(to.answer.clone());
    }
    if rows.ids.is_empty() {
        return Ok(stored);
    }
    // Steps are identified by their index, since two may concern the same delivery. The statement updates a row once,
    // whatever joins with it.
    let places = sqlx::query_scalar!(
        r#"update deliveries d
         set state = n.state, moment = n.moment, claims = n.claims, attempts = n.attempts,
             unanswered = n.unanswered, last_error = n.last_error, answer = n.answer,
             sender = coalesce($11, d.sender)
         from unnest($1::bigint[], $2::text[], $3::int[], $4::text[], $5::timestamptz[], $6::int[],
                     $7::int[], $8::int[], $9::text[], $10::text[], $12::int[])
              as n (id, was_state, was_claims, state, moment, claims, attempts, unanswered, last_error, answer, place)
         where d.id = n.id and d.state = n.was_state and d.claims = n.was_claims
         returning n.place as "place!""#,
        &rows.ids,
        &rows.from,
        &rows.under,
        &rows.to,
        &rows.moments,
        &rows.claims,
        &rows.attempts,
        &rows.unanswered,
        &rows.errors as &[Option<String>],
        &rows.answers as &[Option<String>],
        sender,
        &rows.places,
    )
    .fetch_all(connection)
    .await?;
    for place in places.into_iter().filter_map(|place| usize::try_from(place).ok()) {
        stored[place] = true;
    }
    Ok(stored)
}

#[derive(Default)]
struct Rows {
    places: Vec<i32>,
    ids: Vec<i64>,
    from: Vec<String>,
    under: Vec<i32>,
    to: Vec<String>,
    moments: Vec<DateTime<Utc>>,
    claims: Vec<i32>,
    attempts: Vec<i32>,
    unanswered: Vec<i32>,
    errors: Vec<Option<String>>,
    answers: Vec<Option<String>>,
}

/// Makes the claims of dead senders due at once. Nothing of them has been sent.
pub async fn release_orphans(connection: &mut PgConnection, now: DateTime<Utc>) -> Result<u64, sqlx::Error> {
    let released = sqlx::query!(
        "update deliveries set moment = $1
         where state = 'sending' and moment > $1 and sender not in (
             select objid::bigint from pg_locks
             where locktype = 'advisory' and classid::bigint = $2 and granted
               and database = (select oid from pg_database where datname = current_database())
         )",
        now,
        i64::from(SENDER_LOCKS)
    )
    .execute(connection)
    .await?;
    Ok(released.rows_affected())
}

/// Takes the advisory lock that shows that sender `number` is alive, as long as the connection is. `false`: the number
/// is in use.
pub async fn try_lease(connection: &mut PgConnection, number: i32) -> Result<bool, sqlx::Error> {
    let locked = sqlx::query_scalar!("select pg_try_advisory_lock($1, $2)", SENDER_LOCKS, number)
        .fetch_one(connection)
        .await?;
    Ok(locked.unwrap_or(false))
}

/// The Message-ID, without angle brackets, of the email about `about` to `recipient`: the same for each attempt on every
/// machine.
pub fn message_id(about: EventId, recipient: &str, domain: &str) -> String {
    let id = Uuid::new_v5(&about.uuid(), recipient.to_lowercase().as_bytes());
    format!("{id}@{domain}")
}

/// Postpones emails that may not overtake an earlier one until that one is due ([`HOLD_BACK`] at most), so that claims
/// need not skip them again and again. Looks at 1,000 due emails at most.
pub async fn postpone_held_back(
    connection: &mut PgConnection,
    now: DateTime<Utc>,
) -> Result<u64, sqlx::Error> {
    let postponed = sqlx::query!(
        "with held as (
             select d.id, (select least(e.moment, e.queued_at + ($1::timestamptz - $2::timestamptz))
                           from deliveries e
                           where e.application_id = d.application_id and e.id < d.id and e.moment > $1
                             and (e.state = 'queued' or e.state = 'data_started' and e.last_error is not null)
                             and e.queued_at > $2
                           order by e.id limit 1) as until
             from (select id, application_id from deliveries
                   where state in ('queued', 'sending', 'data_started') and moment <= $1
                   order by moment limit 1000) d
         )
         update deliveries d set moment = held.until from held
         where d.id = held.id and held.until is not null and d.state = 'queued'",
        now,
        now - HOLD_BACK
    )
    .execute(connection)
    .await?;
    Ok(postponed.rows_affected())
}

/// Makes queued emails about an application due at once.
pub async fn make_due(
    connection: &mut PgConnection,
    application: ApplicationId,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update deliveries set moment = $2 where application_id = $1 and state = 'queued' and moment > $2",
        application.uuid(),
        now
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// An earlier delivery, for deciding what to send to a corrected contact.
#[derive(Clone, Debug)]
pub struct PastDelivery {
    pub id: i64,
    /// The fact that the email is about.
    pub about: Uuid,
    pub template: String,
    /// Email address.
    pub recipient: String,
    /// [`State::name`].
    pub state: String,
}

/// All deliveries about an application, oldest first.
pub async fn past(
    connection: &mut PgConnection,
    application: ApplicationId,
) -> Result<Vec<PastDelivery>, sqlx::Error> {
    sqlx::query_as!(
        PastDelivery,
        "select id, event_id as about, template, recipient, state from deliveries
         where application_id = $1 order by id",
        application.uuid()
    )
    .fetch_all(connection)
    .await
}

/// Content and W3C trace context of a delivery.
pub async fn content(
    connection: &mut PgConnection,
    id: i64,
) -> Result<(Content, Option<String>), sqlx::Error> {
    let row = sqlx::query!(
        r#"select language, recipient_name, subject, body_text, body_html, source as "source: Json<Source>", traceparent
         from contents join deliveries on id = delivery_id where delivery_id = $1"#,
        id
    )
    .fetch_one(connection)
    .await?;
    let content = Content {
        language: row.language,
        recipient_name: row.recipient_name,
        subject: row.subject,
        text: row.body_text,
        html: row.body_html,
        source: row.source.map(|source| source.0),
    };
    Ok((content, row.traceparent))
}

/// Records who asked to send an email again.
pub async fn record_resend_request(
    connection: &mut PgConnection,
    id: i64,
    by: &Session,
    at: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into asked_again (delivery_id, asked_at, person, name) values ($1, $2, $3, $4)",
        id,
        at,
        by.person,
        by.name
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Queues the existing delivery of this email to this address again, if it failed or was superseded. Returns its id;
/// `None` if there is no such delivery.
pub async fn reopen(
    connection: &mut PgConnection,
    about: Uuid,
    recipient: &str,
    now: DateTime<Utc>,
) -> Result<Option<i64>, sqlx::Error> {
    sqlx::query_scalar!(
        "update deliveries set state = 'queued', moment = $3, attempts = 0
         where event_id = $1 and recipient = $2 and state in ('failed', 'superseded') returning id",
        about,
        recipient,
        now
    )
    .fetch_optional(connection)
    .await
}

/// Id of the delivery of this email to this address.
pub async fn id_of(
    connection: &mut PgConnection,
    about: Uuid,
    recipient: &str,
) -> Result<Option<i64>, sqlx::Error> {
    sqlx::query_scalar!("select id from deliveries where event_id = $1 and recipient = $2", about, recipient)
        .fetch_optional(connection)
        .await
}
