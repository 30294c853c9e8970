//! Bodies against JSON Schema: [`Schema`], and [`Violations`] that can be read.

use std::error::Error;
use std::fmt;
use std::path::Path;

use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::{Retrieve, Uri, ValidationError, Validator};
use serde::Serialize;
use serde_json::{Value, json};

use super::{as_json, member};
use crate::data::{self, DataError};

/// A JSON Schema, compiled once, for bodies to be checked against.
///
/// Drafts 4 to 2020-12, by the schema's own `$schema`; 2020-12 without one. `format` is checked.
/// A `$ref` to another file is relative to the file it stands in. Nothing is fetched from the network.
///
/// ```
/// use itest::contract::Schema;
/// use itest::prelude::*;
/// use serde_json::json;
///
/// #[fixture(scope = "module")]
/// fn user_schema() -> Result<Schema> {
///     Ok(Schema::file("tests/data/user.json")?)
/// }
///
/// #[integration]
/// fn a_user_is_as_promised(user_schema: &Schema) {
///     user_schema.assert(&json!({"id": 1, "name": "Ada"}));
/// }
/// # itest::contract::Schema::file("tests/data/user.json").unwrap().assert(&json!({"id": 1, "name": "Ada"}));
/// ```
pub struct Schema {
    name: String,
    validator: Validator,
}

impl Schema {
    /// Reads a schema from a file; its path is relative to the root of the package, as all of
    /// [`mod@crate::data`].
    ///
    /// What follows a `#` is a JSON Pointer to a part of the file, so that the document of an API
    /// (OpenAPI 3.1, whose schemas are JSON Schema) does as it is:
    /// `Schema::file("openapi.json#/components/schemas/User")`.
    ///
    /// # Errors
    /// If the file, or one that it refers to, cannot be read or is not a schema.
    pub fn file(path: impl AsRef<str>) -> Result<Self, SchemaError> {
        let written = path.as_ref();
        let (file, pointer) = written.split_once('#').unwrap_or((written, ""));
        let document: Value = data::json(file).map_err(SchemaError::data)?;
        let uri = file_uri(&data::path(file));
        if pointer.is_empty() {
            return Self::compile(written, &document, Some(uri));
        }
        if document.pointer(pointer).is_none() {
            let message = format!("there is nothing at `{pointer}` in `{file}`");
            return Err(SchemaError(message));
        }
        // Compiled in its place, so that what it refers to is found from there.
        let schema = json!({ "$ref": format!("{uri}#{pointer}") });
        Self::compile(written, &schema, None)
    }

    /// Takes a schema that the test has.
    ///
    /// # Errors
    /// If it is not a schema.
    ///
    /// # Panics
    /// If it cannot be written as JSON.
    ///
    /// ```
    /// # use itest::contract::Schema;
    /// # use serde_json::json;
    /// let port = Schema::value(&json!({"type": "integer", "minimum": 1}))?;
    /// assert!(port.check(&8080).is_ok());
    /// assert_eq!(
    ///     port.check(&0).unwrap_err().to_string(),
    ///     "the body violates the schema in 1 place\n  \
    ///      $: found 0, expected at least 1 (#/minimum)",
    /// );
    /// # Ok::<(), itest::contract::SchemaError>(())
    /// ```
    #[track_caller]
    pub fn value<T: Serialize + ?Sized>(schema: &T) -> Result<Self, SchemaError> {
        Self::compile("", &as_json("schema", schema), None)
    }

    fn compile(name: &str, schema: &Value, uri: Option<String>) -> Result<Self, SchemaError> {
        let mut options = jsonschema::options()
            .should_validate_formats(true)
            .with_retriever(Files);
        if let Some(uri) = uri {
            options = options.with_base_uri(uri);
        }
        match options.build(schema) {
            Ok(validator) => Ok(Schema {
                name: name.to_owned(),
                validator,
            }),
            Err(error) => Err(SchemaError::compile(name, &error)),
        }
    }

    /// Looks for everything in which a body violates the schema.
    ///
    /// # Errors
    /// All violations, if there are any.
    ///
    /// # Panics
    /// If the body cannot be written as JSON.
    #[track_caller]
    pub fn check<T: Serialize + ?Sized>(&self, body: &T) -> Result<(), Violations> {
        let body = as_json("body", body);
        let list: Vec<_> = self
            .validator
            .iter_errors(&body)
            .map(|error| Violation::new(&error))
            .collect();
        if list.is_empty() {
            return Ok(());
        }
        Err(Violations {
            schema: self.name.clone(),
            list,
        })
    }

    /// Asserts that a body is as the schema says.
    ///
    /// # Panics
    /// With all violations, if there are any; and if the body cannot be written as JSON.
    #[track_caller]
    pub fn assert<T: Serialize + ?Sized>(&self, body: &T) {
        if let Err(violations) = self.check(body) {
            panic!("{violations}");
        }
    }
}

impl fmt::Debug for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Schema")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// Why something cannot serve as a schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchemaError(String);

impl SchemaError {
    fn data(error: DataError) -> Self {
        SchemaError(error.to_string())
    }

    fn compile(name: &str, error: &ValidationError<'_>) -> Self {
        let what = match name {
            "" => "the value".to_owned(),
            name => format!("`{name}`"),
        };
        SchemaError(match error.kind() {
            ValidationErrorKind::Referencing(source) => {
                let mut message = format!("a reference of {what} cannot be followed: {source}");
                let mut source = source.source();
                while let Some(cause) = source {
                    message += &format!("\n  caused by: {cause}");
                    source = cause.source();
                }
                message
            }
            _ => format!(
                "{what} is not a JSON Schema\n  at {}",
                Violation::new(error)
            ),
        })
    }
}

impl fmt::Display for SchemaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for SchemaError {}

/// Everything in which a body violates a schema; never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violations {
    schema: String,
    list: Vec<Violation>,
}

/// One thing in which a body violates a schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Where in the body, from its root `$`: `$.users[0].email`.
    pub path: String,
    /// What is there, shortened.
    pub found: String,
    /// What the schema wants there, in words.
    pub expected: String,
    /// Which keyword of the schema says so: `#/properties/email/type`.
    pub schema_path: String,
    /// Of `anyOf` and `oneOf`: why each of the alternatives does not fit, in their order.
    pub alternatives: Vec<Vec<Violation>>,
}

impl Violations {
    /// As the validator found them.
    pub fn iter(&self) -> std::slice::Iter<'_, Violation> {
        self.list.iter()
    }
}

impl<'a> IntoIterator for &'a Violations {
    type Item = &'a Violation;
    type IntoIter = std::slice::Iter<'a, Violation>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// A line for each, and indented lines for alternatives.
impl fmt::Display for Violations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (count, s) = (self.list.len(), if self.list.len() == 1 { "" } else { "s" });
        match self.schema.as_str() {
            "" => write!(f, "the body violates the schema in {count} place{s}")?,
            name => write!(f, "the body violates `{name}` in {count} place{s}")?,
        }
        self.list.iter().try_for_each(|one| one.write(f, 1))
    }
}

impl Error for Violations {}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: found {}, expected {} ({})",
            self.path, self.found, self.expected, self.schema_path
        )
    }
}

impl Violation {
    fn new(error: &ValidationError<'_>) -> Self {
        let alternatives = match error.kind() {
            ValidationErrorKind::AnyOf { context }
            | ValidationErrorKind::OneOfNotValid { context } => context
                .iter()
                .map(|errors| errors.iter().map(Violation::new).collect())
                .collect(),
            _ => Vec::new(),
        };
        Violation {
            path: body_path(error.instance_path().as_str()),
            found: found(error),
            expected: expected(error),
            schema_path: format!("#{}", error.schema_path()),
            alternatives,
        }
    }

    fn write(&self, f: &mut fmt::Formatter<'_>, depth: usize) -> fmt::Result {
        write!(f, "\n{:1$}{self}", "", 2 * depth)?;
        for (number, violations) in (1..).zip(&self.alternatives) {
            write!(f, "\n{:1$}alternative {number}:", "", 2 * depth + 2)?;
            violations
                .iter()
                .try_for_each(|one| one.write(f, depth + 2))?;
        }
        Ok(())
    }
}

/// `/users/0/email` as `$.users[0].email`.
///
/// A pointer does not tell an index from a name of digits; a number is taken for an index.
fn body_path(pointer: &str) -> String {
    let mut path = "$".to_owned();
    for part in pointer.split('/').skip(1) {
        if !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()) {
            path += &format!("[{part}]");
        } else {
            path = member(&path, &part.replace("~1", "/").replace("~0", "~"));
        }
    }
    path
}

/// What stands in the body, as far as it explains the violation.
fn found(error: &ValidationError<'_>) -> String {
    use ValidationErrorKind as Kind;
    let instance: &Value = error.instance();
    match error.kind() {
        Kind::Required { .. } => match instance.as_object() {
            Some(members) if members.is_empty() => "an object without members".to_owned(),
            Some(members) => format!("an object with {}", names(members.keys())),
            None => shortened(instance),
        },
        Kind::AdditionalProperties { unexpected } | Kind::UnevaluatedProperties { unexpected } => {
            names(unexpected)
        }
        _ => shortened(instance),
    }
}

/// What the schema wants, in words.
fn expected(error: &ValidationError<'_>) -> String {
    use ValidationErrorKind as Kind;
    match error.kind() {
        Kind::Type { kind } => match kind {
            TypeKind::Single(ty) => ty.to_string(),
            TypeKind::Multiple(types) => {
                let types: Vec<_> = types.iter().map(|ty| ty.to_string()).collect();
                types.join(" or ")
            }
        },
        Kind::Required { property } => match property.as_str() {
            Some(name) => format!("also `{name}`"),
            None => format!("also {property}"),
        },
        Kind::AdditionalProperties { .. } | Kind::UnevaluatedProperties { .. } => {
            "no members but those of the schema".to_owned()
        }
        Kind::Constant { expected_value } => shortened(expected_value),
        Kind::Enum { options } => match options.as_array() {
            Some(options) => format!(
                "one of {}",
                options.iter().map(shortened).collect::<Vec<_>>().join(", ")
            ),
            None => shortened(options),
        },
        Kind::Pattern { pattern } => format!("text that matches `{pattern}`"),
        Kind::Format { format } => format!("text of the format `{format}`"),
        Kind::Minimum { limit } => format!("at least {limit}"),
        Kind::Maximum { limit } => format!("at most {limit}"),
        Kind::ExclusiveMinimum { limit } => format!("more than {limit}"),
        Kind::ExclusiveMaximum { limit } => format!("less than {limit}"),
        Kind::MultipleOf { multiple_of } => format!("a multiple of {multiple_of}"),
        Kind::MinLength { limit } => format!("at least {limit} characters"),
        Kind::MaxLength { limit } => format!("at most {limit} characters"),
        Kind::MinItems { limit } => format!("at least {limit} elements"),
        Kind::MaxItems { limit } => format!("at most {limit} elements"),
        Kind::AdditionalItems { limit } => format!("at most {limit} elements"),
        Kind::MinProperties { limit } => format!("at least {limit} members"),
        Kind::MaxProperties { limit } => format!("at most {limit} members"),
        Kind::UniqueItems => "no element twice".to_owned(),
        Kind::Contains => "an element that matches `contains`".to_owned(),
        Kind::FalseSchema => "nothing there".to_owned(),
        Kind::Not { .. } => "anything that does not match `not`".to_owned(),
        Kind::AnyOf { context } => format!("at least one of {} alternatives", context.len()),
        Kind::OneOfNotValid { context } => format!("one of {} alternatives", context.len()),
        Kind::OneOfMultipleValid { .. } => {
            "exactly one of the alternatives; more than one fits".to_owned()
        }
        Kind::PropertyNames { error } => {
            format!("names of members as {}", expected(error))
        }
        // The rest is rare and has no parts of its own: the validator's words.
        _ => error.to_string(),
    }
}

fn names<S: AsRef<str>>(names: impl IntoIterator<Item = S>) -> String {
    let names: Vec<_> = names
        .into_iter()
        .map(|name| format!("`{}`", name.as_ref()))
        .collect();
    names.join(", ")
}

/// A value in one line, with what is long cut.
fn shortened(value: &Value) -> String {
    const LIMIT: usize = 80;
    let text = value.to_string();
    match text.char_indices().nth(LIMIT) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// Reads what a `$ref` names.
struct Files;

impl Retrieve for Files {
    fn retrieve(&self, uri: &Uri<String>) -> Result<Value, Box<dyn Error + Send + Sync>> {
        if uri.scheme().as_str() != "file" {
            return Err(format!(
                "`{uri}` is not a file, and schemas are not fetched from the network; \
                 refer to a file beside the schema, and leave `$id` out"
            )
            .into());
        }
        let path = uri.path().decode().to_string_lossy();
        // A drive stands behind the slash.
        let path = if cfg!(windows) {
            path.trim_start_matches('/')
        } else {
            &path
        };
        Ok(data::json(path)?)
    }
}

/// The URI of an absolute path; of a relative one, from the working directory.
fn file_uri(path: &Path) -> String {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let path = path.to_string_lossy().replace('\\', "/");
    let mut uri = "file://".to_owned();
    if !path.starts_with('/') {
        uri.push('/');
    }
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"/-._~:".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            uri += &format!("%{byte:02X}");
        }
    }
    uri
}

#[cfg(test)]
mod tests;
