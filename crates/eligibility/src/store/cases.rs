//! The table `cases`.

use chassis::list::Cursor;
use chrono::{DateTime, NaiveDate, Utc};
use events::{ApplicationId, ApplicationSubmitted, Contact, Decider, Finding, Person};
use sqlx::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

use crate::case::{Case, Decision, State, Status, Verdict};
use crate::rules::Assessment;

/// Stores new cases; fails if one of them exists.
pub async fn insert(db: &mut PgConnection, cases: &[&Case]) -> Result<(), sqlx::Error> {
    let mut new = NewCases::default();
    for case in cases {
        let columns = StateColumns::of(case);
        new.ids.push(case.id.uuid());
        new.calls.push(case.submitted.call.uuid());
        new.file_numbers.push(case.submitted.file_number.clone());
        new.applicants.push(case.submitted.applicant.name.clone());
        new.submitted.push(Json(&case.submitted));
        new.findings.push(Json(&case.assessment.findings));
        new.rule_versions.push(i32::try_from(case.assessment.rule_version).unwrap_or(i32::MAX));
        new.register_days.push(case.register_day());
        new.opened_at.push(case.opened_at);
        new.states.push(columns.state.to_owned());
        new.verdicts.push(columns.verdict.map(str::to_owned));
        new.decided_at.push(columns.decided_at);
    }
    sqlx::query!(
        "with new as (
             select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::jsonb[], $6::jsonb[], $7::int[],
                                  $8::date[], $9::timestamptz[], $10::text[], $11::text[], $12::timestamptz[])
             as n (id, call, file_number, applicant_name, submitted, findings, rule_version,
                   register_day, opened_at, state, verdict, decided_at)
         )
         insert into cases (id, call, file_number, applicant_name, submitted, findings, rule_version,
             register_day, opened_at, state, changed_at, verdict, decided_at)
         select id, call, file_number, applicant_name, submitted, findings, rule_version,
             register_day, opened_at, state, opened_at, verdict, decided_at from new",
        &new.ids,
        &new.calls,
        &new.file_numbers,
        &new.applicants,
        &new.submitted as &[Json<&ApplicationSubmitted>],
        &new.findings as &[Json<&Vec<Finding>>],
        &new.rule_versions,
        &new.register_days,
        &new.opened_at,
        &new.states,
        &new.verdicts as &[Option<String>],
        &new.decided_at as &[Option<DateTime<Utc>>]
    )
    .execute(db)
    .await?;
    Ok(())
}

#[derive(Default)]
struct NewCases<'a> {
    ids: Vec<Uuid>,
    calls: Vec<Uuid>,
    file_numbers: Vec<String>,
    applicants: Vec<String>,
    submitted: Vec<Json<&'a ApplicationSubmitted>>,
    findings: Vec<Json<&'a Vec<Finding>>>,
    rule_versions: Vec<i32>,
    register_days: Vec<NaiveDate>,
    opened_at: Vec<DateTime<Utc>>,
    states: Vec<String>,
    verdicts: Vec<Option<String>>,
    decided_at: Vec<Option<DateTime<Utc>>>,
}

/// Reads the case and locks it until the end of the transaction.
pub async fn lock(db: &mut PgConnection, id: ApplicationId) -> Result<Option<Case>, sqlx::Error> {
    let row = sqlx::query_as!(
        Row,
        r#"select id, submitted as "submitted: Json<ApplicationSubmitted>", findings as "findings: Json<Vec<Finding>>",
             rule_version, register_day, opened_at, state, changed_at, verdict, decided_at, decided_by_id,
             decided_by_name, reason
         from cases where id = $1 for no key update"#,
        id.uuid()
    )
    .fetch_optional(db)
    .await?;
    row.map(Row::read).transpose()
}

pub async fn find(db: &mut PgConnection, id: ApplicationId) -> Result<Option<Case>, sqlx::Error> {
    let row = sqlx::query_as!(
        Row,
        r#"select id, submitted as "submitted: Json<ApplicationSubmitted>", findings as "findings: Json<Vec<Finding>>",
             rule_version, register_day, opened_at, state, changed_at, verdict, decided_at, decided_by_id,
             decided_by_name, reason
         from cases where id = $1"#,
        id.uuid()
    )
    .fetch_optional(db)
    .await?;
    row.map(Row::read).transpose()
}

/// Stores the state of a case that was locked in this transaction.
pub async fn save(db: &mut PgConnection, case: &Case) -> Result<(), sqlx::Error> {
    let columns = StateColumns::of(case);
    sqlx::query!(
        "update cases set state = $2, changed_at = $3, verdict = $4, decided_at = $5, decided_by_id = $6,
             decided_by_name = $7, reason = $8
         where id = $1",
        case.id.uuid(),
        columns.state,
        columns.changed_at,
        columns.verdict,
        columns.decided_at,
        columns.person.map(|person| person.id.as_str()),
        columns.person.map(|person| person.name.as_str()),
        columns.reason
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Replaces the contact. False if there is no such case.
pub async fn save_contact(
    db: &mut PgConnection,
    id: ApplicationId,
    contact: &Contact,
) -> Result<bool, sqlx::Error> {
    let saved = sqlx::query!(
        "update cases set submitted = jsonb_set(submitted, '{application,contact}', $2) where id = $1",
        id.uuid(),
        Json(contact) as Json<&Contact>
    )
    .execute(db)
    .await?;
    Ok(saved.rows_affected() == 1)
}

/// How many cases wait for a person, counted up to `cap` through an index. A counter row would be locked together
/// with cases, in one order by a transaction that refers a case and in another by one that decides: a deadlock.
pub async fn count_referred(db: &mut PgConnection, cap: i64) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select count(*) as "count!" from (
               select 1 from cases where state = 'referred' order by changed_at limit $1) as waiting"#,
        cap
    )
    .fetch_one(db)
    .await
}

/// A row of a list.
#[derive(Clone, Debug)]
pub struct Listed {
    pub id: Uuid,
    pub file_number: String,
    pub applicant_name: String,
    pub title: String,
    pub findings: Json<Vec<Finding>>,
    /// When it got the status that is listed, UTC.
    pub changed_at: DateTime<Utc>,
    /// When the applicant last replied, UTC.
    pub replied_at: Option<DateTime<Utc>>,
}

/// Up to `limit` cases with this status from after the cursor; waiting ones oldest first, others newest first.
pub async fn list(
    db: &mut PgConnection,
    status: Status,
    after: Option<Cursor>,
    limit: i64,
) -> Result<Vec<Listed>, sqlx::Error> {
    let (at, id) = after.map(|after| (after.at, after.id)).unzip();
    match status {
        Status::Referred => {
            sqlx::query_as!(
                Listed,
                r#"select id, file_number, applicant_name, submitted #>> '{application,title}' as "title!",
                     findings as "findings: Json<Vec<Finding>>", changed_at, replied_at
                 from cases
                 where state = 'referred' and (changed_at, id) >
                     (coalesce($1::timestamptz, '-infinity'), coalesce($2::uuid, '00000000-0000-0000-0000-000000000000'))
                 order by changed_at, id limit $3"#,
                at,
                id,
                limit
            )
            .fetch_all(db)
            .await
        }
        Status::Eligible | Status::Ineligible | Status::Withdrawn => {
            sqlx::query_as!(
                Listed,
                r#"select id, file_number, applicant_name, submitted #>> '{application,title}' as "title!",
                     findings as "findings: Json<Vec<Finding>>", changed_at, replied_at
                 from cases
                 where state = $1 and (changed_at, id) <
                     (coalesce($2::timestamptz, 'infinity'), coalesce($3::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
                 order by changed_at desc, id desc limit $4"#,
                status.name(),
                at,
                id,
                limit
            )
            .fetch_all(db)
            .await
        }
    }
}

/// The columns that store a [`State`].
struct StateColumns<'a> {
    state: &'static str,
    changed_at: DateTime<Utc>,
    verdict: Option<&'static str>,
    decided_at: Option<DateTime<Utc>>,
    person: Option<&'a Person>,
    reason: Option<&'a str>,
}

impl<'a> StateColumns<'a> {
    fn of(case: &'a Case) -> Self {
        let changed_at = match &case.state {
            State::Referred => case.opened_at,
            State::Decided(decision) => decision.at,
            State::Withdrawn { at, .. } => *at,
        };
        let decision = case.decision();
        let (person, reason) = match decision.map(|decision| &decision.by) {
            Some(Decider::Person { person, reason }) => (Some(person), Some(reason.as_str())),
            Some(Decider::Rules) | None => (None, None),
        };
        let verdict = decision.map(|decision| decision.verdict.name());
        Self {
            state: case.status().name(),
            changed_at,
            verdict,
            decided_at: decision.map(|decision| decision.at),
            person,
            reason,
        }
    }
}

struct Row {
    id: Uuid,
    submitted: Json<ApplicationSubmitted>,
    findings: Json<Vec<Finding>>,
    rule_version: i32,
    register_day: NaiveDate,
    opened_at: DateTime<Utc>,
    state: String,
    changed_at: DateTime<Utc>,
    verdict: Option<String>,
    decided_at: Option<DateTime<Utc>>,
    decided_by_id: Option<String>,
    decided_by_name: Option<String>,
    reason: Option<String>,
}

impl Row {
    fn read(self) -> Result<Case, sqlx::Error> {
        let by = match (self.decided_by_id, self.decided_by_name, self.reason) {
            (Some(id), Some(name), Some(reason)) => Decider::Person { person: Person { id, name }, reason },
            _ => Decider::Rules,
        };
        let verdict = self.verdict.as_deref().and_then(Verdict::from_name);
        let decision = verdict.zip(self.decided_at).map(|(verdict, at)| Decision { verdict, by, at });
        let state = match (self.state.as_str(), decision) {
            ("referred", None) => State::Referred,
            ("withdrawn", decision) => State::Withdrawn { at: self.changed_at, decision },
            (_, Some(decision)) => State::Decided(decision),
            (state, None) => return Err(sqlx::Error::Decode(format!("{state} without a decision").into())),
        };
        let rule_version =
            u32::try_from(self.rule_version).map_err(|error| sqlx::Error::Decode(error.into()))?;
        let assessment =
            Assessment { findings: self.findings.0, rule_version, register_day: self.register_day };
        Ok(Case {
            id: self.id.into(),
            submitted: self.submitted.0,
            assessment,
            opened_at: self.opened_at,
            state,
        })
    }
}
