//! Ties of reviewers to municipalities (§§ 20, 21 VwVfG).

use bus::{Tx, outbox};
use chrono::{DateTime, Utc};
use events::{Ags, ApplicationId, Cause, Person, TieDeclared, TieEnded};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{drafts, files, unreadable};
use crate::file::Part;

/// A tie that holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tie {
    /// Its id.
    pub id: Uuid,
    /// The municipality, by its official key.
    pub ags: String,
    /// What ties the person to it.
    pub reason: String,
    /// Since when it is known.
    pub declared_at: DateTime<Utc>,
}

/// The ties of a person that hold, oldest first.
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

/// The municipalities of those ties.
pub async fn keys(connection: &mut PgConnection, person: &str) -> Result<Vec<Ags>, sqlx::Error> {
    let ties = of(connection, person).await?;
    let keys = ties.iter().map(|tie| tie.ags.parse()).collect::<Result<_, _>>();
    keys.map_err(|_| unreadable("municipality key"))
}

/// Declares a tie; one that holds already stays as it is.
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

/// Ends a tie of this person, and gives its municipality; none where there is no such tie.
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

/// A tie to one application, as the other services know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// Whose.
    pub person: String,
    /// Their name.
    pub name: String,
    /// Since when.
    pub declared_at: DateTime<Utc>,
    /// Since when no longer. A review that was set aside stays so.
    pub ended_at: Option<DateTime<Utc>>,
}

/// The ties to an application.
pub async fn of_application(
    connection: &mut PgConnection,
    application: ApplicationId,
) -> Result<Vec<Told>, sqlx::Error> {
    sqlx::query_as!(
        Told,
        "select person, name, declared_at, ended_at from application_ties
         where application = $1 order by declared_at, person",
        application.uuid()
    )
    .fetch_all(connection)
    .await
}

/// New files are on the table: says who has a tie to them.
pub async fn tell_of_files(tx: &mut Tx, applications: &[Uuid]) -> Result<(), sqlx::Error> {
    let told = sqlx::query!(
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
    for row in told {
        let person = Person { id: row.person, name: row.name };
        say(tx, row.application, person, &row.municipality, row.declared_at, &Cause::default());
    }
    Ok(())
}

/// Locks the files that a person has a tie to, or will have with one to `ags`, and `application`, in their order:
/// who locks several begins with this, so that two who do never wait for each other.
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

/// Says the ties of a person to every file they concern that was not withdrawn, and takes the person out of it:
/// true where they held one of them.
pub async fn tell_of_person(
    tx: &mut Tx,
    person: &Person,
    reason: &str,
    cause: &Cause,
) -> Result<bool, sqlx::Error> {
    // First the files, in their order: a row that refers to one locks it, too.
    let applications = sqlx::query_scalar!(
        "select distinct f.application from ties t join files f on f.parties @> array[t.ags]
         where t.person = $1 and t.ended_at is null and f.state <> 'withdrawn'",
        person.id
    )
    .fetch_all(&mut **tx)
    .await?;
    let locked = files::lock_all(tx, &applications).await?;
    let told = sqlx::query!(
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
        if !told.iter().any(|row| row.application == application.uuid()) {
            continue;
        }
        let holds = matches!(file.part_of(&person.id), Some(Part::Holds { .. }));
        let file = file.tied(person, reason.to_owned(), now);
        files::save(tx, &file, cause).await?;
        if holds {
            drafts::discard(tx, application, &person.id).await?;
            held = true;
        }
    }
    for row in told {
        say(tx, row.application, person.clone(), &row.municipality, row.declared_at, cause);
    }
    Ok(held)
}

/// Says that a person has a tie to this application alone. The caller has locked its file.
pub async fn tell_of_bias(
    tx: &mut Tx,
    application: ApplicationId,
    person: &Person,
    cause: &Cause,
) -> Result<(), sqlx::Error> {
    let now = tx.now();
    let told = sqlx::query!(
        "insert into application_ties (application, person, name, municipality, declared_at)
         values ($1, $2, $3, '', $4) on conflict do nothing",
        application.uuid(),
        person.id,
        person.name,
        now
    )
    .execute(&mut **tx)
    .await?;
    if told.rows_affected() == 1 {
        say(tx, application.uuid(), person.clone(), "", now, cause);
    }
    Ok(())
}

fn say(
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

/// Says that a tie to a municipality holds no longer, for each application that was told of it.
pub async fn tell_end(tx: &mut Tx, person: &Person, ags: &str, cause: &Cause) -> Result<(), sqlx::Error> {
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

/// Persons with a tie that some file was not told of: it was declared by an earlier release, or at the moment when
/// the file came in. Twenty at most, with the reason of one of the ties.
pub async fn untold(connection: &mut PgConnection) -> Result<Vec<(Person, String)>, sqlx::Error> {
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
