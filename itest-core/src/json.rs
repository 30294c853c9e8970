//! JSON of our own types: [`ToJson`] and [`FromJson`].
//!
//! Written and read by hand, and not by serde: its implementations are generic over formats and
//! compiled once more for each type, which was a third of what this library costs to build. What
//! is read goes through [`serde_json::Value`], whose parser comes compiled. Values of users are
//! theirs, and go through serde.

use std::borrow::Cow;
use std::fmt::{self, Write};
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value};

/// What can be written as JSON.
pub(crate) trait ToJson {
    /// Appends it.
    fn to_json(&self, out: &mut String);

    /// Whether a field that is optional need not be written.
    fn is_nothing(&self) -> bool {
        false
    }
}

/// What can be read from JSON.
pub(crate) trait FromJson: Sized {
    fn from_json(value: Value) -> Result<Self, Problem>;
}

/// Why something cannot be read.
#[derive(Debug)]
pub(crate) struct Problem(pub(crate) String);

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Problem {}

impl From<Problem> for std::io::Error {
    fn from(problem: Problem) -> Self {
        std::io::Error::new(std::io::ErrorKind::InvalidData, problem)
    }
}

/// The value as JSON, without spaces.
pub(crate) fn write(value: &dyn ToJson) -> String {
    let mut out = String::new();
    value.to_json(&mut out);
    out
}

/// Reads what [`write()`] wrote.
pub(crate) fn read<T: FromJson>(text: &[u8]) -> Result<T, Problem> {
    T::from_json(parse(text)?)
}

pub(crate) fn parse(text: &[u8]) -> Result<Value, Problem> {
    let text = std::str::from_utf8(text).map_err(|error| Problem(error.to_string()))?;
    text.parse()
        .map_err(|error: serde_json::Error| Problem(error.to_string()))
}

/// An object that is being written.
pub(crate) struct Object<'o> {
    out: &'o mut String,
    is_empty: bool,
}

impl<'o> Object<'o> {
    pub(crate) fn begin(out: &'o mut String) -> Self {
        out.push('{');
        Object {
            out,
            is_empty: true,
        }
    }

    pub(crate) fn field(&mut self, name: &str, value: &dyn ToJson) -> &mut Self {
        if !self.is_empty {
            self.out.push(',');
        }
        self.is_empty = false;
        name.to_json(self.out);
        self.out.push(':');
        value.to_json(self.out);
        self
    }

    /// Adds what is there.
    pub(crate) fn optional(&mut self, name: &str, value: &dyn ToJson) -> &mut Self {
        match value.is_nothing() {
            true => self,
            false => self.field(name, value),
        }
    }

    pub(crate) fn end(&mut self) {
        self.out.push('}');
    }
}

/// JSON that is written already.
#[derive(Debug, Default)]
pub(crate) struct Written(pub(crate) String);

impl Written {
    /// An object with one field.
    pub(crate) fn field(name: &str, value: &dyn ToJson) -> Self {
        Written::object(|object| {
            object.field(name, value);
        })
    }

    pub(crate) fn object(fields: impl FnOnce(&mut Object<'_>)) -> Self {
        let mut out = String::new();
        let mut object = Object::begin(&mut out);
        fields(&mut object);
        object.end();
        Written(out)
    }
}

impl ToJson for Written {
    fn to_json(&self, out: &mut String) {
        out.push_str(&self.0);
    }
}

/// An object that is being read.
pub(crate) struct Fields(Map<String, Value>);

impl Fields {
    pub(crate) fn of(value: Value) -> Result<Self, Problem> {
        match value {
            Value::Object(fields) => Ok(Fields(fields)),
            other => Err(expected("an object", &other)),
        }
    }

    /// A field that must be there.
    pub(crate) fn take<T: FromJson>(&mut self, name: &str) -> Result<T, Problem> {
        let value = self.value(name)?;
        T::from_json(value).map_err(|problem| problem.of(name))
    }

    /// A field that was left out if there is nothing in it.
    pub(crate) fn optional<T: FromJson + Default>(&mut self, name: &str) -> Result<T, Problem> {
        match self.0.contains_key(name) {
            true => self.take(name),
            false => Ok(T::default()),
        }
    }

    fn value(&mut self, name: &str) -> Result<Value, Problem> {
        let value = self.0.get_mut(name).map(Value::take);
        value.ok_or_else(|| Problem(format!("missing field `{name}`")))
    }
}

impl Problem {
    /// Says which field has it.
    fn of(self, field: &str) -> Self {
        Problem(format!("`{field}`: {self}"))
    }

    /// A word that says which sort of a thing follows.
    pub(crate) fn unknown(what: &str, word: &str) -> Self {
        Problem(format!("unknown {what} `{word}`"))
    }
}

fn expected(what: &str, found: &Value) -> Problem {
    let found = match found {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "another number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    };
    Problem(format!("expected {what}, found {found}"))
}

impl ToJson for str {
    fn to_json(&self, out: &mut String) {
        out.reserve(self.len() + 2);
        out.push('"');
        let mut written = 0;
        for (index, byte) in self.bytes().enumerate() {
            let escaped = match byte {
                b'"' => "\\\"",
                b'\\' => "\\\\",
                b'\n' => "\\n",
                b'\r' => "\\r",
                b'\t' => "\\t",
                0x08 => "\\b",
                0x0c => "\\f",
                0..0x20 => "",
                _ => continue,
            };
            out.push_str(&self[written..index]);
            written = index + 1;
            match escaped {
                "" => write!(out, "\\u{byte:04x}").expect("writing to memory"),
                escaped => out.push_str(escaped),
            }
        }
        out.push_str(&self[written..]);
        out.push('"');
    }

    fn is_nothing(&self) -> bool {
        self.is_empty()
    }
}

impl<T: ToJson + ?Sized> ToJson for &T {
    fn to_json(&self, out: &mut String) {
        (**self).to_json(out);
    }

    fn is_nothing(&self) -> bool {
        (**self).is_nothing()
    }
}

impl ToJson for String {
    fn to_json(&self, out: &mut String) {
        self.as_str().to_json(out);
    }

    fn is_nothing(&self) -> bool {
        self.is_empty()
    }
}

impl FromJson for String {
    fn from_json(value: Value) -> Result<Self, Problem> {
        match value {
            Value::String(text) => Ok(text),
            other => Err(expected("a string", &other)),
        }
    }
}

impl ToJson for Arc<str> {
    fn to_json(&self, out: &mut String) {
        (**self).to_json(out);
    }

    fn is_nothing(&self) -> bool {
        self.is_empty()
    }
}

impl FromJson for Arc<str> {
    fn from_json(value: Value) -> Result<Self, Problem> {
        String::from_json(value).map(Arc::from)
    }
}

impl ToJson for Cow<'static, str> {
    fn to_json(&self, out: &mut String) {
        (**self).to_json(out);
    }

    fn is_nothing(&self) -> bool {
        self.is_empty()
    }
}

impl FromJson for Cow<'static, str> {
    fn from_json(value: Value) -> Result<Self, Problem> {
        String::from_json(value).map(Cow::Owned)
    }
}

impl ToJson for bool {
    fn to_json(&self, out: &mut String) {
        out.push_str(if *self { "true" } else { "false" });
    }

    fn is_nothing(&self) -> bool {
        !self
    }
}

impl FromJson for bool {
    fn from_json(value: Value) -> Result<Self, Problem> {
        value.as_bool().ok_or_else(|| expected("a boolean", &value))
    }
}

impl ToJson for u64 {
    fn to_json(&self, out: &mut String) {
        write!(out, "{self}").expect("writing to memory");
    }
}

impl FromJson for u64 {
    fn from_json(value: Value) -> Result<Self, Problem> {
        value
            .as_u64()
            .ok_or_else(|| expected("a whole number from 0", &value))
    }
}

impl ToJson for u32 {
    fn to_json(&self, out: &mut String) {
        u64::from(*self).to_json(out);
    }
}

impl FromJson for u32 {
    fn from_json(value: Value) -> Result<Self, Problem> {
        let number = u64::from_json(value)?;
        u32::try_from(number).map_err(|_| Problem(format!("{number} is too large")))
    }
}

impl ToJson for usize {
    fn to_json(&self, out: &mut String) {
        (*self as u64).to_json(out);
    }
}

impl FromJson for usize {
    fn from_json(value: Value) -> Result<Self, Problem> {
        let number = u64::from_json(value)?;
        usize::try_from(number).map_err(|_| Problem(format!("{number} is too large")))
    }
}

impl ToJson for f64 {
    fn to_json(&self, out: &mut String) {
        // Both have the fewest digits that give the number again. `Debug` adds a fraction where
        // there is none, and has an exponent earlier than other writers of JSON.
        let written = match self.abs() {
            1e-5..1e-4 => write!(out, "{self}"),
            0.0..=f64::MAX => write!(out, "{self:?}"),
            _ => out.write_str("null"),
        };
        written.expect("writing to memory");
    }
}

/// In seconds.
impl ToJson for Duration {
    fn to_json(&self, out: &mut String) {
        self.as_secs_f64().to_json(out);
    }
}

impl FromJson for Duration {
    fn from_json(value: Value) -> Result<Self, Problem> {
        let seconds = value.as_f64().ok_or_else(|| expected("a number", &value))?;
        Duration::try_from_secs_f64(seconds).map_err(|error| Problem(error.to_string()))
    }
}

impl<T: ToJson> ToJson for Option<T> {
    fn to_json(&self, out: &mut String) {
        match self {
            Some(value) => value.to_json(out),
            None => out.push_str("null"),
        }
    }

    fn is_nothing(&self) -> bool {
        self.is_none()
    }
}

impl<T: FromJson> FromJson for Option<T> {
    fn from_json(value: Value) -> Result<Self, Problem> {
        match value {
            Value::Null => Ok(None),
            value => T::from_json(value).map(Some),
        }
    }
}

impl<T: ToJson> ToJson for [T] {
    fn to_json(&self, out: &mut String) {
        out.push('[');
        for (index, value) in self.iter().enumerate() {
            if index > 0 {
                out.push(',');
            }
            value.to_json(out);
        }
        out.push(']');
    }

    fn is_nothing(&self) -> bool {
        self.is_empty()
    }
}

impl<T: ToJson> ToJson for Vec<T> {
    fn to_json(&self, out: &mut String) {
        self.as_slice().to_json(out);
    }

    fn is_nothing(&self) -> bool {
        self.is_empty()
    }
}

impl<T: FromJson> FromJson for Vec<T> {
    fn from_json(value: Value) -> Result<Self, Problem> {
        let mut all = Vec::new();
        for value in array(value)? {
            all.push(T::from_json(value)?);
        }
        Ok(all)
    }
}

fn array(value: Value) -> Result<Vec<Value>, Problem> {
    match value {
        Value::Array(values) => Ok(values),
        other => Err(expected("an array", &other)),
    }
}

impl<A: ToJson, B: ToJson> ToJson for (A, B) {
    fn to_json(&self, out: &mut String) {
        out.push('[');
        self.0.to_json(out);
        out.push(',');
        self.1.to_json(out);
        out.push(']');
    }
}

impl<A: FromJson, B: FromJson> FromJson for (A, B) {
    fn from_json(value: Value) -> Result<Self, Problem> {
        match <[Value; 2]>::try_from(array(value)?) {
            Ok([first, second]) => Ok((A::from_json(first)?, B::from_json(second)?)),
            Err(_) => Err(Problem("expected a pair".to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Both ways, and as serde_json writes it.
    fn check<T>(value: T)
    where
        T: ToJson + FromJson + PartialEq + fmt::Debug + serde::Serialize,
    {
        let text = write(&value);
        assert_eq!(text, serde_json::to_string(&value).unwrap());
        assert_eq!(read::<T>(text.as_bytes()).unwrap(), value);
    }

    #[test]
    fn values_are_written_as_serde_json_does_and_read_again() {
        let all: String = ('\0'..'\u{180}').collect();
        check(all);
        check("\u{7f}\u{2028}\u{1F600}".to_owned());
        check(Arc::<str>::from("a\"b\\c"));
        check([true, false].to_vec());
        check([0, 1, u64::MAX].to_vec());
        check([0, u32::MAX].to_vec());
        check([None, Some(("a".to_owned(), 1_usize))].to_vec());
    }

    #[test]
    fn numbers_with_a_fraction_are_written_as_serde_json_does() {
        for number in [
            0.0,
            1.0,
            -0.1,
            1e-4,
            9.9e-5,
            1e-5,
            1e15,
            123.456_789_012,
            f64::NAN,
        ] {
            assert_eq!(write(&number), serde_json::to_string(&number).unwrap());
        }
        for number in [9.9e-6, -1.5e-7, 5e-324, 1e16, f64::MAX] {
            let text = write(&number);
            assert_eq!(parse(text.as_bytes()).unwrap(), number, "{text}");
        }
        for seconds in [0.0, 1e-9, 0.25, 86_400.5] {
            let duration = Duration::from_secs_f64(seconds);
            let text = write(&duration);
            assert_eq!(read::<Duration>(text.as_bytes()).unwrap(), duration);
        }
    }

    #[test]
    fn objects_have_their_fields_in_order_and_nothing_that_is_optional_and_empty() {
        let mut out = String::new();
        Object::begin(&mut out)
            .field("b", &1_u32)
            .optional("c", &"")
            .optional("d", &None::<bool>)
            .optional("e", &Some("x"))
            .field("a", &Vec::<u32>::new())
            .end();
        assert_eq!(out, r#"{"b":1,"e":"x","a":[]}"#);
    }

    #[test]
    fn what_cannot_be_read_says_where() {
        let problem = |text: &str| {
            let mut fields = Fields::of(text.parse().unwrap()).ok()?;
            let read = fields.take::<Vec<u32>>("lines");
            Some(read.unwrap_err().to_string())
        };
        for (text, expected) in [
            ("{}", "missing field `lines`"),
            (
                r#"{"lines":{}}"#,
                "`lines`: expected an array, found an object",
            ),
            (
                r#"{"lines":["1"]}"#,
                "`lines`: expected a whole number from 0, found a string",
            ),
            (
                r#"{"lines":[1.5]}"#,
                "`lines`: expected a whole number from 0, found another number",
            ),
            (
                r#"{"lines":[4294967296]}"#,
                "`lines`: 4294967296 is too large",
            ),
        ] {
            assert_eq!(problem(text).as_deref(), Some(expected));
        }
        assert!(problem("[]").is_none());
        assert!(read::<bool>(b"true false").is_err());
        assert!(read::<bool>(b"\"\xff\"").is_err());
        assert!(read::<Duration>(b"-1").is_err());
        assert!(read::<(u32, u32)>(b"[1,2,3]").is_err());
    }
}
