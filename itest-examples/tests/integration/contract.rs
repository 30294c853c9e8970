//! What clients may rely on: schemas, and versions that stay compatible.

use itest::contract::{Schema, assert_compatible, check_compatible};
use itest::prelude::*;
use itest_examples::database::{Database, Dataset};
use serde_json::{Value, json};

use crate::common::ApiClient;

/// Overrides `db` in this module by the overridden one, with users in it. `server` and `client`
/// are still the crate's, and get this one.
#[fixture]
async fn db(db: &Database) -> Result<Database> {
    let users: Dataset = itest::data!("tests/data/integration_test_data.json");
    db.seed(&users).await?;
    Ok(db.clone())
}

/// Compiled once for this module.
#[fixture(scope = "module")]
fn user_schema() -> Result<Schema> {
    Ok(Schema::file("tests/data/schemas/user_response.json")?)
}

#[fixture(scope = "module")]
fn error_schema() -> Result<Schema> {
    Ok(Schema::file("tests/data/schemas/error_response.json")?)
}

#[integration(markers(integration, contract))]
mod api_contracts {
    use super::*;

    #[integration]
    async fn a_user_matches_the_schema(client: &ApiClient, user_schema: &Schema) -> Result {
        let user: Value = client.fetch("/api/users/1").await?;
        user_schema.assert(&user);
        Ok(())
    }

    /// With and without a profile, with and without its optional parts.
    #[integration]
    async fn all_users_match_it(client: &ApiClient, user_schema: &Schema) -> Result {
        let users: Vec<Value> = client.fetch("/api/v2/users").await?;
        assert_eq!(users.len(), 3);
        for user in &users {
            user_schema.assert(user);
        }
        Ok(())
    }

    #[integration]
    #[case::nobody("GET", "/api/users/99", Value::Null)]
    #[case::no_number("GET", "/api/users/not-a-number", Value::Null)]
    #[case::no_path("GET", "/no/such/path", Value::Null)]
    #[case::no_method("DELETE", "/health", Value::Null)]
    #[case::no_name("POST", "/api/users", json!({"name": "", "email": "nobody"}))]
    #[case::no_csv("POST", "/api/import", json!({"invalid": "data"}))]
    async fn errors_match_theirs(
        client: &ApiClient,
        error_schema: &Schema,
        #[case] method: &str,
        #[case] path: &str,
        #[case] body: Value,
    ) -> Result {
        let response = match method {
            "GET" => client.get(path).await?,
            "DELETE" => client.delete(path).await?,
            _ => client.post(path, &body).await?,
        };
        assert!(response.status().is_client_error(), "{response:?}");
        error_schema.assert(&response.json::<Value>().await?);
        Ok(())
    }

    /// Clients of version 1 can read version 2: the same fields, of the same types.
    #[integration]
    async fn version_2_has_all_of_version_1(client: &ApiClient) -> Result {
        let v1: Vec<Value> = client.fetch("/api/v1/users").await?;
        let v2: Vec<Value> = client.fetch("/api/v2/users").await?;
        assert_compatible(&v1, &v2);

        // Not only the types: the values, too.
        for (old, new) in v1.iter().zip(&v2) {
            for (field, value) in old.as_object().ok_or("a user is an object")? {
                assert_eq!(value, &new[field], "{field}");
            }
        }
        assert_eq!(v1.len(), v2.len());
        Ok(())
    }

    /// What clients of a year ago got was recorded then.
    #[integration]
    async fn old_clients_can_read_todays_answer(client: &ApiClient) -> Result {
        let recorded: Value = itest::data!("tests/data/recorded/users_v1.json");
        let today: Value = client.fetch("/api/v1/users").await?;
        assert_compatible(&recorded, &today);
        Ok(())
    }

    /// What a break looks like: everything that clients would miss, and where.
    #[integration]
    fn a_break_is_told_with_its_place() {
        let v1 = json!([{"id": 1, "name": "Ada", "profile": {"location": "London"}}]);
        let v2 = json!([{"id": "1", "full_name": "Ada", "profile": {"city": "London"}}]);
        let breaks = check_compatible(&v1, &v2).unwrap_err();
        let places: Vec<_> = breaks.iter().map(|one| one.path.as_str()).collect();
        assert_eq!(places, ["$[*].id", "$[*].name", "$[*].profile.location"]);
    }
}
