//! The backends against each other.

use super::Database;
use crate::model::{NewResource, NewUser, Profile, ResourcePatch, Summary};
use crate::{Error, Result};

/// The same story on every backend that is at hand; `TEST_DATABASE_URL` adds an empty PostgreSQL database.
#[tokio::test]
async fn every_backend_behaves_the_same() -> Result<(), Box<dyn std::error::Error>> {
    let dir = std::env::temp_dir().join(format!("itest examples #{}%20?", std::process::id()));
    std::fs::create_dir(&dir)?;
    let mut databases = vec![
        Database::in_memory().await?,
        Database::open(dir.join("app.db")).await?,
    ];
    if let Ok(url) = std::env::var("TEST_DATABASE_URL") {
        let db = Database::connect(&url).await?;
        db.migrate().await?;
        databases.push(db);
    }
    for db in &databases {
        story(db)
            .await
            .map_err(|error| format!("{:?}: {}", db.backend(), crate::error::chain(&error)))?;
        db.close().await;
    }
    std::fs::remove_dir_all(dir)?;
    Ok(())
}

async fn story(db: &Database) -> Result<()> {
    db.migrate().await?; // a second time: nothing to do
    db.truncate_all().await?;

    let profile = Profile {
        display_name: "Ada".into(),
        location: None,
        bio: Some("first".into()),
    };
    let ada = db
        .users()
        .create(&NewUser::new("Ada", "ADA@example.com").with_profile(profile.clone()))
        .await?;
    assert_eq!(
        (ada.id, ada.email.as_str(), ada.profile.as_ref()),
        (1, "ada@example.com", Some(&profile))
    );
    assert!(ada.created_at > 1_700_000_000);
    assert_eq!(db.users().get(ada.id).await?, ada);
    assert_eq!(
        db.users().find_by_email("Ada@Example.com").await?,
        Some(ada.clone())
    );
    assert!(matches!(
        db.users()
            .create(&NewUser::new("x", "ada@example.com"))
            .await,
        Err(Error::Conflict(_))
    ));
    assert!(matches!(
        db.users().get(99).await,
        Err(Error::NotFound {
            entity: "user",
            id: 99
        })
    ));

    let thing = db
        .resources()
        .create(&NewResource::new("thing", 42).owned_by(ada.id))
        .await?;
    let shared = db
        .resources()
        .create(&NewResource::new("shared", 8))
        .await?;
    assert!(matches!(
        db.resources()
            .create(&NewResource::new("lost", 1).owned_by(99))
            .await,
        Err(Error::MissingReference(_))
    ));
    let patch = ResourcePatch {
        value: Some(100),
        ..Default::default()
    };
    let patched = db.resources().update(thing.id, &patch).await?;
    assert_eq!((patched.name.as_str(), patched.value), ("thing", 100));
    assert_eq!(db.resources().owned_by(ada.id).await?, [patched]);
    assert_eq!(
        db.resources().summary().await?,
        Summary {
            count: 2,
            total: 108,
            largest: 100
        }
    );

    // A failed write leaves the transaction usable, and the commit keeps the rest.
    let mut tx = db.begin().await?;
    tx.users()
        .create(&NewUser::new("Bob", "bob@example.com"))
        .await?;
    assert!(
        tx.users()
            .create(&NewUser::new("Bob", "bob@example.com"))
            .await
            .is_err()
    );
    assert_eq!(tx.users().count().await?, 2);
    tx.commit().await?;
    assert_eq!(db.users().count().await?, 2);

    // One that is dropped leaves nothing.
    let mut tx = db.begin().await?;
    tx.users().delete(ada.id).await?;
    drop(tx);
    assert_eq!(db.users().count().await?, 2);

    db.users().delete(ada.id).await?;
    assert_eq!(db.resources().all().await?, [shared]);
    assert!(matches!(
        db.users().delete(ada.id).await,
        Err(Error::NotFound { .. })
    ));
    db.truncate_all().await?;
    assert_eq!(
        db.resources().summary().await?,
        Summary {
            count: 0,
            total: 0,
            largest: 0
        }
    );

    db.seed_from_fixtures(itest::data::path("tests/data/test_fixtures.sql"))
        .await?;
    assert_eq!(
        (
            db.users().count().await?,
            db.resources().summary().await?.count
        ),
        (2, 4)
    );
    let data = itest::data!("tests/data/integration_test_data.json");
    let users = db.seed(&data).await?;
    assert_eq!(
        (
            users[0].id,
            db.resources().owned_by(users[0].id).await?.len()
        ),
        (3, 2)
    );
    db.truncate_all().await?;
    db.seed_large_dataset(1000).await?;
    assert_eq!(db.resources().summary().await?.total, 500_500);
    Ok(())
}

#[tokio::test]
async fn unknown_scheme_is_refused() {
    let error = Database::connect("mysql://localhost").await.unwrap_err();
    assert!(matches!(error, Error::UnsupportedUrl { scheme } if scheme == "mysql"));
}
