use std::hash::{DefaultHasher, Hash, Hasher};

use sqlx::migrate::Migrator;
use sqlx::{AssertSqlSafe, Connection, PgConnection, PgPool};

use crate::environment;

/// A migrated database that no other test sees.
#[derive(Clone, Debug)]
pub struct TestDatabase {
    pub url: String,
    /// A pool with the settings of a service.
    pub pool: PgPool,
}

/// A new database for `service`, with these migrations: a copy of a template that the first
/// test of the run makes.
pub async fn database(service: &str, migrators: &[&Migrator]) -> TestDatabase {
    let admin_url = environment::get(environment::POSTGRES);
    let mut admin = PgConnection::connect(&admin_url).await.expect("the Postgres of this run answers");
    let mut hasher = DefaultHasher::new();
    for migration in migrators.iter().flat_map(|migrator| migrator.iter()) {
        (migration.version, &migration.checksum).hash(&mut hasher);
    }
    let template = format!("template_{service}_{:016x}", hasher.finish());

    // Only one test makes a template; the others wait for its lock.
    sqlx::query("select pg_advisory_lock(hashtext($1))")
        .bind(&template)
        .execute(&mut admin)
        .await
        .expect("an advisory lock");
    let ready: bool =
        sqlx::query_scalar("select exists(select 1 from pg_database where datname = $1 and datistemplate)")
            .bind(&template)
            .fetch_one(&mut admin)
            .await
            .expect("the list of databases");
    if !ready {
        run(&mut admin, format!("drop database if exists {template}")).await;
        run(&mut admin, format!("create database {template}")).await;
        let settings = chassis::settings::Database::at(with_database(&admin_url, &template));
        chassis::database::migrate(&settings, migrators).await.expect("the migrations run");
        run(&mut admin, format!("alter database {template} with is_template true")).await;
    }
    let name = format!("{service}_{:016x}", rand::random::<u64>());
    run(&mut admin, format!("create database {name} template {template}")).await;
    // The end of the session releases the lock.
    admin.close().await.expect("an orderly end");

    let url = with_database(&admin_url, &name);
    let pool = chassis::database::connect(&chassis::settings::Database::at(&url))
        .await
        .expect("the new database answers");
    TestDatabase { url, pool }
}

async fn run(admin: &mut PgConnection, statement: String) {
    sqlx::query(AssertSqlSafe(statement.clone()))
        .execute(admin)
        .await
        .unwrap_or_else(|error| panic!("{statement}: {error}"));
}

fn with_database(url: &str, database: &str) -> String {
    let (server, _) = url.rsplit_once('/').expect("an address names a database");
    format!("{server}/{database}")
}
