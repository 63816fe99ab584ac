//! Ties of people to municipalities (§§ 20, 21 VwVfG), and the facts about them, one for each application concerned.

use bus::{Tx, outbox};
use chrono::{DateTime, Utc};
use events::{Ags, ApplicationId, Cause, Person, TieDeclared, TieEnded};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{drafts, files, unreadable};
use crate::file::Involvement;

/// A tie that has not ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tie {
    pub id: Uuid,
    /// Official municipality key.
    pub ags: String,
    pub reason: String,
    /// UTC.
    pub declared_at: DateTime<Utc>,
}

/// The current ties of a person, oldest first.
pub async fn of(connection: &mut PgConnection, person: &str) -> Result<Vec<Tie>, sqlx::Error> {
    sqlx::query_as!(
        Tie,
        "select id, ags, reason, declared_at from ties
         where person = $1 and ended_at is null order by declared_at, id",
        person
    )
    .fetch_all(connection)
    .await
}

/// The municipalities of a person's current ties.
pub async fn keys(connection: &mut PgConnection, person: &str) -> Result<Vec<Ags>, sqlx::Error> {
    let ties = of(connection, person).await?;
    let keys = ties.iter().map(|tie| tie.ags.parse()).collect::<Result<_, _>>();
    keys.map_err(|_| unreadable("municipality key"))
}

/// Stores a tie; a current one to the same municipality is not changed.
pub async fn declare(
    tx: &mut Tx,
    id: Uuid,
    person: &Person,
    ags: &Ags,
    reason: &str,
) -> Result<(), sqlx::Error> {
    let now = tx.now();
    sqlx::query!(
        "insert into ties (id, person, name, ags, reason, declared_at) values ($1, $2, $3, $4, $5, $6)
         on conflict (person, ags) where ended_at is null do nothing",
        id,
        person.id,
        person.name,
        ags.as_str(),
        reason,
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Ends a tie of this person and returns its municipality key; `None` if there is no such tie.
pub async fn end(tx: &mut Tx, id: Uuid, person: &str) -> Result<Option<String>, sqlx::Error> {
    let now = tx.now();
    sqlx::query_scalar!(
        "update ties set ended_at = $3 where id = $1 and person = $2 and ended_at is null returning ags",
        id,
        person,
        now
    )
    .fetch_optional(&mut **tx)
    .await
}

/// A tie to one application, as published to the other services.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApplicationTie {
    /// Id of the person.
    pub person: String,
    pub name: String,
    /// UTC.
    pub declared_at: DateTime<Utc>,
    /// UTC; `None` for a current tie. A review that was set aside stays so.
    pub ended_at: Option<DateTime<Utc>>,
}

pub async fn of_application(
    connection: &mut PgConnection,
    application: ApplicationId,
) -> Result<Vec<ApplicationTie>, sqlx::Error> {
    sqlx::query_as!(
        ApplicationTie,
        "select person, name, declared_at, ended_at from application_ties
         where application = $1 order by declared_at, person",
        application.uuid()
    )
    .fetch_all(connection)
    .await
}

/// Publishes the current ties to these new files.
pub async fn publish_for_files(tx: &mut Tx, applications: &[Uuid]) -> Result<(), sqlx::Error> {
    let declared = sqlx::query!(
        "insert into application_ties (application, person, name, municipality, declared_at)
         select f.application, t.person, t.name, t.ags, t.declared_at
         from files f cross join unnest(f.parties) as party (ags)
         join ties t on t.ags = party.ags and t.ended_at is null
         where f.application = any($1) order by f.application, t.declared_at, t.person
         on conflict do nothing
         returning application, person, name, municipality, declared_at",
        applications
    )
    .fetch_all(&mut **tx)
    .await?;
    for row in declared {
        let person = Person { id: row.person, name: row.name };
        publish(tx, row.application, person, &row.municipality, row.declared_at, &Cause::default());
    }
    Ok(())
}

/// Locks `application` and all files that the person has a tie to, or will have with a new tie to `ags`, in the order of
/// their ids. Called before any other lock on files, so that two such transactions do not deadlock.
pub async fn lock_files(
    tx: &mut Tx,
    person: &str,
    ags: &Ags,
    application: ApplicationId,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "select 1 as locked from files
         where application = $3 or state <> 'withdrawn' and parties && (
             $2 || array(select ags from ties where person = $1 and ended_at is null))
         order by application for no key update",
        person,
        &[ags.as_str().to_owned()],
        application.uuid()
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(())
}

/// Publishes the ties of a person for every file they concern that is not withdrawn, and applies [`File::tied`] to it.
/// Returns whether the person held one of these files.
///
/// [`File::tied`]: crate::file::File::tied
pub async fn publish_for_person(
    tx: &mut Tx,
    person: &Person,
    reason: &str,
    cause: &Cause,
) -> Result<bool, sqlx::Error> {
    // The files are locked first, in order: inserting a row that refers to a file locks it, too.
    let applications = sqlx::query_scalar!(
        "select distinct f.application from ties t join files f on f.parties @> array[t.ags]
         where t.person = $1 and t.ended_at is null and f.state <> 'withdrawn'",
        person.id
    )
    .fetch_all(&mut **tx)
    .await?;
    let locked = files::lock_all(tx, &applications).await?;
    let declared = sqlx::query!(
        "insert into application_ties as a (application, person, name, municipality, declared_at)
         select f.application, t.person, t.name, t.ags, t.declared_at
         from ties t join files f on f.parties @> array[t.ags]
         where t.person = $1 and t.ended_at is null and f.application = any($2)
         order by f.application, t.declared_at
         on conflict (application, person, municipality) do update
         set declared_at = excluded.declared_at, ended_at = null where a.ended_at is not null
         returning application, municipality, declared_at",
        person.id,
        &applications
    )
    .fetch_all(&mut **tx)
    .await?;
    let now = tx.now();
    let mut held = false;
    for file in locked {
        let application = file.application;
        if !declared.iter().any(|row| row.application == application.uuid()) {
            continue;
        }
        let holds = matches!(file.involvement_of(&person.id), Some(Involvement::Holds { .. }));
        let file = file.tied(person, reason.to_owned(), now);
        files::save(tx, &file, cause).await?;
        if holds {
            drafts::discard(tx, application, &person.id).await?;
            held = true;
        }
    }
    for row in declared {
        publish(tx, row.application, person.clone(), &row.municipality, row.declared_at, cause);
    }
    Ok(held)
}

/// Publishes that a person has a tie to this application alone. The caller holds the lock of its file.
pub async fn publish_bias(
    tx: &mut Tx,
    application: ApplicationId,
    person: &Person,
    cause: &Cause,
) -> Result<(), sqlx::Error> {
    let now = tx.now();
    let declared = sqlx::query!(
        "insert into application_ties (application, person, name, municipality, declared_at)
         values ($1, $2, $3, '', $4) on conflict do nothing",
        application.uuid(),
        person.id,
        person.name,
        now
    )
    .execute(&mut **tx)
    .await?;
    if declared.rows_affected() == 1 {
        publish(tx, application.uuid(), person.clone(), "", now, cause);
    }
    Ok(())
}

fn publish(
    tx: &mut Tx,
    key: Uuid,
    person: Person,
    municipality: &str,
    declared_at: DateTime<Utc>,
    cause: &Cause,
) {
    let fact = TieDeclared { person, municipality: municipality.parse().ok(), declared_at };
    outbox::append(tx, key, fact, cause.clone());
}

/// Publishes that a tie to a municipality has ended, for each application for which it was published.
pub async fn publish_end(tx: &mut Tx, person: &Person, ags: &str, cause: &Cause) -> Result<(), sqlx::Error> {
    let now = tx.now();
    let ended = sqlx::query_scalar!(
        "update application_ties set ended_at = $3
         where person = $1 and municipality = $2 and ended_at is null returning application",
        person.id,
        ags,
        now
    )
    .fetch_all(&mut **tx)
    .await?;
    for application in ended {
        let fact = TieEnded { person: person.clone(), municipality: ags.parse().ok(), ended_at: now };
        outbox::append(tx, application, fact, cause.clone());
    }
    Ok(())
}

/// People with a tie that was not published for some file: it was declared under an earlier release, or while the file
/// was being added. Twenty at most, with the reason of one of their ties.
pub async fn unpublished(connection: &mut PgConnection) -> Result<Vec<(Person, String)>, sqlx::Error> {
    let rows = sqlx::query!(
        "select t.person, t.name, t.reason from ties t
         where t.ended_at is null and exists (
             select 1 from files f where f.parties @> array[t.ags] and f.state <> 'withdrawn' and not exists (
                 select 1 from application_ties a where a.application = f.application and a.person = t.person
                    and a.municipality = t.ags and a.ended_at is null))
         order by t.declared_at, t.id limit 20"
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (Person { id: row.person, name: row.name }, row.reason)).collect())
}
