//! Cases. Saving one also appends to its history.

use std::collections::HashMap;

use events::{ApplicationId, ApplicationSubmitted, Call, CallId, Cents, Contact, ReviewCompleted};
use sqlx::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

use super::history::{self, HistoryEntry};
use crate::award::{Case, Refusal, State, Terms};
use host::ties;

/// A case with the application it is about and the rules of its call.
#[derive(Clone, Debug)]
pub struct Dossier {
    pub case: Case,
    /// With the contact as last corrected.
    pub submitted: ApplicationSubmitted,
    pub call: Call,
}

impl Dossier {
    /// With `case` as it is after saving, which increments the revision.
    #[must_use]
    pub fn saved(self, case: Case) -> Self {
        Self { case: Case { revision: case.revision + 1, ..case }, ..self }
    }
}

/// A case to be stored.
pub struct NewCase<'a> {
    pub case: Case,
    pub submitted: &'a ApplicationSubmitted,
    pub happened: HistoryEntry,
    /// Version of the call's rules.
    pub rules: u32,
}

pub async fn insert(db: &mut PgConnection, new: &[NewCase<'_>]) -> Result<(), sqlx::Error> {
    let column = |text: fn(&ApplicationSubmitted) -> &str| -> Vec<String> {
        new.iter().map(|new| text(new.submitted).to_owned()).collect()
    };
    let cases = || new.iter().map(|new| &new.case);
    let submitted: Vec<_> = new.iter().map(|new| Json(new.submitted)).collect();
    let states: Vec<_> = cases().map(|case| Json(&case.state)).collect();
    sqlx::query!(
        "insert into cases (application, revision, call, year, applied_cents, file_number, applicant, title,
                            stage, state, expected_cents, submitted, changed_at)
         select * from unnest($1::uuid[], $2::bigint[], $3::uuid[], $4::int[], $5::bigint[], $6::text[], $7::text[],
                              $8::text[], $9::text[], $10::jsonb[], $11::bigint[], $12::jsonb[], $13::timestamptz[])",
        &cases().map(|case| case.application.uuid()).collect::<Vec<_>>(),
        &cases().map(|case| case.revision).collect::<Vec<_>>(),
        &cases().map(|case| case.terms.call.uuid()).collect::<Vec<_>>(),
        &cases().map(|case| case.terms.year).collect::<Vec<_>>(),
        &cases().map(|case| case.terms.applied.0).collect::<Vec<_>>(),
        &column(|submitted| &submitted.file_number),
        &column(|submitted| &submitted.applicant.name),
        &column(|submitted| &submitted.application.title),
        &cases().map(|case| case.state.stage().name().to_owned()).collect::<Vec<_>>(),
        &states as &[Json<&State>],
        &cases().map(|case| case.expected().0).collect::<Vec<_>>(),
        &submitted as &[Json<&ApplicationSubmitted>],
        &new.iter().map(|new| new.happened.at).collect::<Vec<_>>()
    )
    .execute(&mut *db)
    .await?;
    let last = new.iter().map(|new| history::Last {
        application: new.case.application.uuid(),
        rules: i64::from(new.rules),
        number: None,
        hash: None,
    });
    let happened: Vec<_> = new.iter().map(|new| (new.case.application, &new.happened)).collect();
    history::append_after(db, last.collect(), &happened).await
}

/// Replaces the contact that was submitted. `false`: there is no such case (yet).
pub async fn save_contact(
    db: &mut PgConnection,
    application: ApplicationId,
    contact: &Contact,
) -> Result<bool, sqlx::Error> {
    let saved = sqlx::query!(
        "update cases set submitted = jsonb_set(submitted, '{application,contact}', $2) where application = $1",
        application.uuid(),
        Json(contact) as Json<&Contact>
    )
    .execute(db)
    .await?;
    Ok(saved.rows_affected() == 1)
}

/// A case after a transition.
#[derive(Clone, Debug)]
pub struct Transition {
    pub case: Case,
    pub happened: HistoryEntry,
}

/// Saves a case after a transition. The caller holds its lock.
pub async fn save(db: &mut PgConnection, case: &Case, happened: &HistoryEntry) -> Result<(), sqlx::Error> {
    save_all(db, &[Transition { case: case.clone(), happened: happened.clone() }]).await
}

/// Saves cases after their transitions. The caller holds their locks.
///
/// # Errors
/// `RowNotFound` if a case is not stored with this revision: the caller did not lock it.
pub async fn save_all(db: &mut PgConnection, moved: &[Transition]) -> Result<(), sqlx::Error> {
    let cases = || moved.iter().map(|moved| &moved.case);
    let weighted = |case: &Case| case.result().map_or(0, |result| i32::from(result.weighted));
    let set_aside: Vec<_> = cases().map(|case| case.set_aside.join("\n")).collect();
    let states: Vec<_> = cases().map(|case| Json(&case.state)).collect();
    let reviews: Vec<_> = cases().map(|case| case.review.as_ref().map(Json)).collect();
    let saved = sqlx::query_as!(
        history::Last,
        r#"with saved as (
             update cases c set revision = c.revision + 1, stage = n.stage, state = n.state,
                 expected_cents = n.expected_cents, weighted = n.weighted, review = n.review,
                 changed_at = n.changed_at, set_aside = string_to_array(n.set_aside, e'\n')
             from unnest($1::uuid[], $2::bigint[], $3::text[], $4::jsonb[], $5::bigint[], $6::int[], $7::jsonb[],
                         $8::timestamptz[], $9::text[])
                 as n (application, revision, stage, state, expected_cents, weighted, review, changed_at, set_aside)
             where c.application = n.application and c.revision = n.revision
             returning c.application, c.call
         )
         select s.application, calls.version as rules, h.number as "number?", h.hash as "hash?"
         from saved s join calls on calls.id = s.call
         left join lateral (
             select number, hash from history where application = s.application order by number desc limit 1
         ) h on true"#,
        &cases().map(|case| case.application.uuid()).collect::<Vec<_>>(),
        &cases().map(|case| case.revision).collect::<Vec<_>>(),
        &cases().map(|case| case.state.stage().name().to_owned()).collect::<Vec<_>>(),
        &states as &[Json<&State>],
        &cases().map(|case| case.expected().0).collect::<Vec<_>>(),
        &cases().map(weighted).collect::<Vec<_>>(),
        &reviews as &[Option<Json<&ReviewCompleted>>],
        &moved.iter().map(|moved| moved.happened.at).collect::<Vec<_>>(),
        &set_aside
    )
    .fetch_all(&mut *db)
    .await?;
    if saved.len() != moved.len() {
        return Err(sqlx::Error::RowNotFound);
    }
    let happened: Vec<_> = moved.iter().map(|moved| (moved.case.application, &moved.happened)).collect();
    history::append_after(db, saved, &happened).await
}

struct Row {
    revision: i64,
    call: Uuid,
    year: i32,
    applied_cents: i64,
    state: Json<State>,
    review: Option<Json<ReviewCompleted>>,
    set_aside: Vec<String>,
}

impl Row {
    fn case(self, application: ApplicationId) -> Case {
        Case {
            application,
            revision: self.revision,
            terms: Terms { call: CallId(self.call), year: self.year, applied: Cents(self.applied_cents) },
            review: self.review.map(|Json(review)| review),
            set_aside: self.set_aside,
            state: self.state.0,
        }
    }
}

/// The case, locked until the transaction ends.
pub async fn lock(db: &mut PgConnection, application: ApplicationId) -> Result<Option<Case>, sqlx::Error> {
    Ok(lock_all(db, &[application.uuid()]).await?.remove(&application))
}

/// The cases that exist, locked in the order of their ids until the transaction ends.
pub async fn lock_all(
    db: &mut PgConnection,
    applications: &[Uuid],
) -> Result<HashMap<ApplicationId, Case>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select application, revision, call, year, applied_cents, state as "state: Json<State>",
                  review as "review: Json<ReviewCompleted>", set_aside
           from cases where application = any($1) order by application for no key update"#,
        applications
    )
    .fetch_all(db)
    .await?;
    let cases = rows.into_iter().map(|row| {
        let application = row.application.into();
        let row = Row {
            revision: row.revision,
            call: row.call,
            year: row.year,
            applied_cents: row.applied_cents,
            state: row.state,
            review: row.review,
            set_aside: row.set_aside,
        };
        (application, row.case(application))
    });
    Ok(cases.collect())
}

pub async fn dossier(
    db: &mut PgConnection,
    application: ApplicationId,
) -> Result<Option<Dossier>, sqlx::Error> {
    let row = sqlx::query!(
        r#"select revision, call, year, applied_cents, state as "state: Json<State>",
                  review as "review: Json<ReviewCompleted>", submitted as "submitted: Json<ApplicationSubmitted>",
                  rules as "rules: Json<Call>", set_aside
           from cases join calls on calls.id = cases.call where application = $1"#,
        application.uuid()
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| Dossier {
        submitted: row.submitted.0,
        call: row.rules.0,
        case: Row {
            revision: row.revision,
            call: row.call,
            year: row.year,
            applied_cents: row.applied_cents,
            state: row.state,
            review: row.review,
            set_aside: row.set_aside,
        }
        .case(application),
    }))
}

/// The applicant of a case, and how the case is called.
#[derive(Clone, Debug)]
pub struct Owner {
    /// Official municipality key (Amtlicher Gemeindeschlüssel).
    pub ags: String,
    pub file_number: String,
    pub title: String,
}

pub async fn owner(db: &mut PgConnection, application: ApplicationId) -> Result<Option<Owner>, sqlx::Error> {
    sqlx::query_as!(
        Owner,
        r#"select submitted #>> '{applicant,ags}' as "ags!", file_number, title from cases where application = $1"#,
        application.uuid()
    )
    .fetch_optional(db)
    .await
}

/// `Err(Tied)` if the person has a tie to the application (§§ 20, 21 VwVfG). The outer error is the database's.
pub async fn refuse_tied(
    db: &mut PgConnection,
    file: &Dossier,
    session: &chassis::Session,
) -> Result<Result<(), Refusal>, sqlx::Error> {
    let tie = ties::of(db, file.case.application, &file.submitted, session).await?;
    Ok(tie.map_or(Ok(()), |tie| Err(Refusal::Tied(tie))))
}
