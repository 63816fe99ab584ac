//! The service's own Postgres: a pool without leftover transactions, migrations that do not race, and the check of the
//! schema at the start.

use std::collections::HashMap;
use std::str::FromStr;
use std::time::Duration;

use futures_util::future::join_all;
use sqlx::migrate::{Migrate, MigrateError, Migrator};
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool, PgPoolOptions};
use sqlx::{ConnectOptions, Connection, Executor, Row};

use crate::error::StartError;
use crate::settings::{Database, ExposeSecret};

/// The key of the advisory lock around migrations: an arbitrary number, the same in every process.
const MIGRATION_LOCK: i64 = 0x6265_7363_6865_6964;

/// For one attempt to connect, for the end of a transaction at a release, and for the wait for a free connection.
const CONNECTION_DEADLINE: Duration = Duration::from_secs(5);

/// Whether the connection is in a transaction that an earlier message has begun: the clock of a transaction stands still.
const IN_TRANSACTION: &str = "select now() <> statement_timestamp()";

/// A connection that was idle for less than this is used without a ping: the question at its release was answered.
const PING_AFTER: Duration = Duration::from_secs(1);

/// The pool, once Postgres answers; until then it tries again each second, and logs a warning.
///
/// # Errors
/// The URL cannot be used, or trying again cannot help: wrong password, no such database or role.
pub async fn connect(settings: &Database) -> Result<PgPool, StartError> {
    let options = options(settings)?;
    wait_for(&options).await?;
    let open = settings.max_connections.div_ceil(2);
    let pool = unpinged(PgPoolOptions::new())
        .max_connections(settings.max_connections)
        .min_connections(open)
        .acquire_timeout(CONNECTION_DEADLINE)
        // Where Postgres was built with it: the other compression takes three times as long, for each application and email.
        .after_connect(|connection, _| {
            Box::pin(async move {
                let lz4 = "select set_config(name, 'lz4', false) from pg_settings
                           where name = 'default_toast_compression' and 'lz4' = any (enumvals)";
                connection.execute(lz4).await.map(drop)
            })
        })
        // A begin() cancelled half-way leaves an open transaction in the pool (sqlx 0.9.0), and the next
        // statement on that connection would be lost although it returned Ok.
        .after_release(|connection, _| {
            Box::pin(async move {
                // On a connection that died silently this would wait for ever, and keep its place in the pool.
                match tokio::time::timeout(CONNECTION_DEADLINE, roll_back(connection)).await {
                    Ok(done) => done.map(|()| true),
                    Err(_) => Err(sqlx::Error::Io(std::io::ErrorKind::TimedOut.into())),
                }
            })
        })
        .connect_lazy_with(options);
    // Opening a connection polls its future some eight hundred times, which takes seconds in a busy process, and the
    // request for which the pool grows would wait for it. So half of the connections are opened now: a lazy pool opens
    // `min_connections` only to replace idle ones that it has closed (sqlx 0.9.0).
    drop(join_all((0..open).map(|_| pool.acquire())).await);
    Ok(pool)
}

/// Ends the transaction that a connection may be in. Postgres would write a warning into its log for each `rollback`
/// without a transaction, which is nearly every one: hence the question.
async fn roll_back(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    let open = match connection.fetch_one(sqlx::raw_sql(IN_TRANSACTION)).await {
        Ok(row) => row.try_get(0)?,
        // The transaction has failed, and answers nothing but its end.
        Err(sqlx::Error::Database(_)) => true,
        Err(error) => return Err(error),
    };
    if open {
        connection.execute("rollback").await?;
    }
    Ok(())
}

/// Options of a pool that pings a connection only where it was idle for a while: a ping at each use would cost one more
/// round trip for every unit of work.
#[must_use]
pub fn unpinged(options: PgPoolOptions) -> PgPoolOptions {
    options.test_before_acquire(false).before_acquire(|connection, meta| {
        Box::pin(async move {
            if meta.idle_for < PING_AFTER {
                return Ok(true);
            }
            connection.ping().await.map(|()| true)
        })
    })
}

async fn wait_for(options: &PgConnectOptions) -> Result<(), StartError> {
    let mut attempts = 0_u32;
    loop {
        let problem = match tokio::time::timeout(CONNECTION_DEADLINE, options.connect()).await {
            Ok(Ok(connection)) => return connection.close().await.map_err(StartError::Database),
            Ok(Err(error)) if is_final(&error) => return Err(StartError::Database(error)),
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("no answer within {} seconds", CONNECTION_DEADLINE.as_secs()),
        };
        if attempts.is_multiple_of(5) {
            tracing::warn!(problem, "Postgres does not answer yet; trying again");
        }
        attempts += 1;
        pause(Duration::from_secs(1)).await;
    }
}

fn options(settings: &Database) -> Result<PgConnectOptions, StartError> {
    Ok(plain_options(settings)?
        .options([
            ("statement_timeout", "30s"),
            ("lock_timeout", "10s"),
            ("idle_in_transaction_session_timeout", "60s"),
            // The server notices dead clients within 20 seconds, and releases their locks.
            ("tcp_keepalives_idle", "10"),
            ("tcp_keepalives_interval", "3"),
            ("tcp_keepalives_count", "3"),
            // The bus writes values into the text of a statement.
            ("standard_conforming_strings", "on"),
        ])
        // The bus writes facts, with names and addresses, into the text of a statement. It logs slow units of work itself.
        .disable_statement_logging())
}

fn plain_options(settings: &Database) -> Result<PgConnectOptions, StartError> {
    let url = settings.url.expose_secret();
    // sqlx accepts any scheme.
    if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
        return Err(StartError::Usage(
            "[database] url: expected postgres://user:password@host/name".to_owned(),
        ));
    }
    PgConnectOptions::from_str(url).map_err(StartError::Database)
}

fn is_final(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Configuration(_) | sqlx::Error::Tls(_) => true,
        // 28: invalid authorization; 3D000: no such database. 57P03 (starting up) and 53300 (full) pass.
        sqlx::Error::Database(error) => {
            error.code().is_some_and(|code| code.starts_with("28") || code == "3D000")
        }
        _ => false,
    }
}

#[expect(clippy::disallowed_methods, reason = "back-off between attempts of a start")]
async fn pause(time: Duration) {
    tokio::time::sleep(time).await;
}

/// Runs the migrations that are missing, of all `migrators` together in the order of their versions. One process at a
/// time: the others poll for the lock, since waiting for it would block `create index concurrently` in the one that
/// runs.
///
/// # Errors
/// There is no connection; a migration failed, or was changed after it ran.
pub async fn migrate(settings: &Database, migrators: &[&Migrator]) -> Result<(), StartError> {
    let mut connection = plain_options(settings)?.connect().await.map_err(StartError::Database)?;
    loop {
        let locked: bool = sqlx::query_scalar("select pg_try_advisory_lock($1)")
            .bind(MIGRATION_LOCK)
            .fetch_one(&mut connection)
            .await
            .map_err(StartError::Database)?;
        if locked {
            break;
        }
        tracing::info!("another process migrates; waiting for it");
        pause(Duration::from_millis(200)).await;
    }
    // A newer release may have migrated further. Its schema works with this program, too, since migrations only add.
    let mut all = Migrator::with_migrations(all(migrators));
    all.set_ignore_missing(true).set_locking(false);
    let result = all.run_direct(None, &mut connection, false).await.map_err(StartError::Migration);
    // Closing the connection releases the lock.
    connection.close().await.map_err(StartError::Database)?;
    result
}

fn all(migrators: &[&Migrator]) -> Vec<sqlx::migrate::Migration> {
    migrators.iter().flat_map(|migrator| migrator.iter().cloned()).collect()
}

/// Refuses a schema that is older than this program or half migrated; a newer one is accepted.
///
/// # Errors
/// [`StartError::Schema`], or [`StartError::Migration`]; there is no connection.
pub async fn check_schema(pool: &PgPool, migrators: &[&Migrator]) -> Result<(), StartError> {
    let mut connection = pool.acquire().await.map_err(StartError::Database)?;
    check(&mut connection, migrators).await
}

async fn check(connection: &mut PgConnection, migrators: &[&Migrator]) -> Result<(), StartError> {
    let table = Migrator::DEFAULT.table_name;
    let exists: bool = sqlx::query_scalar("select to_regclass($1) is not null")
        .bind(table.as_ref())
        .fetch_one(&mut *connection)
        .await
        .map_err(StartError::Database)?;
    let mut applied = HashMap::new();
    if exists {
        if let Some(version) = connection.dirty_version(&table).await.map_err(StartError::Migration)? {
            return Err(StartError::Migration(MigrateError::Dirty(version)));
        }
        for migration in connection.list_applied_migrations(&table).await.map_err(StartError::Migration)? {
            applied.insert(migration.version, migration.checksum);
        }
    }
    let mut pending = Vec::new();
    for migration in all(migrators) {
        match applied.get(&migration.version) {
            None => pending.push(migration.version.to_string()),
            Some(checksum) if *checksum != migration.checksum => {
                return Err(StartError::Migration(MigrateError::VersionMismatch(migration.version)));
            }
            Some(_) => {}
        }
    }
    if pending.is_empty() { Ok(()) } else { Err(StartError::Schema(pending.join(", "))) }
}

/// The readiness check of Postgres. Returns the number of connections for operators.
pub async fn answers(pool: &PgPool) -> Result<String, String> {
    let free = format!("{} connections, {} idle", pool.size(), pool.num_idle());
    sqlx::query("select 1").execute(pool).await.map(|_| free).map_err(|error| error.to_string())
}
