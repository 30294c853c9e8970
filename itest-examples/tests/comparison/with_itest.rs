//! The same tests as in `with_sqlx.rs`, by itest. Needs nothing: the server is started for the run.

use itest::prelude::*;
use itest::service::PgDatabase;
use itest::service::postgres::{PgTemplate, Postgres};
use itest_examples::Error;
use itest_examples::api::{AppState, ErrorResponse, Server};
use itest_examples::database::Database;
use itest_examples::model::{NewResource, NewUser, Resource, User};
use reqwest::{Client, Response, StatusCode};
use serde_json::{Value, json};

itest::main!();

/// Migrated once; every test gets a copy.
#[fixture(scope = "session", timeout = "60s")]
async fn pg_template(postgres: &Postgres) -> Result<PgTemplate> {
    let migrate = async |url: &str| -> Result {
        let db = Database::connect(url).await?;
        db.migrate().await?;
        db.close().await;
        Ok(())
    };
    let files = ["migrations/postgres"];
    Ok(postgres.template_by(&files, migrate).await?)
}

#[fixture]
async fn db(pg_database: &PgDatabase) -> Result<Database> {
    let db = provide!(Database::connect(pg_database.url()).await?);
    db.close().await;
}

/// A server and its client.
struct Api {
    server: Server,
    http: Client,
}

/// Stopped whatever the test does.
#[fixture]
async fn api(db: &Database) -> Result<Api> {
    let server = Server::start(AppState::new(db.clone())).await?;
    let http = Client::builder().no_proxy().build()?;
    let api = provide!(Api { server, http });
    api.server.stop().await?;
}

impl Api {
    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.server.url())
    }

    async fn get(&self, path: &str) -> Result<Response> {
        Ok(self.http.get(self.url(path)).send().await?)
    }

    async fn post(&self, path: &str, body: &Value) -> Result<Response> {
        Ok(self.http.post(self.url(path)).json(body).send().await?)
    }
}

#[integration]
async fn an_error_undoes_everything(db: &Database) -> Result {
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
    Ok(())
}

#[integration]
async fn one_that_is_dropped_leaves_nothing(db: &Database) -> Result {
    let mut tx = db.begin().await?;
    let user = NewUser::new("test", "test@example.com");
    tx.users().create(&user).await?;
    drop(tx);
    assert_eq!(db.users().count().await?, 0);
    Ok(())
}

#[integration]
async fn children_go_with_their_parent(db: &Database) -> Result {
    let parent = NewUser::new("parent", "parent@example.com");
    let parent = db.users().create(&parent).await?;
    let child = NewResource::new("child", 1).owned_by(parent.id);
    db.resources().create(&child).await?;
    db.users().delete(parent.id).await?;
    assert_eq!(db.resources().all().await?, []);
    Ok(())
}

#[integration]
async fn a_child_needs_a_parent(db: &Database) -> Result {
    let child = NewResource::new("child", 1).owned_by(99);
    let outcome = db.resources().create(&child).await;
    assert!(
        matches!(outcome, Err(Error::MissingReference(_))),
        "{outcome:?}"
    );
    Ok(())
}

#[integration]
async fn the_first_is_alone(db: &Database) -> Result {
    becomes_user_one(db).await
}

#[integration]
async fn the_second_is_alone(db: &Database) -> Result {
    becomes_user_one(db).await
}

async fn becomes_user_one(db: &Database) -> Result {
    let user = NewUser::new("test", "test@example.com");
    assert_eq!(db.users().create(&user).await?.id, 1);
    Ok(())
}

#[integration]
async fn a_resource_from_creation_to_deletion(api: &Api) -> Result {
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
    Ok(())
}

#[integration]
async fn a_user_takes_owned_resources_along(api: &Api, db: &Database) -> Result {
    let ada = json!({"name": "Ada", "email": "ada@example.com"});
    let ada: User = api.post("/api/users", &ada).await?.json().await?;
    let engine = json!({"name": "engine", "value": 1843, "owner_id": ada.id});
    api.post("/api/resources", &engine).await?;
    let path = format!("/api/users/{}", ada.id);
    api.http.delete(api.url(&path)).send().await?;
    assert!(db.resources().all().await?.is_empty());
    Ok(())
}

#[integration]
async fn every_broken_rule_is_reported_at_once(api: &Api) -> Result {
    let user = json!({"name": "", "email": "nobody"});
    let response = api.post("/api/users", &user).await?;
    assert_eq!(response.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let body: ErrorResponse = response.json().await?;
    let fields: Vec<_> = body.error.fields.iter().map(|e| &*e.field).collect();
    assert_eq!(fields, ["name", "email"]);
    Ok(())
}

#[integration]
async fn an_email_address_is_taken_once(api: &Api) -> Result {
    let ada = json!({"name": "Ada", "email": "ada@example.com"});
    api.post("/api/users", &ada).await?.error_for_status()?;
    let again = json!({"name": "Another", "email": "ADA@example.com"});
    let response = api.post("/api/users", &again).await?;
    assert_eq!(response.status(), StatusCode::CONFLICT);
    Ok(())
}

#[integration]
async fn what_does_not_exist_is_not_found(api: &Api) -> Result {
    for path in ["/api/users/1", "/api/resources/1", "/no/such/path"] {
        assert_eq!(
            api.get(path).await?.status(),
            StatusCode::NOT_FOUND,
            "{path}"
        );
    }
    Ok(())
}

#[integration]
async fn a_lost_database_is_unavailable(api: &Api, db: &Database) -> Result {
    assert_eq!(api.get("/health").await?.status(), StatusCode::OK);
    db.close().await;
    let status = api.get("/health").await?.status();
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    Ok(())
}
