use local::tools::{PostgresPrograms, Search};

use crate::environment;

/// The programs of the Postgres of this test run, for a test that needs a server of its own.
pub async fn postgres_programs() -> PostgresPrograms {
    let search = Search::new(environment::get(environment::TOOLS));
    search.postgres(None, &|_| {}).await.expect("a Postgres")
}
