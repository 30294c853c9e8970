//! [`PgTemplate`]: a migrated database that nobody changes, to be copied.

use std::path::Path;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::cache;
use super::client::{Client, Row, SqlError, quote_name, quote_text};
use super::database::PgDatabase;
use super::digest::Naming;
use super::files::{TemplateFiles, flush};
use super::migrations::Migrations;
use super::{Origin, Postgres, admin};
use crate::service::error::{Context, Error, Result};

/// Starts the names of templates; of no other database.
pub(super) const PREFIX: &str = "itest_template_";

/// Starts the name of the template in a cached data directory: whoever gets a copy of that lacks
/// the template's files, and must not find it by its own name.
const CACHED: &str = "itest_cached_";

/// Finds what a migration that is run again would find there: databases of somebody, roles and
/// tablespaces, and settings of all databases.
const NOT_FOR_NEXT: &str = "
    SELECT 1 FROM pg_database WHERE NOT datistemplate AND datname <> 'postgres'
    UNION ALL SELECT 1 FROM pg_authid WHERE oid >= 16384
    UNION ALL SELECT 1 FROM pg_tablespace WHERE oid >= 16384
    UNION ALL SELECT 1 FROM pg_db_role_setting WHERE setdatabase = 0
    UNION ALL SELECT 1 FROM pg_file_settings WHERE sourcefile LIKE '%.auto.conf'";

/// How long connections to a fresh template may take to end.
const LEAVE_LIMIT: Duration = Duration::from_secs(10);

/// A database that was migrated once: the built-in session fixture `pg_template`, from which
/// `pg_database` makes a copy for every test.
///
/// Its name comes from what it was made from, so what was migrated once is there in the next run
/// too: on a private server with the cached data directory, else on the server itself.
///
/// Override `pg_migrations` to say what it is made from; override `pg_template` to make it with
/// code, such as the migrations of an application:
///
/// ```
/// use itest::prelude::*;
/// use itest::service::postgres::{PgTemplate, Postgres};
///
/// # struct PgPool;
/// # impl PgPool {
/// #     async fn connect(_: &str) -> Result<Self> { Ok(PgPool) }
/// #     async fn close(&self) {}
/// # }
/// # async fn migrate(_: &PgPool) -> Result { Ok(()) }
/// #[fixture(scope = "session")]
/// async fn pg_template(postgres: &Postgres) -> Result<PgTemplate> {
///     // Migrated anew when something below `migrations` changes.
///     let template = postgres.template_by(&["migrations"], async |url: &str| -> Result {
///         let pool = PgPool::connect(url).await?;
///         migrate(&pool).await?; // `sqlx::migrate!().run(&pool)`
///         pool.close().await;
///         Ok(())
///     });
///     Ok(template.await?)
/// }
/// ```
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PgTemplate {
    pub(super) postgres: Postgres,
    name: String,
    /// `STRATEGY …`, where the server knows it.
    strategy: String,
    /// Where copies are made of files.
    files: Option<TemplateFiles>,
}

/// A template that is being made: while the connection lives, nobody else makes it.
struct Making {
    client: Client,
    template: PgTemplate,
    is_there: bool,
}

impl Postgres {
    /// The template of those migrations, made unless the server has it.
    ///
    /// # Errors
    /// When a migration fails, or the server or its user cannot have it made.
    pub async fn template(&self, migrations: &Migrations) -> Result<PgTemplate> {
        let (postgres, migrations) = (self.handle(), migrations.clone());
        blocking(move || {
            let mut digest = Naming::new();
            digest.update_framed(migrations.digest()?.as_bytes());
            let making = postgres.start_template(digest)?;
            if making.is_there {
                return making.found();
            }
            let mut client = admin::connect(&postgres, Some(&making.template.name))?;
            let migrated = migrations.run(&mut client);
            drop(client);
            making.finish(migrated)
        })
        .await
    }

    /// A template that `migrate` makes, which gets the URL of an empty database. It is made anew
    /// when one of the files changes, or one below the directories, that `sources` names, relative
    /// to the package's root.
    ///
    /// # Errors
    /// When `migrate` fails, a source cannot be read, or the server or its user cannot have it made.
    pub async fn template_by<E: Into<Box<dyn std::error::Error + Send + Sync>>>(
        &self,
        sources: &[&str],
        migrate: impl AsyncFnOnce(&str) -> std::result::Result<(), E>,
    ) -> Result<PgTemplate> {
        let mut digest = Naming::new();
        for source in sources {
            let path = crate::condition::package_path(source);
            digest.update_framed(source.as_bytes());
            add(&mut digest, &path)
                .context(|| format!("cannot read what a template is made from: `{source}`"))?;
        }
        let postgres = self.handle();
        let making = blocking(move || postgres.start_template(digest)).await?;
        if making.is_there {
            return blocking(move || making.found()).await;
        }
        let url = self.url_for(&making.template.name);
        let migrated = migrate(&url)
            .await
            .context(|| "the template's function failed".to_owned());
        blocking(move || making.finish(migrated)).await
    }

    /// Looks for the template; if it is not there, makes an empty database for it.
    fn start_template(&self, mut digest: Naming) -> Result<Making> {
        let mut client = admin::connect(self, None)?;
        let refused = |error| admin::explain(self, error);
        self.check_rights(&mut client)?;
        digest.update_framed(self.version.as_bytes());
        let template = PgTemplate {
            postgres: self.clone(),
            name: format!("{PREFIX}{}", digest.name()),
            strategy: strategy(&mut client, &self.origin).map_err(refused)?,
            files: None,
        };
        let name = &template.name;
        // Whoever makes it holds this lock; it is free when that connection ends, however. On a
        // private server it is one for all templates, since keeping one may drop others.
        let locked = match self.origin {
            Origin::Private { .. } => PREFIX,
            _ => name,
        };
        let lock = format!("SELECT pg_advisory_lock(hashtext({}))", quote_text(locked));
        client.query(&lock).map_err(refused)?;
        let is_there = match find(&mut client, name).map_err(refused)? {
            Some((complete, _)) => complete,
            None => self.take_from_cache(&mut client, name)?,
        };
        if !is_there && find(&mut client, name).map_err(refused)?.is_some() {
            // Somebody died over it.
            drop_template(&mut client, name).map_err(refused)?;
        }
        if !is_there {
            let create = format!("CREATE DATABASE {}", quote_name(name));
            client.query(&create).map_err(refused)?;
        }
        let used = format!(
            "COMMENT ON DATABASE {} IS 'used by {}'",
            quote_name(name),
            self.tag
        );
        client.query(&used).map_err(refused)?;
        Ok(Making {
            client,
            template,
            is_there,
        })
    }

    /// Gives a private server the template that came with its data, and whose files it lacks as
    /// long as nobody needs them; whether there is one.
    fn take_from_cache(&self, client: &mut Client, name: &str) -> Result<bool> {
        let Origin::Private {
            directory, cache, ..
        } = &self.origin
        else {
            return Ok(false);
        };
        let refused = |error| admin::explain(self, error);
        let cached = cached(name);
        let Some((true, number)) = find(client, &cached).map_err(refused)? else {
            return Ok(false);
        };
        if !cache::add_template(cache, &directory.join("data"), &number)? {
            return Ok(false);
        }
        rename(client, &cached, name).map_err(refused)?;
        Ok(true)
    }

    /// A user without the right would learn it from every test.
    fn check_rights(&self, client: &mut Client) -> Result<()> {
        let Origin::Given(variable) = &self.origin else {
            return Ok(());
        };
        let ask = "SELECT current_user, rolcreatedb OR rolsuper FROM pg_roles \
                   WHERE rolname = current_user";
        let rows = client
            .query(ask)
            .map_err(|error| admin::explain(self, error))?;
        match &rows.concat()[..] {
            [Some(user), Some(may)] if may == "f" => Err(Error::new(format!(
                "user `{user}` of {variable} may not create databases, and every test needs one: \
                 `ALTER ROLE {} CREATEDB`, or name another user or server",
                quote_name(user)
            ))),
            _ => Ok(()),
        }
    }
}

impl Making {
    /// The template that was there already.
    fn found(mut self) -> Result<PgTemplate> {
        if let Origin::Private { directory, .. } = &self.template.postgres.origin {
            let data = directory.join("data");
            self.template.files = TemplateFiles::find(&mut self.client, &data, &self.template.name)
                .map_err(|error| admin::explain(&self.template.postgres, error))?;
        }
        Ok(self.template)
    }

    /// Closes the template to everybody, or removes what there is of it.
    fn finish(mut self, migrated: Result<()>) -> Result<PgTemplate> {
        let name = &self.template.name;
        let closed = migrated.and_then(|()| {
            let postgres = &self.template.postgres;
            close(&mut self.client, name)
                .and_then(|()| match postgres.origin {
                    Origin::Private { .. } => flush(&mut self.client, name, &postgres.tag),
                    _ => Ok(()),
                })
                .map_err(|error| admin::explain(postgres, error))
        });
        if let Err(error) = closed {
            // What the migration said matters more than what this says.
            let _ = drop_template(&mut self.client, name);
            return Err(error);
        }
        if let Origin::Private {
            directory, cache, ..
        } = &self.template.postgres.origin
        {
            // The next run migrates it again if this does not work.
            let tag = &self.template.postgres.tag;
            let _ = keep(&mut self.client, name, tag, &directory.join("data"), cache);
        }
        self.found()
    }
}

impl PgTemplate {
    /// The server that has it.
    pub fn postgres(&self) -> &Postgres {
        &self.postgres
    }

    /// The template's own name, `itest_template_…`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A copy that is dropped some time after the value is.
    ///
    /// # Errors
    /// When the server is gone, or has no room.
    pub async fn create(&self) -> Result<PgDatabase> {
        self.create_for("").await
    }

    /// A copy whose name tells what it is for.
    pub(super) async fn create_for(&self, label: &str) -> Result<PgDatabase> {
        let (template, label) = (self.clone(), label.to_owned());
        blocking(move || template.create_now(&label)).await
    }

    /// A copy that can be read only, unless a session says otherwise: for many tests at once.
    ///
    /// # Errors
    /// As [`create`](Self::create).
    pub async fn create_read_only(&self) -> Result<PgDatabase> {
        let template = self.clone();
        blocking(move || {
            let database = template.create_now("read_only")?;
            let name = quote_name(database.name());
            let sql = format!("ALTER DATABASE {name} SET default_transaction_read_only = on");
            admin::with(&template.postgres, |client| client.query(&sql).map(drop))?;
            Ok(database)
        })
        .await
    }

    fn create_now(&self, label: &str) -> Result<PgDatabase> {
        let name = admin::with(&self.postgres, |client| {
            let name = self.postgres.database_name(label);
            if let Some(files) = &self.files
                && files.create(client, &name)?
            {
                return Ok(name);
            }
            client.query(&format!(
                "CREATE DATABASE {} TEMPLATE {} {}",
                quote_name(&name),
                quote_name(&self.name),
                self.strategy
            ))?;
            Ok(name)
        })?;
        Ok(PgDatabase::new(&self.postgres, name))
    }
}

/// Runs what waits for the server where it holds nobody up.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(panicked) => {
            Err(Error::new("itest bug: work for PostgreSQL panicked").caused_by(panicked))
        }
    }
}

/// Copying files is fastest where nothing is made durable, and slowest where everything is.
fn strategy(client: &mut Client, origin: &Origin) -> Result<String, SqlError> {
    if client.major() < 15 {
        return Ok(String::new());
    }
    let durable = match origin {
        Origin::Private { .. } | Origin::Container(_) => false,
        Origin::Given(_) => client.query_one("SHOW fsync")?.as_deref() != Some("off"),
    };
    Ok(match durable {
        true => "STRATEGY WAL_LOG".to_owned(),
        false => "STRATEGY FILE_COPY".to_owned(),
    })
}

/// Whether the template is complete, and its number; `None` if there is none.
fn find(client: &mut Client, name: &str) -> Result<Option<(bool, String)>, SqlError> {
    let sql = format!(
        "SELECT datistemplate AND NOT datallowconn, oid FROM pg_database WHERE datname = {}",
        quote_text(name)
    );
    Ok(match &client.query(&sql)?.concat()[..] {
        [Some(complete), Some(number)] => Some((complete == "t", number.clone())),
        _ => None,
    })
}

/// Nobody can connect any more: a copy of a database that is in use fails, after five seconds.
fn close(client: &mut Client, name: &str) -> Result<(), SqlError> {
    let quoted = quote_name(name);
    client.query(&format!("ALTER DATABASE {quoted} ALLOW_CONNECTIONS false"))?;
    let end = format!(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = {}",
        quote_text(name)
    );
    let start = Instant::now();
    while !client.query(&end)?.is_empty() {
        if start.elapsed() > LEAVE_LIMIT {
            return Err(SqlError::Unexpected(format!(
                "connections to the template `{name}` do not end"
            )));
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    client.query(&format!("ALTER DATABASE {quoted} IS_TEMPLATE true"))?;
    Ok(())
}

fn drop_template(client: &mut Client, name: &str) -> Result<Vec<Row>, SqlError> {
    let quoted = quote_name(name);
    client.query(&format!("ALTER DATABASE {quoted} IS_TEMPLATE false"))?;
    let force = match client.major() {
        ..13 => "",
        _ => " WITH (FORCE)",
    };
    client.query(&format!("DROP DATABASE IF EXISTS {quoted}{force}"))
}

/// Makes the server's data, with the template in it, the cached data directory. Of several
/// templates of a run, one is kept.
///
/// A running server's files are a consistent whole after a checkpoint as long as nothing was
/// logged since: a server that starts on them finds what a crash at that moment would have left.
fn keep(client: &mut Client, name: &str, tag: &str, data: &Path, cache: &Path) -> Result<()> {
    let failed = |error: SqlError| Error::new("cannot keep the template").caused_by(error);
    let others = format!(
        "SELECT datname, shobj_description(oid, 'pg_database') = 'used by {tag}' FROM pg_database \
         WHERE datname ~ '^({PREFIX}|{CACHED})' AND datname <> {}",
        quote_text(name)
    );
    let others = client.query(&others).map_err(failed)?;
    if others.iter().any(|row| row[1].as_deref() == Some("t")) {
        return Ok(());
    }
    for other in others.into_iter().filter_map(|row| row.into_iter().next()?) {
        drop_template(client, &other).map_err(failed)?;
    }
    let Some((true, number)) = find(client, name).map_err(failed)? else {
        return Ok(());
    };
    if !client.query(NOT_FOR_NEXT).map_err(failed)?.is_empty() {
        return Ok(());
    }
    let place = "SELECT pg_current_wal_insert_lsn()";
    let cached = cached(name);
    rename(client, name, &cached).map_err(failed)?;
    client.query("CHECKPOINT").map_err(failed)?;
    let before = client.query_one(place).map_err(failed)?;
    let replaced = cache::replace(cache, data, &number, || {
        Ok(client.query_one(place).map_err(failed)? == before)
    });
    rename(client, &cached, name).map_err(failed)?;
    replaced
}

fn cached(name: &str) -> String {
    name.replacen(PREFIX, CACHED, 1)
}

fn rename(client: &mut Client, from: &str, to: &str) -> Result<(), SqlError> {
    let (from, to) = (quote_name(from), quote_name(to));
    client.query(&format!("ALTER DATABASE {from} RENAME TO {to}"))?;
    Ok(())
}

/// All that is in a file, or below a directory.
fn add(digest: &mut Naming, path: &Path) -> std::io::Result<()> {
    if !path.is_dir() {
        digest.update_framed(&std::fs::read(path)?);
        return Ok(());
    }
    let entries: std::io::Result<Vec<_>> = path.read_dir()?.collect();
    let mut paths: Vec<_> = entries?.into_iter().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        digest.update_framed(path.file_name().unwrap_or_default().as_encoded_bytes());
        add(digest, &path)?;
    }
    Ok(())
}
