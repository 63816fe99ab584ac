//! Cases: one at a time. Saving one writes its history and keeps the counts.

use events::{ApplicationId, ApplicationSubmitted, Call, CallId, Cents, Person, ReviewCompleted};
use sqlx::PgConnection;
use sqlx::types::Json;

use super::history::{self, Happened};
use crate::award::{Case, Stage, State, Terms};

/// A case with the application it is about and the rules of its call.
#[derive(Clone, Debug)]
pub struct File {
    /// The case.
    pub case: Case,
    /// The application.
    pub submitted: ApplicationSubmitted,
    /// The rules.
    pub call: Call,
}

/// Adds a case that has just been announced.
pub async fn insert(
    db: &mut PgConnection,
    case: &Case,
    submitted: &ApplicationSubmitted,
    happened: &Happened,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into cases (application, revision, call, year, applied_cents, file_number, applicant, title,
                            stage, state, expected_cents, submitted, changed_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        case.application.uuid(),
        case.revision,
        case.terms.call.uuid(),
        case.terms.year,
        case.terms.applied.0,
        submitted.file_number,
        submitted.applicant.name,
        submitted.application.title,
        case.state.stage().name(),
        Json(&case.state) as _,
        case.expected().0,
        Json(submitted) as _,
        happened.at
    )
    .execute(&mut *db)
    .await?;
    history::append(db, case.application, happened).await?;
    count(db, case.terms.call, None, case.state.stage()).await
}

/// Saves a case after a transition. The caller has locked it.
pub async fn save(
    db: &mut PgConnection,
    case: &Case,
    before: Stage,
    happened: &Happened,
) -> Result<(), sqlx::Error> {
    let weighted = case.review.as_ref().map_or(0, |review| i32::from(review.weighted));
    let saved = sqlx::query!(
        "update cases set revision = revision + 1, stage = $3, state = $4, expected_cents = $5, weighted = $6,
                          review = $7, changed_at = $8
         where application = $1 and revision = $2",
        case.application.uuid(),
        case.revision,
        case.state.stage().name(),
        Json(&case.state) as _,
        case.expected().0,
        weighted,
        case.review.as_ref().map(Json) as _,
        happened.at
    )
    .execute(&mut *db)
    .await?;
    if saved.rows_affected() != 1 {
        return Err(sqlx::Error::RowNotFound);
    }
    history::append(db, case.application, happened).await?;
    count(db, case.terms.call, Some(before), case.state.stage()).await
}

/// Moves one case from one count to another, in the order of their names: two such never wait for each other.
async fn count(
    db: &mut PgConnection,
    call: CallId,
    from: Option<Stage>,
    to: Stage,
) -> Result<(), sqlx::Error> {
    if from == Some(to) {
        return Ok(());
    }
    let mut moves: Vec<(&str, i64)> =
        from.map(|from| (from.name(), -1)).into_iter().chain([(to.name(), 1)]).collect();
    moves.sort_unstable();
    for (stage, by) in moves {
        // Two statements: a new row with -1 would break the CHECK before the conflict is seen.
        let counted = sqlx::query!(
            "update counts set cases = cases + $3 where call = $1 and stage = $2",
            call.uuid(),
            stage,
            by
        )
        .execute(&mut *db)
        .await?;
        if counted.rows_affected() == 0 {
            sqlx::query!(
                "insert into counts as c (call, stage, cases) values ($1, $2, $3)
                 on conflict (call, stage) do update set cases = c.cases + excluded.cases",
                call.uuid(),
                stage,
                by
            )
            .execute(&mut *db)
            .await?;
        }
    }
    Ok(())
}

struct Row {
    revision: i64,
    call: uuid::Uuid,
    year: i32,
    applied_cents: i64,
    state: Json<State>,
    review: Option<Json<ReviewCompleted>>,
}

impl Row {
    fn case(self, application: ApplicationId) -> Case {
        Case {
            application,
            revision: self.revision,
            terms: Terms { call: CallId(self.call), year: self.year, applied: Cents(self.applied_cents) },
            review: self.review.map(|Json(review)| review),
            state: self.state.0,
        }
    }
}

/// The case, locked until the transaction ends.
pub async fn lock(db: &mut PgConnection, application: ApplicationId) -> Result<Option<Case>, sqlx::Error> {
    let row = sqlx::query_as!(
        Row,
        r#"select revision, call, year, applied_cents, state as "state: Json<State>",
                  review as "review: Json<ReviewCompleted>"
           from cases where application = $1 for update"#,
        application.uuid()
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| row.case(application)))
}

/// The case with its application and rules, as they are now.
pub async fn file(db: &mut PgConnection, application: ApplicationId) -> Result<Option<File>, sqlx::Error> {
    let row = sqlx::query!(
        r#"select revision, call, year, applied_cents, state as "state: Json<State>",
                  review as "review: Json<ReviewCompleted>", submitted as "submitted: Json<ApplicationSubmitted>",
                  rules as "rules: Json<Call>"
           from cases join calls on calls.id = cases.call where application = $1"#,
        application.uuid()
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| File {
        submitted: row.submitted.0,
        call: row.rules.0,
        case: Row {
            revision: row.revision,
            call: row.call,
            year: row.year,
            applied_cents: row.applied_cents,
            state: row.state,
            review: row.review,
        }
        .case(application),
    }))
}

/// The body that applied for it.
#[derive(Clone, Debug)]
pub struct Owner {
    /// Its key.
    pub ags: String,
    /// The file number.
    pub file_number: String,
    /// Title of the project.
    pub title: String,
}

/// Whose application this is.
pub async fn owner(db: &mut PgConnection, application: ApplicationId) -> Result<Option<Owner>, sqlx::Error> {
    sqlx::query_as!(
        Owner,
        r#"select submitted #>> '{applicant,ags}' as "ags!", file_number, title from cases where application = $1"#,
        application.uuid()
    )
    .fetch_optional(db)
    .await
}

/// A person as facts name them.
pub fn person(session: &chassis::Session) -> Person {
    Person { id: session.person.clone(), name: session.name.clone() }
}
