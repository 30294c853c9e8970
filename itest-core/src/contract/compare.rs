//! Backward compatibility of what was observed: shapes of bodies, and their comparison.
//!
//! A shape has the JSON types seen at a place, and how often. Only shapes are compared, never
//! values.

use std::fmt;

use serde::Serialize;
use serde_json::Value;

use super::{as_json, member};

/// Compares two bodies: every field of `old` must be in `new` with the same JSON type.
///
/// Goes into objects and arrays. The elements of an array are taken together, in the old body as
/// in the new one: a field that every old element has must be in every new one, a field that
/// some have in some. Values are not compared, and the new body may have more fields.
///
/// - A `null` in the old body says nothing about the type, so that anything may take its place.
/// - A `null` in the new body is a break where the old one never had it.
/// - An array that has elements in the old body and none in the new is a break, since nothing is
///   known of its elements.
/// - All numbers are of one type.
///
/// # Errors
/// All places where a client of `old` would not find what it expects.
///
/// # Panics
/// If a body cannot be written as JSON.
///
/// ```
/// use itest::contract::check_compatible;
/// use serde_json::json;
///
/// let v1 = json!([{"id": 1, "name": "Ada"}]);
/// let v2 = json!([{"id": "1", "full_name": "Ada"}]);
/// let breaks = check_compatible(&v1, &v2).unwrap_err();
/// let places: Vec<_> = breaks.iter().map(|one| one.path.as_str()).collect();
/// assert_eq!(places, ["$[*].id", "$[*].name"]);
/// ```
#[track_caller]
pub fn check_compatible<Old, New>(old: &Old, new: &New) -> Result<(), Breaks>
where
    Old: Serialize + ?Sized,
    New: Serialize + ?Sized,
{
    let old = Shape::of(&as_json("old body", old));
    let new = Shape::of(&as_json("new body", new));
    let mut breaks = Breaks(Vec::new());
    breaks.compare("$", &old, &new);
    if breaks.0.is_empty() {
        Ok(())
    } else {
        Err(breaks)
    }
}

/// Asserts that clients of `old` can read `new`; see [`check_compatible`].
///
/// # Panics
/// With all breaks, if there are any.
///
/// ```
/// # use serde_json::json;
/// let v1 = json!({"id": 1, "name": "Ada"});
/// let v2 = json!({"id": 1, "name": "Ada", "roles": ["admin"]});
/// itest::contract::assert_compatible(&v1, &v2);
/// ```
#[track_caller]
pub fn assert_compatible<Old, New>(old: &Old, new: &New)
where
    Old: Serialize + ?Sized,
    New: Serialize + ?Sized,
{
    if let Err(breaks) = check_compatible(old, new) {
        panic!("{breaks}");
    }
}

/// All places where a new body breaks clients of the old one; never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breaks(Vec<Break>);

/// One place where a new body breaks clients of the old one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Break {
    /// Where, from the root `$`; `[*]` is any element of an array: `$.users[*].email`.
    pub path: String,
    /// What the old body has there: `string`, `number or null`.
    pub old: String,
    /// What the new body has there: `nothing`, `null`.
    pub new: String,
}

impl Breaks {
    /// In the order of the paths' first parts.
    pub fn iter(&self) -> std::slice::Iter<'_, Break> {
        self.0.iter()
    }

    fn add(&mut self, path: &str, old: impl Into<String>, new: impl Into<String>) {
        self.0.push(Break {
            path: path.to_owned(),
            old: old.into(),
            new: new.into(),
        });
    }

    fn compare(&mut self, path: &str, old: &Shape, new: &Shape) {
        if old.says_nothing() {
            return;
        }
        if !new.types().all(|ty| old.types().any(|known| known == ty)) {
            self.add(path, old.type_names(), new.type_names());
        }
        if let (Some(old), Some(new)) = (&old.elements, &new.elements) {
            let path = format!("{path}[*]");
            if old.count > 0 && new.count == 0 {
                self.add(&path, old.type_names(), "no element to compare with");
            } else {
                self.compare(&path, old, new);
            }
        }
        if old.objects > 0 && new.objects > 0 {
            for (name, old_field) in &old.fields {
                let path = member(path, name);
                let Some(new_field) = new.field(name) else {
                    self.add(&path, old_field.type_names(), "nothing");
                    continue;
                };
                if old_field.count == old.objects && new_field.count < new.objects {
                    let (some, all) = (new_field.count, new.objects);
                    let new = format!("it in {some} of {all} objects only");
                    self.add(&path, old_field.type_names(), new);
                }
                self.compare(&path, old_field, new_field);
            }
        }
    }
}

impl<'a> IntoIterator for &'a Breaks {
    type Item = &'a Break;
    type IntoIter = std::slice::Iter<'a, Break>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Display for Break {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Break { path, old, new } = self;
        write!(f, "{path}: the old body has {old}, the new one has {new}")
    }
}

/// A line for each.
impl fmt::Display for Breaks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (count, s) = (self.0.len(), if self.0.len() == 1 { "" } else { "s" });
        write!(
            f,
            "the new body breaks clients of the old one in {count} place{s}"
        )?;
        for one in self {
            write!(f, "\n  {one}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Breaks {}

/// What was seen at one place of a body.
#[derive(Debug, Default, PartialEq)]
struct Shape {
    /// Values seen.
    count: usize,
    nulls: usize,
    bools: usize,
    numbers: usize,
    strings: usize,
    objects: usize,
    /// By name.
    fields: Vec<(String, Shape)>,
    /// Of all arrays that were seen, together.
    elements: Option<Box<Shape>>,
}

impl Shape {
    fn of(value: &Value) -> Self {
        let mut shape = Shape::default();
        shape.see(value);
        shape
    }

    fn see(&mut self, value: &Value) {
        self.count += 1;
        match value {
            Value::Null => self.nulls += 1,
            Value::Bool(_) => self.bools += 1,
            Value::Number(_) => self.numbers += 1,
            Value::String(_) => self.strings += 1,
            Value::Array(values) => {
                let elements = self.elements.get_or_insert_default();
                values.iter().for_each(|value| elements.see(value));
            }
            Value::Object(members) => {
                self.objects += 1;
                for (name, value) in members {
                    let index = self.place(name).unwrap_or_else(|index| {
                        self.fields.insert(index, (name.clone(), Shape::default()));
                        index
                    });
                    self.fields[index].1.see(value);
                }
            }
        }
    }

    /// Where the field is, or belongs.
    fn place(&self, name: &str) -> Result<usize, usize> {
        let fields = &self.fields;
        fields.binary_search_by(|(known, _)| known.as_str().cmp(name))
    }

    fn field(&self, name: &str) -> Option<&Shape> {
        let index = self.place(name).ok()?;
        Some(&self.fields[index].1)
    }

    fn types(&self) -> impl Iterator<Item = &'static str> {
        [
            (self.bools > 0, "boolean"),
            (self.numbers > 0, "number"),
            (self.strings > 0, "string"),
            (self.elements.is_some(), "array"),
            (self.objects > 0, "object"),
            (self.nulls > 0, "null"),
        ]
        .into_iter()
        .filter_map(|(seen, name)| seen.then_some(name))
    }

    fn type_names(&self) -> String {
        self.types().collect::<Vec<_>>().join(" or ")
    }

    /// No value, or nothing but `null`.
    fn says_nothing(&self) -> bool {
        self.nulls == self.count
    }
}

#[cfg(test)]
mod tests;
