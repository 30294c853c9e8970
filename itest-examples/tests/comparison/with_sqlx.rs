//! The same tests as in `with_itest.rs`, by `#[sqlx::test]`: what is there without itest.
//!
//! Needs a server, which somebody starts and stops, and its URL in `DATABASE_URL`.

use itest_examples::Error;
use itest_examples::api::{AppState, ErrorResponse, Server};
use itest_examples::database::Database;
use itest_examples::model::{NewResource, NewUser, Resource, User};
use reqwest::{Client, Response, StatusCode};
use serde_json::{Value, json};
use sqlx::{ConnectOptions, PgPool};

type Result<T = (), E = Box<dyn std::error::Error>> = std::result::Result<T, E>;

/// The application has a pool of its own.
async fn database(pool: &PgPool) -> Result<Database> {
    let url = pool.connect_options().to_url_lossy();
    Ok(Database::connect(url.as_str()).await?)
}

/// A server, its client, and what both stand on. Every test must stop it, also when it fails:
/// those that forget, or return early, leave it to the end of the process.
struct Api {
    db: Database,
    server: Server,
    http: Client,
}

impl Api {
    async fn start(pool: &PgPool) -> Result<Self> {
        let db = database(pool).await?;
        let server = Server::start(AppState::new(db.clone())).await?;
        let http = Client::builder().no_proxy().build()?;
        Ok(Self { db, server, http })
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.server.url())
    }

    async fn get(&self, path: &str) -> Result<Response> {
        Ok(self.http.get(self.url(path)).send().await?)
    }

    async fn post(&self, path: &str, body: &Value) -> Result<Response> {
        Ok(self.http.post(self.url(path)).json(body).send().await?)
    }

    async fn stop(self) -> Result {
        self.server.stop().await?;
        self.db.close().await;
        Ok(())
    }
}

#[sqlx::test(migrations = "migrations/postgres")]
async fn an_error_undoes_everything(pool: PgPool) -> Result {
    let db = database(&pool).await?;
    let outcome = db
        .transaction(async |tx| {
            let user = NewUser::new("test", "test@example.com");
            let user = tx.users().create(&user).await?;
            let duplicate = NewUser::new("duplicate", "other@example.com").with_id(user.id);
            tx.users().create(&duplicate).await
        })
        .await;
    assert!(matches!(outcome, Err(Error::Conflict(_))), "{outcome:?}");
    assert_eq!(db.users().all().await?, []);
    db.close().await;
    Ok(())
}

#[sqlx::test(migrations = "migrations/postgres")]
async fn one_that_is_dropped_leaves_nothing(pool: PgPool) -> Result {
    let db = database(&pool).await?;
    let mut tx = db.begin().await?;
    let user = NewUser::new("test", "test@example.com");
    tx.users().create(&user).await?;
    drop(tx);
    assert_eq!(db.users().count().await?, 0);
    db.close().await;
    Ok(())
}

#[sqlx::test(migrations = "migrations/postgres")]
async fn children_go_with_their_parent(pool: PgPool) -> Result {
    let db = database(&pool).await?;
    let parent = NewUser::new("parent", "parent@example.com");
    let parent = db.users().create(&parent).await?;
    let child = NewResource::new("child", 1).owned_by(parent.id);
    db.resources().create(&child).await?;
    db.users().delete(parent.id).await?;
    assert_eq!(db.resources().all().await?, []);
    db.close().await;
    Ok(())
}

#[sqlx::test(migrations = "migrations/postgres")]
async fn a_child_needs_a_parent(pool: PgPool) -> Result {
    let db = database(&pool).await?;
    let child = NewResource::new("child", 1).owned_by(99);
    let outcome = db.resources().create(&child).await;
    assert!(
        matches!(outcome, Err(Error::MissingReference(_))),
        "{outcome:?}"
    );
    db.close().await;
    Ok(())
}

#[sqlx::test(migrations = "migrations/postgres")]
async fn the_first_is_alone(pool: PgPool) -> Result {
    becomes_user_one(&pool).await
}

#[sqlx::test(migrations = "migrations/postgres")]
async fn the_second_is_alone(pool: PgPool) -> Result {
    becomes_user_one(&pool).await
}

async fn becomes_user_one(pool: &PgPool) -> Result {
    let db = database(pool).await?;
    let user = NewUser::new("test", "test@example.com");
    assert_eq!(db.users().create(&user).await?.id, 1);
    db.close().await;
    Ok(())
}

#[sqlx::test(migrations = "migrations/postgres")]
async fn a_resource_from_creation_to_deletion(pool: PgPool) -> Result {
    let api = Api::start(&pool).await?;
    let thing = json!({"name": "test", "value": 42});
    let response = api.post("/api/resources", &thing).await?;
    assert_eq!(response.status(), StatusCode::CREATED);
    let created: Resource = response.json().await?;
    let path = format!("/api/resources/{}", created.id);
    let read: Resource = api.get(&path).await?.json().await?;
    assert_eq!(read, created);
    let response = api.http.delete(api.url(&path)).send().await?;
    assert_eq!(response.status(), StatusCode::NO_CONTENT);
    assert_eq!(api.get(&path).await?.status(), StatusCode::NOT_FOUND);
    api.stop().await
}

#[sqlx::test(migrations = "migrations/postgres")]
async fn a_user_takes_owned_resources_along(pool: PgPool) -> Result {
    let api = Api::start(&pool).await?;
    let ada = json!({"name": "Ada", "email": "ada@example.com"});
    let ada: User = api.post("/api/users", &ada).await?.json().await?;
    let engine = json!({"name": "engine", "value": 1843, "owner_id": ada.id});
    api.post("/api/resources", &engine).await?;
    let path = format!("/api/users/{}", ada.id);
    api.http.delete(api.url(&path)).send().await?;
    assert!(api.db.resources().all().await?.is_empty());
    api.stop().await
}

#[sqlx::test(migrations = "migrations/postgres")]
async fn every_broken_rule_is_reported_at_once(pool: PgPool) -> Result {
    let api = Api::start(&pool).await?;
    let user = json!({"name": "", "email": "nobody"});
    let response = api.post("/api/users", &user).await?;
    assert_eq!(response.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let body: ErrorResponse = response.json().await?;
    let fields: Vec<_> = body.error.fields.iter().map(|e| &*e.field).collect();
    assert_eq!(fields, ["name", "email"]);
    api.stop().await
}

#[sqlx::test(migrations = "migrations/postgres")]
async fn an_email_address_is_taken_once(pool: PgPool) -> Result {
    let api = Api::start(&pool).await?;
    let ada = json!({"name": "Ada", "email": "ada@example.com"});
    api.post("/api/users", &ada).await?.error_for_status()?;
    let again = json!({"name": "Another", "email": "ADA@example.com"});
    let response = api.post("/api/users", &again).await?;
    assert_eq!(response.status(), StatusCode::CONFLICT);
    api.stop().await
}

#[sqlx::test(migrations = "migrations/postgres")]
async fn what_does_not_exist_is_not_found(pool: PgPool) -> Result {
    let api = Api::start(&pool).await?;
    for path in ["/api/users/1", "/api/resources/1", "/no/such/path"] {
        assert_eq!(
            api.get(path).await?.status(),
            StatusCode::NOT_FOUND,
            "{path}"
        );
    }
    api.stop().await
}

#[sqlx::test(migrations = "migrations/postgres")]
async fn a_lost_database_is_unavailable(pool: PgPool) -> Result {
    let api = Api::start(&pool).await?;
    assert_eq!(api.get("/health").await?.status(), StatusCode::OK);
    api.db.close().await;
    let status = api.get("/health").await?.status();
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    api.stop().await
}
