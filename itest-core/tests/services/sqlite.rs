//! SQLite: copies of a template, without any driver.

use std::path::Path;

use itest::prelude::*;
use itest::service::SqliteDatabase;
use itest::service::sqlite::SqliteTemplate;

mod empty {
    use super::*;

    /// An empty file is an empty database.
    #[integration]
    fn the_built_in_template_is_empty(sqlite_database: &SqliteDatabase) -> Result {
        assert_eq!(std::fs::read(sqlite_database.path())?, b"");
        Ok(())
    }
}

mod filled {
    use super::*;

    #[fixture(scope = "session")]
    async fn sqlite_template() -> Result<SqliteTemplate> {
        let fill = async |file: &Path| std::fs::write(file, "all that there is");
        Ok(SqliteTemplate::build(fill).await?)
    }

    macro_rules! alone {
        ($($name:ident)*) => { $(
            #[integration]
            fn $name(sqlite_database: &SqliteDatabase, sqlite_template: &SqliteTemplate) -> Result {
                let path = sqlite_database.path();
                assert_eq!(sqlite_database.url(), format!("sqlite:{}", path.display()));
                assert_eq!(std::fs::read(path)?, sqlite_template.bytes()?);
                std::fs::write(path, "changed")?;
                assert_eq!(sqlite_template.bytes()?, b"all that there is");
                Ok(())
            }
        )* };
    }

    alone!(one two three);
}

#[integration]
async fn a_template_that_is_still_open_is_refused() {
    let fill = async |file: &Path| std::fs::write(format!("{}-wal", file.display()), "rows");
    let error = SqliteTemplate::build(fill).await.unwrap_err().to_string();
    assert!(error.contains("the template is still open"), "{error}");
}

#[integration]
fn copies_go_with_their_values(sqlite_template: &SqliteTemplate) -> Result {
    let database = sqlite_template.create()?;
    let path = database.path().to_owned();
    std::fs::write(format!("{}-wal", path.display()), "rows")?;
    drop(database);
    assert!(!path.exists() && !Path::new(&format!("{}-wal", path.display())).exists());
    Ok(())
}
