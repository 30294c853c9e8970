//! The schema's history, one list for each backend, compiled in from `migrations/`.

use sqlx::SqlStr;
use sqlx::migrate::{Migration, MigrationType, Migrator};

use super::Backend;

/// Version, description, SQL. (`sqlx::migrate!` would do the same with a proc macro.)
type Step = (i64, &'static str, &'static str);

macro_rules! steps {
    ($backend:literal: $($version:literal $name:literal),+ $(,)?) => {
        &[$((
            $version,
            $name,
            include_str!(concat!("../../migrations/", $backend, "/000", $version, "_", $name, ".sql")),
        )),+]
    };
}

const SQLITE: &[Step] = steps!("sqlite": 1 "users_and_resources", 2 "profiles");
const POSTGRES: &[Step] = steps!("postgres": 1 "users_and_resources", 2 "profiles");

/// What brings a database of this kind up to date.
pub(super) fn migrator(backend: Backend) -> Migrator {
    let steps = match backend {
        Backend::Sqlite => SQLITE,
        Backend::Postgres => POSTGRES,
    };
    let migration = |&(version, name, sql): &Step| {
        Migration::new(
            version,
            name.into(),
            MigrationType::Simple,
            SqlStr::from_static(sql),
            false,
        )
    };
    Migrator::with_migrations(steps.iter().map(migration).collect())
}
