//! What clients may rely on: schemas, and versions that stay compatible.

use std::collections::BTreeSet;

use itest::prelude::*;
use itest_examples::database::{Database, Dataset};
use itest_examples::test_data;
use jsonschema::Validator;
use serde_json::{Value, json};

use crate::common::ApiClient;

/// Overrides `db` in this module by the overridden one, with users in it. `server` and `client`
/// are still the crate's, and get this one.
#[fixture]
async fn db(db: &Database) -> Result<Database> {
    let users: Dataset = test_data::json("integration_test_data.json")?;
    db.seed(&users).await?;
    Ok(db.clone())
}

/// Compiled once for this module.
#[fixture(scope = "module")]
fn user_schema() -> Result<Validator> {
    load_schema("user_response.json")
}

#[fixture(scope = "module")]
fn error_schema() -> Result<Validator> {
    load_schema("error_response.json")
}

fn load_schema(name: &str) -> Result<Validator> {
    let schema: Value = test_data::json(&format!("schemas/{name}"))?;
    // The error borrows the schema.
    jsonschema::validator_for(&schema).map_err(|error| error.to_string().into())
}

/// Reports every violation, not only the first.
#[track_caller]
fn assert_valid(schema: &Validator, value: &Value) {
    let violations: Vec<_> = schema
        .iter_errors(value)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(violations.is_empty(), "{violations:#?} in {value:#}");
}

#[integration(markers(integration, contract))]
mod api_contracts {
    use super::*;

    #[integration]
    async fn a_user_matches_the_schema(client: &ApiClient, user_schema: &Validator) -> Result {
        let user: Value = client.fetch("/api/users/1").await?;
        assert_valid(user_schema, &user);
        Ok(())
    }

    /// With and without a profile, with and without its optional parts.
    #[integration]
    async fn all_users_match_it(client: &ApiClient, user_schema: &Validator) -> Result {
        let users: Vec<Value> = client.fetch("/api/v2/users").await?;
        assert_eq!(users.len(), 3);
        for user in &users {
            assert_valid(user_schema, user);
        }
        Ok(())
    }

    #[integration]
    async fn errors_match_theirs(client: &ApiClient, error_schema: &Validator) -> Result {
        let user = json!({"name": "", "email": "nobody"});
        for response in [
            client.get("/api/users/99").await?,
            client.get("/api/users/not-a-number").await?,
            client.get("/no/such/path").await?,
            client.delete("/health").await?,
            client.post("/api/users", &user).await?,
            client
                .post("/api/import", &json!({"invalid": "data"}))
                .await?,
        ] {
            assert!(response.status().is_client_error(), "{response:?}");
            assert_valid(error_schema, &response.json().await?);
        }
        Ok(())
    }

    #[integration]
    async fn version_2_has_all_of_version_1(client: &ApiClient) -> Result {
        let v1: Vec<Value> = client.fetch("/api/v1/users").await?;
        let v2: Vec<Value> = client.fetch("/api/v2/users").await?;

        assert!(
            fields(&v1[0]).is_subset(&fields(&v2[0])),
            "{} {}",
            v1[0],
            v2[0]
        );
        // Not only the names: the values, too.
        for (old, new) in v1.iter().zip(&v2) {
            for field in fields(old) {
                assert_eq!(old[field], new[field], "{field}");
            }
        }
        assert_eq!(v1.len(), v2.len());
        Ok(())
    }

    fn fields(value: &Value) -> BTreeSet<&str> {
        let object = value.as_object().expect("a user is an object");
        object.keys().map(String::as_str).collect()
    }
}
