//! Users, their profiles and resources: plain values and the rules they obey.
//!
//! Storing them is the business of [`database`](crate::database).

use serde::{Deserialize, Serialize};

/// A stored user.
///
/// Serialised, this is what version 2 of the API returns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// Given by the database.
    pub id: i64,
    /// Not empty.
    pub name: String,
    /// Unique, in lower case.
    pub email: String,
    /// Seconds since 1970.
    pub created_at: i64,
    /// What other users see, if the user cared to fill it in.
    pub profile: Option<Profile>,
}

/// What other users see of a user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// Not empty.
    pub display_name: String,
    /// Where the user says to be.
    #[serde(default)]
    pub location: Option<String>,
    /// A few words.
    #[serde(default)]
    pub bio: Option<String>,
}

impl Profile {
    /// Checks every rule.
    ///
    /// # Errors
    /// [`Invalid`] with each field that breaks one.
    pub fn validate(&self) -> Result<(), Invalid> {
        let mut rules = Rules::default();
        rules.text("display_name", &self.display_name);
        rules.finish()
    }
}

/// A user to be created.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewUser {
    /// An id other than the database's next one, for restoring a known user; never read from a request.
    #[serde(skip)]
    pub id: Option<i64>,
    /// Must not be empty.
    pub name: String,
    /// Must be unique and contain an `@`; stored in lower case.
    pub email: String,
    /// May be filled in later.
    #[serde(default)]
    pub profile: Option<Profile>,
}

impl NewUser {
    /// A user without a profile.
    pub fn new(name: impl Into<String>, email: impl Into<String>) -> Self {
        Self {
            id: None,
            name: name.into(),
            email: email.into(),
            profile: None,
        }
    }

    /// Asks for a certain id.
    pub fn with_id(mut self, id: i64) -> Self {
        self.id = Some(id);
        self
    }

    /// Adds a profile.
    pub fn with_profile(mut self, profile: Profile) -> Self {
        self.profile = Some(profile);
        self
    }

    /// Checks every rule.
    ///
    /// # Errors
    /// [`Invalid`] with each field that breaks one.
    pub fn validate(&self) -> Result<(), Invalid> {
        let mut rules = Rules::default();
        rules.text("name", &self.name);
        rules.email("email", &self.email);
        if let Some(profile) = &self.profile {
            rules.text("profile.display_name", &profile.display_name);
        }
        rules.finish()
    }
}

/// A stored resource: a thing with a value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resource {
    /// Given by the database.
    pub id: i64,
    /// The user it belongs to, and with whom it is deleted; shared if there is none.
    pub owner_id: Option<i64>,
    /// Unique among the resources of one owner.
    pub name: String,
    /// Not negative.
    pub value: i64,
}

/// A resource to be created.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewResource {
    /// Must not be empty.
    pub name: String,
    /// Must not be negative.
    pub value: i64,
    /// Must exist if given.
    #[serde(default)]
    pub owner_id: Option<i64>,
}

impl NewResource {
    /// A shared resource.
    pub fn new(name: impl Into<String>, value: i64) -> Self {
        Self {
            name: name.into(),
            value,
            owner_id: None,
        }
    }

    /// Gives it to a user.
    pub fn owned_by(mut self, user_id: i64) -> Self {
        self.owner_id = Some(user_id);
        self
    }

    /// Checks every rule.
    ///
    /// # Errors
    /// [`Invalid`] with each field that breaks one.
    pub fn validate(&self) -> Result<(), Invalid> {
        let mut rules = Rules::default();
        rules.text("name", &self.name);
        rules.not_negative("value", self.value);
        rules.finish()
    }
}

/// A change to a resource; what is `None` stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResourcePatch {
    /// The new name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The new value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<i64>,
}

impl ResourcePatch {
    /// Checks every rule.
    ///
    /// # Errors
    /// [`Invalid`] with each field that breaks one.
    pub fn validate(&self) -> Result<(), Invalid> {
        let mut rules = Rules::default();
        if let Some(name) = &self.name {
            rules.text("name", name);
        }
        if let Some(value) = self.value {
            rules.not_negative("value", value);
        }
        rules.finish()
    }
}

/// All resources in three numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// How many there are.
    pub count: i64,
    /// The sum of their values.
    pub total: i64,
    /// The greatest value; 0 if there are none.
    pub largest: i64,
}

/// Values that break at least one rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", .fields.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
pub struct Invalid {
    /// Every broken rule.
    pub fields: Vec<FieldError>,
}

/// One broken rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("`{field}` {message}")]
pub struct FieldError {
    /// The field, as it is called in JSON.
    pub field: String,
    /// What is wrong with it, worded to follow the field's name.
    pub message: String,
}

/// Collects broken rules, so that all are reported at once.
#[derive(Default)]
struct Rules(Vec<FieldError>);

/// Longer texts are refused.
const MAX_TEXT: usize = 200;

impl Rules {
    fn text(&mut self, field: &str, text: &str) {
        if text.trim().is_empty() {
            self.broken(field, "must not be empty");
        } else if text.chars().count() > MAX_TEXT {
            self.broken(field, "must not be longer than 200 characters");
        }
    }

    fn email(&mut self, field: &str, email: &str) {
        match email.trim().split_once('@') {
            Some((user, host)) if !user.is_empty() && !host.is_empty() && !host.contains('@') => {
                self.text(field, email)
            }
            _ => self.broken(field, "must be an e-mail address"),
        }
    }

    fn not_negative(&mut self, field: &str, number: i64) {
        if number < 0 {
            self.broken(field, "must not be negative");
        }
    }

    fn broken(&mut self, field: &str, message: &str) {
        self.0.push(FieldError {
            field: field.to_owned(),
            message: message.to_owned(),
        });
    }

    fn finish(self) -> Result<(), Invalid> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(Invalid { fields: self.0 })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_every_broken_rule() {
        let error = NewUser::new(" ", "nobody").validate().unwrap_err();
        assert_eq!(
            error.to_string(),
            "`name` must not be empty; `email` must be an e-mail address"
        );
    }
}
