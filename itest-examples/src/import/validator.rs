//! The third stage: [`Candidate`]s → [`Accepted`]. It knows the rules, and looks at every record before it complains.

use std::collections::HashMap;

use super::processor::Candidate;
use super::{Rejected, Rejection, Stage, StageError, Trail};
use crate::model::{FieldError, Invalid, NewResource, NewUser};

/// A record that may be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// Obeys the rules.
    pub user: NewUser,
    /// Obeys the rules.
    pub resource: Option<NewResource>,
    /// Three steps.
    pub trail: Trail,
}

/// Checks each record by itself, and that no e-mail address occurs twice.
///
/// # Errors
/// [`StageError::Rejected`] with all records that break a rule.
pub fn check(candidates: Vec<Candidate>) -> Result<Vec<Accepted>, StageError> {
    let checked = candidates.len();
    let mut accepted = Vec::with_capacity(checked);
    let mut rejections = Vec::new();
    let mut seen = HashMap::new();
    for Candidate {
        user,
        resource,
        trail,
    } in candidates
    {
        let mut fields = broken_rules(&user, resource.as_ref());
        if let Some(first) = seen.get(&user.email) {
            let message = format!("is that of {first} too");
            fields.push(FieldError {
                field: "email".to_owned(),
                message,
            });
        } else if !user.email.is_empty() {
            seen.insert(user.email.clone(), trail.origin().to_owned());
        }
        if fields.is_empty() {
            let trail = trail.then(Stage::Validator, "accepted");
            accepted.push(Accepted {
                user,
                resource,
                trail,
            });
        } else {
            rejections.push(Rejection {
                invalid: Invalid { fields },
                trail,
            });
        }
    }
    if rejections.is_empty() {
        return Ok(accepted);
    }
    for rejection in &rejections {
        tracing::warn!("rejected {rejection}");
    }
    Err(Rejected {
        checked,
        rejections,
    }
    .into())
}

fn broken_rules(user: &NewUser, resource: Option<&NewResource>) -> Vec<FieldError> {
    let mut fields = user
        .validate()
        .err()
        .map_or_else(Vec::new, |invalid| invalid.fields);
    let invalid = resource.and_then(|resource| resource.validate().err());
    for mut error in invalid.into_iter().flat_map(|invalid| invalid.fields) {
        error.field.insert_str(0, "resource.");
        fields.push(error);
    }
    fields
}
