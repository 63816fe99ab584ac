//! Notices, their PDFs and their delivery to the recipient.

use chrono::{DateTime, Days, NaiveDate, Utc};
use events::{ApplicationId, CallId, NoticeId, NoticeKind, Person};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::calendar::day_in_germany;
use crate::deadlines::{DeliveryRecord, MESSAGE_OVERDUE_DAYS, Message, OFFER_DAYS};

/// The template of the email that says that a notice waits in the portal; templates are named after their fact.
pub const EMAIL_TEMPLATE: &str = events::Kind::NoticeIssued.name();

/// A notice without its PDF.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    pub application: ApplicationId,
    pub id: NoticeId,
    pub kind: NoticeKind,
    /// SHA-256 of the PDF, lower-case hex.
    pub sha256: String,
    /// When it was put into the portal, UTC.
    pub issued_at: DateTime<Utc>,
    /// When the recipient first retrieved it, UTC.
    pub retrieved_at: Option<DateTime<Utc>>,
    pub delivery: DeliveryRecord,
    /// When `notice-became-final` was published, UTC.
    pub became_final_at: Option<DateTime<Utc>>,
}

impl Notice {
    /// A notice put into the portal at this time.
    pub fn issued(
        application: ApplicationId,
        kind: NoticeKind,
        sha256: String,
        issued_at: DateTime<Utc>,
    ) -> Self {
        Self {
            application,
            id: NoticeId(bus::outbox::new_id(issued_at).uuid()),
            kind,
            sha256,
            issued_at,
            retrieved_at: None,
            delivery: DeliveryRecord::issued(day_in_germany(issued_at)),
            became_final_at: None,
        }
    }
}

/// A notice that will not arrive unless a case worker acts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undelivered {
    pub application: ApplicationId,
    pub title: String,
    pub applicant: String,
    /// File number (Aktenzeichen).
    pub file_number: String,
    pub delivery: DeliveryRecord,
}

pub async fn insert(db: &mut PgConnection, notice: &Notice, pdf: &[u8]) -> Result<(), sqlx::Error> {
    let kind = match notice.kind {
        NoticeKind::Award => "award",
        NoticeKind::Rejection => "rejection",
    };
    sqlx::query!(
        "insert into notices (application, id, kind, pdf, sha256, issued_at, offered_on)
         values ($1, $2, $3, $4, $5, $6, $7)",
        notice.application.uuid(),
        notice.id.uuid(),
        kind,
        pdf,
        notice.sha256,
        notice.issued_at,
        notice.delivery.issued_on
    )
    .execute(db)
    .await?;
    Ok(())
}

struct Row {
    id: Uuid,
    kind: String,
    sha256: String,
    issued_at: DateTime<Utc>,
    retrieved_at: Option<DateTime<Utc>>,
    offered_on: NaiveDate,
    message_sent_at: Option<DateTime<Utc>>,
    message_bounced_at: Option<DateTime<Utc>>,
    retrieved_on: Option<NaiveDate>,
    posted_on: Option<NaiveDate>,
    arrived_on: Option<NaiveDate>,
    waived_on: Option<NaiveDate>,
    became_final_at: Option<DateTime<Utc>>,
}

impl Row {
    fn notice(self, application: ApplicationId) -> Notice {
        Notice {
            application,
            id: NoticeId(self.id),
            kind: if self.kind == "award" { NoticeKind::Award } else { NoticeKind::Rejection },
            sha256: self.sha256,
            issued_at: self.issued_at,
            retrieved_at: self.retrieved_at,
            delivery: DeliveryRecord {
                issued_on: self.offered_on,
                message: message(self.message_sent_at, self.message_bounced_at),
                retrieved_on: self.retrieved_on,
                posted_on: self.posted_on,
                arrived_on: self.arrived_on,
                waived_on: self.waived_on,
            },
            became_final_at: self.became_final_at,
        }
    }
}

/// The notice about an application, locked until the transaction ends.
pub async fn lock(db: &mut PgConnection, application: ApplicationId) -> Result<Option<Notice>, sqlx::Error> {
    let row = sqlx::query_as!(
        Row,
        "select id, kind, sha256, issued_at, retrieved_at, offered_on, message_sent_at, message_bounced_at, retrieved_on,
                posted_on, arrived_on, waived_on, became_final_at
         from notices where application = $1 for no key update",
        application.uuid()
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| row.notice(application)))
}

pub async fn find(db: &mut PgConnection, application: ApplicationId) -> Result<Option<Notice>, sqlx::Error> {
    let row = sqlx::query_as!(
        Row,
        "select id, kind, sha256, issued_at, retrieved_at, offered_on, message_sent_at, message_bounced_at, retrieved_on,
                posted_on, arrived_on, waived_on, became_final_at
         from notices where application = $1",
        application.uuid()
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| row.notice(application)))
}

/// Notices of a call for which [`DeliveryRecord::needs_post`] holds, the oldest first.
pub async fn for_post(
    db: &mut PgConnection,
    call: CallId,
    today: NaiveDate,
    limit: i64,
) -> Result<Vec<Undelivered>, sqlx::Error> {
    let (offered_before, issued_until) =
        (today - Days::new(OFFER_DAYS), today - Days::new(MESSAGE_OVERDUE_DAYS));
    let rows = sqlx::query!(
        "select application, title, applicant, file_number, offered_on, message_sent_at, message_bounced_at
         from notices join cases using (application)
         where call = $1 and stage in ('granted', 'rejected')
           and retrieved_on is null and posted_on is null and arrived_on is null and waived_on is null
           and (message_bounced_at is not null
                or (message_sent_at at time zone 'Europe/Berlin')::date < $2
                or (message_sent_at is null and offered_on <= $3))
         order by issued_at, application limit $4",
        call.uuid(),
        offered_before,
        issued_until,
        limit
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Undelivered {
            application: ApplicationId(row.application),
            title: row.title,
            applicant: row.applicant,
            file_number: row.file_number,
            delivery: DeliveryRecord {
                message: message(row.message_sent_at, row.message_bounced_at),
                ..DeliveryRecord::issued(row.offered_on)
            },
        })
        .collect())
}

fn message(sent: Option<DateTime<Utc>>, bounced: Option<DateTime<Utc>>) -> Message {
    match (sent, bounced) {
        (Some(at), _) => Message::Sent(at),
        (None, Some(at)) => Message::Bounced(at),
        (None, None) => Message::Pending,
    }
}

/// The PDF, byte for byte as it was issued.
pub async fn pdf(db: &mut PgConnection, application: ApplicationId) -> Result<Option<Vec<u8>>, sqlx::Error> {
    sqlx::query_scalar!("select pdf from notices where application = $1", application.uuid())
        .fetch_optional(db)
        .await
}

/// Stores the first retrieval by the recipient.
pub async fn retrieved(
    db: &mut PgConnection,
    notice: &Notice,
    at: DateTime<Utc>,
    by: &Person,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update notices set retrieved_at = $2, retrieved_by = $3 where application = $1",
        notice.application.uuid(),
        at,
        by.id
    )
    .execute(&mut *db)
    .await?;
    save_delivery(db, notice).await
}

/// Saves the delivery record, and the day on which the notice becomes final.
pub async fn save_delivery(db: &mut PgConnection, notice: &Notice) -> Result<(), sqlx::Error> {
    let delivery = &notice.delivery;
    let (sent, bounced) = match delivery.message {
        Message::Pending => (None, None),
        Message::Sent(at) => (Some(at), None),
        Message::Bounced(at) => (None, Some(at)),
    };
    sqlx::query!(
        "update notices set retrieved_on = $2, posted_on = $3, arrived_on = $4, waived_on = $5, final_on = $6,
                message_sent_at = $7, message_bounced_at = $8
         where application = $1",
        notice.application.uuid(),
        delivery.retrieved_on,
        delivery.posted_on,
        delivery.arrived_on,
        delivery.waived_on,
        delivery.final_on(),
        sent,
        bounced
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Applications whose notice is final on `today` and not yet published as such. The notice of a withdrawn application
/// never becomes final.
pub async fn due(
    db: &mut PgConnection,
    today: NaiveDate,
    limit: i64,
) -> Result<Vec<ApplicationId>, sqlx::Error> {
    let due = sqlx::query_scalar!(
        "select application from notices join cases using (application)
         where became_final_at is null and final_on <= $1 and stage in ('granted', 'rejected')
         order by final_on limit $2",
        today,
        limit
    )
    .fetch_all(db)
    .await?;
    Ok(due.into_iter().map(ApplicationId).collect())
}

/// Stores that `notice-became-final` is published.
pub async fn became_final(
    db: &mut PgConnection,
    application: ApplicationId,
    at: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!("update notices set became_final_at = $2 where application = $1", application.uuid(), at)
        .execute(db)
        .await?;
    Ok(())
}
