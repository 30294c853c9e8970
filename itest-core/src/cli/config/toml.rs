//! A reader of TOML 1.1 that knows where everything stands.
//!
//! Of TOML it leaves out dates and times, which no setting is. It is here because the crates that
//! do this cost more to compile than the rest of what a test binary newly needs; it is compared
//! with one of them by its tests.

use super::Problem;

/// A value and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Value {
    pub(crate) kind: Kind,
    /// In bytes.
    pub(crate) at: usize,
}

/// What a value is.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Kind {
    Str(String),
    Int(i64),
    Float(f64),
    Bool(bool),
    Array(Array),
    Table(Table),
}

/// `[1, 2]`, or what `[[name]]` makes.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Array {
    pub(crate) values: Vec<Value>,
    /// Written with brackets around, so that nothing can be added.
    closed: bool,
}

/// Keys and their values, in order.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Table {
    pub(crate) entries: Vec<Entry>,
    made: Made,
}

/// A key and its value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Entry {
    pub(crate) key: String,
    /// In bytes.
    pub(crate) at: usize,
    pub(crate) value: Value,
}

/// How a table came to be, which decides what can be added to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Made {
    /// By the header of a table in it.
    #[default]
    Implicitly,
    /// By its own header.
    ByHeader,
    /// By a dotted key.
    ByKey,
    /// `{ … }`
    Inline,
}

/// A part of a dotted key, and where it stands.
type Key = (String, usize);

/// Arrays and tables that stand deeper in each other are not read: the stack is not endless.
const DEEPEST: usize = 80;

/// Reads a whole file.
///
/// # Errors
/// At the first thing that is not TOML.
pub(crate) fn parse(text: &str) -> Result<Table, Problem> {
    let mut reader = Reader {
        text,
        at: 0,
        depth: 0,
    };
    reader.file()
}

impl Kind {
    /// For messages.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Kind::Str(_) => "a string",
            Kind::Int(_) => "a whole number",
            Kind::Float(_) => "a number",
            Kind::Bool(_) => "a boolean",
            Kind::Array(_) => "an array",
            Kind::Table(_) => "a table",
        }
    }
}

impl Table {
    fn position(&self, key: &str) -> Option<usize> {
        self.entries.iter().position(|entry| entry.key == key)
    }

    fn push(&mut self, (key, at): Key, kind: Kind) -> &mut Kind {
        let value = Value { kind, at };
        self.entries.push(Entry { key, at, value });
        let last = self.entries.last_mut().expect("it was pushed just now");
        &mut last.value.kind
    }

    /// The table at that key, made if need be; `by_key` where a dotted key leads to it.
    fn step(&mut self, key: Key, by_key: bool) -> Result<&mut Table, Problem> {
        let (name, at) = (key.0.clone(), key.1);
        let made = if by_key {
            Made::ByKey
        } else {
            Made::Implicitly
        };
        let kind = match self.position(&name) {
            Some(index) => &mut self.entries[index].value.kind,
            None => self.push(
                key,
                Kind::Table(Table {
                    made,
                    ..Table::default()
                }),
            ),
        };
        let refused = |what: &str| Problem::at(at, format!("`{name}` {what}"));
        match kind {
            Kind::Table(table) if table.made == Made::Inline => {
                Err(refused("is an inline table, to which nothing can be added"))
            }
            Kind::Table(table) if by_key && table.made == Made::ByHeader => {
                Err(refused("has a header already"))
            }
            Kind::Table(table) => Ok(table),
            Kind::Array(array) if by_key || array.closed => {
                Err(refused("is an array, not a table"))
            }
            Kind::Array(array) => match array.values.last_mut().map(|value| &mut value.kind) {
                Some(Kind::Table(table)) => Ok(table),
                _ => Err(refused("is an array of something else than tables")),
            },
            other => Err(refused(&format!("is {}, not a table", other.name()))),
        }
    }

    fn insert(&mut self, mut keys: Vec<Key>, value: Value) -> Result<(), Problem> {
        let last = keys.pop().expect("a key has at least one part");
        let mut table = self;
        for key in keys {
            table = table.step(key, true)?;
        }
        if table.position(&last.0).is_some() {
            return Err(twice(&last));
        }
        let (key, at) = last;
        table.entries.push(Entry { key, at, value });
        Ok(())
    }

    /// The table that a header names.
    fn open(&mut self, mut keys: Vec<Key>, array: bool) -> Result<&mut Table, Problem> {
        let last = keys.pop().expect("a key has at least one part");
        let mut table = self;
        for key in keys {
            table = table.step(key, false)?;
        }
        let new = Table {
            made: Made::ByHeader,
            ..Table::default()
        };
        let at = last.1;
        let kind = match table.position(&last.0) {
            None if array => table.push(last, Kind::Array(Array::default())),
            None => table.push(last, Kind::Table(new.clone())),
            Some(index) => {
                let kind = &mut table.entries[index].value.kind;
                match kind {
                    Kind::Array(found) if array && !found.closed => {}
                    Kind::Table(found) if !array && found.made == Made::Implicitly => {
                        found.made = Made::ByHeader;
                    }
                    _ => return Err(twice(&last)),
                }
                kind
            }
        };
        match kind {
            Kind::Table(table) => Ok(table),
            Kind::Array(array) => {
                array.values.push(Value {
                    kind: Kind::Table(new),
                    at,
                });
                match array.values.last_mut().map(|value| &mut value.kind) {
                    Some(Kind::Table(table)) => Ok(table),
                    _ => unreachable!("it was pushed just now"),
                }
            }
            _ => unreachable!("it is one of these"),
        }
    }
}

fn twice((name, at): &Key) -> Problem {
    Problem::at(*at, format!("`{name}` is there already"))
}

struct Reader<'t> {
    text: &'t str,
    /// In bytes.
    at: usize,
    depth: usize,
}

impl Reader<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.at += next.len_utf8();
        Some(next)
    }

    fn accept(&mut self, text: &str) -> bool {
        let found = self.rest().starts_with(text);
        if found {
            self.at += text.len();
        }
        found
    }

    /// Goes on behind all characters of that sort, which it gives.
    fn take_while(&mut self, wanted: impl Fn(char) -> bool) -> String {
        let rest = self.rest();
        let length = rest.find(|c| !wanted(c)).unwrap_or(rest.len());
        let taken = rest[..length].to_owned();
        self.at += length;
        taken
    }

    fn unexpected<T>(&self, expected: &str) -> Result<T, Problem> {
        let found = match self.peek() {
            None => "the end of the file".to_owned(),
            Some('\n' | '\r') => "the end of the line".to_owned(),
            Some(other) => format!("`{}`", other.escape_debug()),
        };
        Err(Problem::at(
            self.at,
            format!("expected {expected}, found {found}"),
        ))
    }

    fn blanks(&mut self) {
        self.take_while(|c| matches!(c, ' ' | '\t'));
    }

    fn newline(&mut self) -> bool {
        self.accept("\n") || self.accept("\r\n")
    }

    fn comment(&mut self) -> Result<(), Problem> {
        if self.accept("#") {
            self.take_while(|c| !is_control(c));
            if !matches!(self.peek(), None | Some('\n')) && !self.rest().starts_with("\r\n") {
                return self.unexpected("no control characters in comments");
            }
        }
        Ok(())
    }

    /// Blanks, comments and line ends.
    fn space(&mut self) -> Result<(), Problem> {
        loop {
            self.blanks();
            self.comment()?;
            if !self.newline() {
                return Ok(());
            }
        }
    }

    fn line_end(&mut self) -> Result<(), Problem> {
        self.blanks();
        self.comment()?;
        if self.newline() || self.peek().is_none() {
            return Ok(());
        }
        self.unexpected("the end of the line")
    }

    fn file(&mut self) -> Result<Table, Problem> {
        let mut root = Table {
            made: Made::ByHeader,
            ..Table::default()
        };
        let mut table = &mut root;
        // A byte order mark.
        self.accept("\u{feff}");
        loop {
            self.space()?;
            if self.peek().is_none() {
                return Ok(root);
            }
            if self.accept("[") {
                let array = self.accept("[");
                let keys = self.keys()?;
                let close = if array { "]]" } else { "]" };
                if !self.accept(close) {
                    return self.unexpected(&format!("`{close}`"));
                }
                table = root.open(keys, array)?;
            } else {
                let (keys, value) = self.pair()?;
                table.insert(keys, value)?;
            }
            self.line_end()?;
        }
    }

    /// `key = value`
    fn pair(&mut self) -> Result<(Vec<Key>, Value), Problem> {
        let keys = self.keys()?;
        if !self.accept("=") {
            return self.unexpected("`=`");
        }
        self.blanks();
        Ok((keys, self.value()?))
    }

    /// `a."b c".d` with the blanks around.
    fn keys(&mut self) -> Result<Vec<Key>, Problem> {
        let mut keys = Vec::new();
        loop {
            self.blanks();
            let at = self.at;
            let key = match self.peek() {
                Some('"') => self.quoted()?,
                Some('\'') => self.literal()?,
                _ => self.take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')),
            };
            if self.at == at {
                return self.unexpected("a key");
            }
            keys.push((key, at));
            // A header with more parts makes tables in each other.
            if keys.len() > DEEPEST {
                return Err(Problem::at(
                    at,
                    format!("more than {DEEPEST} parts of a key"),
                ));
            }
            self.blanks();
            if !self.accept(".") {
                return Ok(keys);
            }
        }
    }

    fn value(&mut self) -> Result<Value, Problem> {
        let at = self.at;
        let kind = match self.peek() {
            Some('"') if self.accept("\"\"\"") => Kind::Str(self.long_quoted()?),
            Some('"') => Kind::Str(self.quoted()?),
            Some('\'') if self.accept("'''") => Kind::Str(self.long_literal()?),
            Some('\'') => Kind::Str(self.literal()?),
            Some('[') => self.deeper(Self::array)?,
            Some('{') => self.deeper(Self::inline_table)?,
            _ => self.word()?,
        };
        Ok(Value { kind, at })
    }

    fn deeper(&mut self, read: fn(&mut Self) -> Result<Kind, Problem>) -> Result<Kind, Problem> {
        if self.depth == DEEPEST {
            return Err(Problem::at(
                self.at,
                format!("more than {DEEPEST} brackets within each other"),
            ));
        }
        self.depth += 1;
        self.next();
        let kind = read(self)?;
        self.depth -= 1;
        Ok(kind)
    }

    fn array(&mut self) -> Result<Kind, Problem> {
        let mut values = Vec::new();
        loop {
            self.space()?;
            if self.accept("]") {
                break;
            }
            values.push(self.value()?);
            self.space()?;
            if !self.accept(",") && self.peek() != Some(']') {
                return self.unexpected("`,` or `]`");
            }
        }
        Ok(Kind::Array(Array {
            values,
            closed: true,
        }))
    }

    fn inline_table(&mut self) -> Result<Kind, Problem> {
        let mut table = Table::default();
        loop {
            self.space()?;
            if self.accept("}") {
                break;
            }
            let (keys, value) = self.pair()?;
            table.insert(keys, value)?;
            self.space()?;
            if !self.accept(",") && self.peek() != Some('}') {
                return self.unexpected("`,` or `}`");
            }
        }
        table.made = Made::Inline;
        Ok(Kind::Table(table))
    }

    /// `"…"`
    fn quoted(&mut self) -> Result<String, Problem> {
        self.next();
        let mut string = String::new();
        loop {
            match self.peek() {
                Some('"') => {
                    self.next();
                    return Ok(string);
                }
                Some('\\') => string.push(self.escape()?),
                Some(c) if !is_control(c) => {
                    self.next();
                    string.push(c);
                }
                _ => return self.unexpected("`\"`"),
            }
        }
    }

    /// `'…'`
    fn literal(&mut self) -> Result<String, Problem> {
        self.next();
        let string = self.take_while(|c| c != '\'' && !is_control(c));
        match self.accept("'") {
            true => Ok(string),
            false => self.unexpected("`'`"),
        }
    }

    /// `"""…"""`, of which the opening quotes have been read.
    fn long_quoted(&mut self) -> Result<String, Problem> {
        self.newline();
        let mut string = String::new();
        loop {
            if self.long_end('"', &mut string) {
                return Ok(string);
            }
            match self.peek() {
                Some('\\') if self.continues() => {}
                Some('\\') => string.push(self.escape()?),
                _ => self.long_char(&mut string, "`\"\"\"`")?,
            }
        }
    }

    /// `'''…'''`, of which the opening quotes have been read.
    fn long_literal(&mut self) -> Result<String, Problem> {
        self.newline();
        let mut string = String::new();
        while !self.long_end('\'', &mut string) {
            self.long_char(&mut string, "`'''`")?;
        }
        Ok(string)
    }

    /// Goes on behind the closing quotes; up to two more belong to the string.
    fn long_end(&mut self, quote: char, string: &mut String) -> bool {
        let quotes = self.rest().chars().take_while(|c| *c == quote).count();
        if quotes < 3 {
            return false;
        }
        let taken = quotes.min(5);
        self.at += taken;
        string.extend(std::iter::repeat_n(quote, taken - 3));
        true
    }

    fn long_char(&mut self, string: &mut String, end: &str) -> Result<(), Problem> {
        let line_end = self.at;
        if self.newline() {
            string.push_str(&self.text[line_end..self.at]);
            return Ok(());
        }
        match self.peek() {
            Some(c) if !is_control(c) => {
                self.next();
                string.push(c);
                Ok(())
            }
            _ => self.unexpected(end),
        }
    }

    /// A backslash at the end of a line swallows the space up to the next text.
    fn continues(&mut self) -> bool {
        let start = self.at;
        self.next();
        self.blanks();
        if !self.newline() {
            self.at = start;
            return false;
        }
        loop {
            self.blanks();
            if !self.newline() {
                return true;
            }
        }
    }

    fn escape(&mut self) -> Result<char, Problem> {
        let at = self.at;
        self.next();
        let digits = match self.next() {
            Some('b') => return Ok('\u{8}'),
            Some('t') => return Ok('\t'),
            Some('n') => return Ok('\n'),
            Some('f') => return Ok('\u{c}'),
            Some('r') => return Ok('\r'),
            Some('e') => return Ok('\u{1b}'),
            Some('"') => return Ok('"'),
            Some('\\') => return Ok('\\'),
            Some('x') => 2,
            Some('u') => 4,
            Some('U') => 8,
            _ => return Err(Problem::at(at, "unknown escape in a string")),
        };
        let hex = self.rest().get(..digits).unwrap_or_default();
        let is_hex = hex.len() == digits && hex.bytes().all(|byte| byte.is_ascii_hexdigit());
        let code = is_hex.then(|| u32::from_str_radix(hex, 16).ok()).flatten();
        self.at += if is_hex { digits } else { 0 };
        code.and_then(char::from_u32)
            .ok_or_else(|| Problem::at(at, "not the number of a character"))
    }

    /// A boolean or a number.
    fn word(&mut self) -> Result<Kind, Problem> {
        let at = self.at;
        let word = self
            .take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.' | '_' | ':'));
        match &*word {
            "" => return self.unexpected("a value"),
            "true" => return Ok(Kind::Bool(true)),
            "false" => return Ok(Kind::Bool(false)),
            _ => {}
        }
        let found = integer(&word)
            .map(Kind::Int)
            .or_else(|| float(&word).map(Kind::Float));
        found.ok_or_else(|| {
            let date = word.starts_with(|c: char| c.is_ascii_digit()) && word.contains(['-', ':']);
            let message = match date {
                true => format!("`{word}`: dates and times are not used here"),
                false => format!("`{word}` is no value: a text needs quotes"),
            };
            Problem::at(at, message)
        })
    }
}

fn is_control(c: char) -> bool {
    c != '\t' && c.is_ascii_control()
}

fn integer(word: &str) -> Option<i64> {
    for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] {
        if let Some(digits) = word.strip_prefix(prefix) {
            let plain = without_underscores(digits, |c| c.is_digit(radix))?;
            return i64::from_str_radix(&plain, radix).ok();
        }
    }
    decimal(word)?.parse().ok()
}

/// A decimal number without underscores, or `None` if it is none.
fn decimal(word: &str) -> Option<String> {
    let unsigned = word.strip_prefix(['+', '-']).unwrap_or(word);
    let digits = without_underscores(unsigned, |c| c.is_ascii_digit())?;
    if digits.len() > 1 && digits.starts_with('0') {
        return None;
    }
    Some(match word.starts_with('-') {
        true => format!("-{digits}"),
        false => digits,
    })
}

fn float(word: &str) -> Option<f64> {
    let unsigned = word.strip_prefix(['+', '-']).unwrap_or(word);
    let sign = if word.starts_with('-') { -1.0 } else { 1.0 };
    match unsigned {
        "inf" => return Some(sign * f64::INFINITY),
        "nan" => return Some(f64::NAN),
        _ => {}
    }
    let digits = |text: &str| without_underscores(text, |c| c.is_ascii_digit());
    let (mantissa, exponent) = match word.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (word, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    if fraction.is_none() && exponent.is_none() {
        return None;
    }
    let mut plain = decimal(whole)?;
    if let Some(fraction) = fraction {
        plain = format!("{plain}.{}", digits(fraction)?);
    }
    if let Some(exponent) = exponent {
        let unsigned = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        let minus = if exponent.starts_with('-') { "-" } else { "" };
        plain = format!("{plain}e{minus}{}", digits(unsigned)?);
    }
    plain.parse().ok()
}

/// Digits with single underscores between them.
fn without_underscores(text: &str, digit: impl Fn(char) -> bool) -> Option<String> {
    let parts = text.split('_');
    let good = |part: &str| !part.is_empty() && part.chars().all(&digit);
    parts.clone().all(good).then(|| parts.collect())
}

#[cfg(test)]
mod tests;
