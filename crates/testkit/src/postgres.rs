use local::tools::{PostgresPrograms, Search};

use crate::environment;

/// The Postgres of this run as programs, for a test that needs a server of its own to break.
pub async fn postgres_programs() -> PostgresPrograms {
    let search = Search::new(environment::get(environment::TOOLS));
    search.postgres(None, &|_| {}).await.expect("a Postgres")
}
