//! `sql-data --check | --update`: makes the offline data of `sqlx::query!` anew on an empty,
//! migrated database per crate, and compares them with those in the repository, or writes them there. Run it by
//! `tests/sql`, which gives it a Postgres.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use testkit::environment;

const CRATES: [&str; 8] =
    ["bus", "pages", "host", "intake", "eligibility", "review", "award", "notification"];

#[tokio::main]
async fn main() -> ExitCode {
    let update = match std::env::args().nth(1).as_deref() {
        Some("--check") => false,
        Some("--update") => true,
        _ => {
            eprintln!("usage: tests/sql --check | --update");
            return ExitCode::FAILURE;
        }
    };
    match run(update).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(update: bool) -> Result<()> {
    let admin_url = environment::get(environment::POSTGRES);
    let (server, _) = admin_url.rsplit_once('/').context("the address names a database")?;
    let mut admin = PgConnection::connect(&admin_url).await?;
    let mut check = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    check.args(["check", "--quiet", "--workspace", "--all-targets"]).env("SQLX_OFFLINE", "false");
    let fresh = tempfile::tempdir()?;
    check.env("SQLX_OFFLINE_DIR", fresh.path());
    for name in CRATES {
        let database = format!("sql_data_{name}");
        sqlx::query(AssertSqlSafe(format!("create database {database}"))).execute(&mut admin).await?;
        let url = format!("{server}/{database}");
        migrate(&url, name).await.with_context(|| format!("cannot migrate for {name}"))?;
        check.env(format!("{}_DATABASE_URL", name.to_uppercase()), url);
        touch(&PathBuf::from(format!("crates/{name}/src/lib.rs")))?;
    }
    if !check.status().context("cannot run cargo")?.success() {
        bail!("a query does not fit the migrations");
    }

    let made = files(fresh.path())?;
    let mut kept = BTreeMap::new();
    for name in CRATES {
        kept.extend(files(&folder(name))?);
    }
    if !update {
        let stale: Vec<&String> = made
            .iter()
            .filter(|(name, content)| kept.get(*name) != Some(content))
            .map(|(name, _)| name)
            .chain(kept.keys().filter(|name| !made.contains_key(*name)))
            .collect();
        if !stale.is_empty() {
            bail!(
                "the offline query data are stale ({} files, e.g. {}): run `tests/sql --update`",
                stale.len(),
                stale[0]
            );
        }
        println!("{} queries, all as checked in", made.len());
        return Ok(());
    }
    // Each query belongs to the crate whose source has its text.
    for name in CRATES {
        let folder = folder(name);
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        fs::create_dir_all(&folder)?;
        let source = source(&PathBuf::from(format!("crates/{name}/src")))?;
        for (file, content) in &made {
            let query: serde_json::Value = serde_json::from_str(content)?;
            let text = query["query"].as_str().unwrap_or_default();
            if source.contains(&squeeze(text)) {
                fs::write(folder.join(file), content)?;
            }
        }
    }
    println!("{} queries written", made.len());
    Ok(())
}

async fn migrate(url: &str, name: &str) -> Result<()> {
    let mut connection = PgConnection::connect(url).await?;
    // The table of kept forms is in the migrations of the bus.
    let folders = match name {
        "bus" | "pages" => vec!["bus"],
        // Its tables are the same in several services; eligibility has all of them.
        "host" => vec!["bus", "eligibility"],
        service => vec!["bus", service],
    };
    for folder in folders {
        let folder = format!("migrations/{folder}");
        let migrator = sqlx::migrate::Migrator::new(Path::new(&folder)).await?;
        for migration in migrator.iter() {
            sqlx::raw_sql(AssertSqlSafe(migration.sql.as_str().to_owned()))
                .execute(&mut connection)
                .await
                .with_context(|| format!("{folder}/{}", migration.version))?;
        }
    }
    Ok(())
}

fn folder(name: &str) -> PathBuf {
    PathBuf::from(format!("crates/{name}/.sqlx"))
}

/// Makes cargo compile the file again, and so check its queries.
fn touch(file: &Path) -> Result<()> {
    fs::File::options().append(true).open(file)?.set_modified(std::time::SystemTime::now())?;
    Ok(())
}

fn files(folder: &Path) -> Result<BTreeMap<String, String>> {
    let mut found = BTreeMap::new();
    if folder.exists() {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            found.insert(entry.file_name().to_string_lossy().into_owned(), fs::read_to_string(entry.path())?);
        }
    }
    Ok(found)
}

/// All Rust source below a folder, without white space and backslashes.
fn source(folder: &Path) -> Result<String> {
    let mut all = String::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            all += &source(&path)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            all += &squeeze(&fs::read_to_string(&path)?);
        }
    }
    Ok(all)
}

fn squeeze(text: &str) -> String {
    text.chars().filter(|character| !character.is_whitespace() && *character != '\\').collect()
}
