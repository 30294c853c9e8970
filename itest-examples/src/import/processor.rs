//! The second stage: [`RawRecord`]s → [`Candidate`]s. It gives fields their meaning and a normal form; it judges nothing.

use std::collections::BTreeMap;

use super::loader::RawRecord;
use super::{Stage, StageError, Trail};
use crate::model::{NewResource, NewUser, Profile};

/// What a record means, if it means anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// From the fields `name` and `email`; a `location` makes a profile.
    pub user: NewUser,
    /// From the fields `resource` and `value`; the user will own it.
    pub resource: Option<NewResource>,
    /// Two steps.
    pub trail: Trail,
}

/// Trims, lowers, parses. Fields it does not know are ignored, missing ones are empty.
///
/// # Errors
/// [`StageError::Number`] for the first `value` that is not a number.
pub fn transform(records: Vec<RawRecord>) -> Result<Vec<Candidate>, StageError> {
    records.into_iter().map(transform_one).collect()
}

fn transform_one(RawRecord { fields, trail }: RawRecord) -> Result<Candidate, StageError> {
    let mut user = NewUser::new(
        field(&fields, "name"),
        field(&fields, "email").to_lowercase(),
    );
    let location = field(&fields, "location");
    if !location.is_empty() {
        user.profile = Some(Profile {
            display_name: user.name.clone(),
            location: Some(location.to_owned()),
            bio: None,
        });
    }
    let resource = match (field(&fields, "resource"), field(&fields, "value")) {
        ("", "") => None,
        (name, value) => match value.parse() {
            Ok(number) => Some(NewResource::new(name, number)),
            Err(_) => {
                return Err(StageError::Number {
                    field: "value",
                    value: value.to_owned(),
                    trail,
                });
            }
        },
    };
    let trail = trail.then(
        Stage::Processor,
        format!("understood as `{} <{}>`", user.name, user.email),
    );
    Ok(Candidate {
        user,
        resource,
        trail,
    })
}

fn field<'a>(fields: &'a BTreeMap<String, String>, name: &str) -> &'a str {
    fields.get(name).map_or("", |text| text.trim())
}
