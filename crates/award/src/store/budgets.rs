//! Budgets, and the commitments that grants make out of them.

use chrono::{DateTime, Utc};
use events::{BudgetYear, CallId, Cents};
use sqlx::PgConnection;

use crate::award::Case;
use crate::budget::Budget;

/// Sets the total of a year. `false`, and nothing is stored, if more than that is committed already.
pub async fn set(db: &mut PgConnection, call: CallId, budget: BudgetYear) -> Result<bool, sqlx::Error> {
    let set = sqlx::query!(
        "insert into budgets as b (call, year, amount_cents) values ($1, $2, $3)
         on conflict (call, year) do update set amount_cents = excluded.amount_cents
         where b.committed_cents <= excluded.amount_cents",
        call.uuid(),
        budget.year,
        budget.amount.0
    )
    .execute(db)
    .await?;
    Ok(set.rows_affected() == 1)
}

/// The budget, locked until the transaction ends.
pub async fn lock(db: &mut PgConnection, call: CallId, year: i32) -> Result<Budget, sqlx::Error> {
    let row = sqlx::query!(
        "select amount_cents, committed_cents from budgets where call = $1 and year = $2 for no key update",
        call.uuid(),
        year
    )
    .fetch_one(db)
    .await?;
    Ok(Budget { call, year, amount: Cents(row.amount_cents), committed: Cents(row.committed_cents) })
}

/// All budgets of a call, by year.
pub async fn of_call(db: &mut PgConnection, call: CallId) -> Result<Vec<Budget>, sqlx::Error> {
    let rows = sqlx::query!(
        "select year, amount_cents, committed_cents from budgets where call = $1 order by year",
        call.uuid()
    )
    .fetch_all(db)
    .await?;
    let budget =
        |year, amount, committed| Budget { call, year, amount: Cents(amount), committed: Cents(committed) };
    Ok(rows.into_iter().map(|row| budget(row.year, row.amount_cents, row.committed_cents)).collect())
}

/// Stores the commitment of a granted case, and the budget that results.
pub async fn commit(
    db: &mut PgConnection,
    case: &Case,
    budget: &Budget,
    at: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into commitments (application, call, year, amount_cents, committed_at)
         values ($1, $2, $3, $4, $5)",
        case.application.uuid(),
        case.terms.call.uuid(),
        case.terms.year,
        case.expected().0,
        at
    )
    .execute(&mut *db)
    .await?;
    save(db, budget).await
}

/// Releases the commitment of a case, and stores the budget that results.
pub async fn release(
    db: &mut PgConnection,
    case: &Case,
    budget: &Budget,
    at: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update commitments set released_at = $2 where application = $1",
        case.application.uuid(),
        at
    )
    .execute(&mut *db)
    .await?;
    save(db, budget).await
}

async fn save(db: &mut PgConnection, budget: &Budget) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update budgets set committed_cents = $3 where call = $1 and year = $2",
        budget.call.uuid(),
        budget.year,
        budget.committed.0
    )
    .execute(db)
    .await?;
    Ok(())
}
