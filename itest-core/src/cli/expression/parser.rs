//! [`Parser`]: from the text of an expression to its nodes.

use super::{Name, Node, Wanted};

/// Deeper parentheses are not read: the stack is not endless.
const DEEPEST: usize = 100;

/// Column and message.
pub(super) type Problem = (usize, String);

#[derive(Debug, Clone, PartialEq)]
enum Kind {
    Open,
    Close,
    Equal,
    Comma,
    Or,
    And,
    Not,
    Identifier(String),
    Str(String),
    End,
}

impl Kind {
    /// In pytest's words.
    fn name(&self) -> &'static str {
        match self {
            Kind::Open => "left parenthesis",
            Kind::Close => "right parenthesis",
            Kind::Equal => "=",
            Kind::Comma => ",",
            Kind::Or => "or",
            Kind::And => "and",
            Kind::Not => "not",
            Kind::Identifier(_) => "identifier",
            Kind::Str(_) => "string literal",
            Kind::End => "end of input",
        }
    }
}

#[derive(Debug)]
pub(super) struct Parser {
    text: Vec<char>,
    /// Where the next token is looked for.
    position: usize,
    /// The token that is looked at, and its column.
    kind: Kind,
    column: usize,
    depth: usize,
}

impl Parser {
    pub(super) fn new(text: &str) -> Result<Self, Problem> {
        let mut parser = Parser {
            text: text.chars().collect(),
            position: 0,
            kind: Kind::End,
            column: 1,
            depth: 0,
        };
        parser.advance()?;
        Ok(parser)
    }

    /// Reads the next token and gives the one before.
    fn advance(&mut self) -> Result<Kind, Problem> {
        while matches!(self.text.get(self.position), Some(' ' | '\t')) {
            self.position += 1;
        }
        let start = self.position;
        self.column = start + 1;
        self.position += 1;
        let kind = match self.text.get(start) {
            None => {
                self.position = start;
                Kind::End
            }
            Some('(') => Kind::Open,
            Some(')') => Kind::Close,
            Some('=') => Kind::Equal,
            Some(',') => Kind::Comma,
            Some(quote @ ('"' | '\'')) => self.string(*quote)?,
            Some(first) if is_of_identifier(*first) => self.word(start),
            Some(other) => return Err((self.column, format!("unexpected character \"{other}\""))),
        };
        Ok(std::mem::replace(&mut self.kind, kind))
    }

    /// The rest of a string whose opening quote has been read.
    fn string(&mut self, quote: char) -> Result<Kind, Problem> {
        let rest = &self.text[self.position..];
        let Some(length) = rest.iter().position(|c| *c == quote) else {
            let message = format!("closing quote \"{quote}\" is missing");
            return Err((self.column, message));
        };
        let string = &rest[..length];
        if let Some(backslash) = string.iter().position(|c| *c == '\\') {
            return Err((
                self.position + backslash + 1,
                "escaping with \"\\\" not supported in marker expression".to_owned(),
            ));
        }
        let string = string.iter().collect();
        self.position += length + 1;
        Ok(Kind::Str(string))
    }

    fn word(&mut self, start: usize) -> Kind {
        while self
            .text
            .get(self.position)
            .is_some_and(|c| is_of_identifier(*c))
        {
            self.position += 1;
        }
        let word: String = self.text[start..self.position].iter().collect();
        match &*word {
            "or" => Kind::Or,
            "and" => Kind::And,
            "not" => Kind::Not,
            _ => Kind::Identifier(word),
        }
    }

    /// Goes on behind a token of that kind, if it is there.
    fn accept(&mut self, kind: &Kind) -> Result<bool, Problem> {
        let found = self.kind == *kind;
        if found {
            self.advance()?;
        }
        Ok(found)
    }

    fn unexpected<T>(&self, expected: &str) -> Result<T, Problem> {
        let message = format!("expected {expected}; got {}", self.kind.name());
        Err((self.column, message))
    }

    pub(super) fn expression(mut self) -> Result<Node, Problem> {
        if self.kind == Kind::End {
            return Ok(Node::Never);
        }
        let node = self.any()?;
        match self.kind {
            Kind::End => Ok(node),
            _ => self.unexpected("end of input"),
        }
    }

    fn any(&mut self) -> Result<Node, Problem> {
        let mut nodes = vec![self.all()?];
        while self.accept(&Kind::Or)? {
            nodes.push(self.all()?);
        }
        Ok(one_or(nodes, Node::Any))
    }

    fn all(&mut self) -> Result<Node, Problem> {
        let mut nodes = vec![self.not()?];
        while self.accept(&Kind::And)? {
            nodes.push(self.not()?);
        }
        Ok(one_or(nodes, Node::All))
    }

    fn not(&mut self) -> Result<Node, Problem> {
        let mut negated = false;
        while self.accept(&Kind::Not)? {
            negated = !negated;
        }
        let node = self.single()?;
        Ok(match negated {
            true => Node::Not(Box::new(node)),
            false => node,
        })
    }

    fn single(&mut self) -> Result<Node, Problem> {
        let column = self.column;
        match self.kind {
            Kind::Open => {
                self.depth += 1;
                if self.depth > DEEPEST {
                    let message = format!("more than {DEEPEST} parentheses within each other");
                    return Err((column, message));
                }
                self.advance()?;
                let node = self.any()?;
                self.close()?;
                self.depth -= 1;
                Ok(node)
            }
            Kind::Identifier(_) => {
                let name = self.identifier()?.0;
                let arguments = match self.accept(&Kind::Open)? {
                    true => Some(self.arguments()?),
                    false => None,
                };
                Ok(Node::Name(Name {
                    name,
                    column,
                    arguments,
                }))
            }
            _ => self.unexpected("not OR left parenthesis OR identifier"),
        }
    }

    fn close(&mut self) -> Result<(), Problem> {
        match self.accept(&Kind::Close)? {
            true => Ok(()),
            false => self.unexpected("right parenthesis"),
        }
    }

    /// An identifier and its column.
    fn identifier(&mut self) -> Result<(String, usize), Problem> {
        let column = self.column;
        if !matches!(self.kind, Kind::Identifier(_)) {
            return self.unexpected("identifier");
        }
        match self.advance()? {
            Kind::Identifier(name) => Ok((name, column)),
            other => unreachable!("it was an identifier, not {other:?}"),
        }
    }

    /// `level=3, kind='disk')`
    fn arguments(&mut self) -> Result<Vec<(String, Wanted)>, Problem> {
        let mut arguments = vec![self.argument()?];
        while self.accept(&Kind::Comma)? {
            arguments.push(self.argument()?);
        }
        self.close()?;
        Ok(arguments)
    }

    fn argument(&mut self) -> Result<(String, Wanted), Problem> {
        let (name, column) = self.identifier()?;
        let is_first = |c: char| c.is_alphabetic() || c == '_';
        let is_rest = |c: char| c.is_alphanumeric() || c == '_';
        if !name.starts_with(is_first) || !name.chars().all(is_rest) {
            return Err((column, format!("not a valid identifier {name}")));
        }
        if !self.accept(&Kind::Equal)? {
            return self.unexpected("=");
        }
        if matches!(self.kind, Kind::Str(_)) {
            return match self.advance()? {
                Kind::Str(value) => Ok((name, Wanted::Str(value))),
                other => unreachable!("it was a string, not {other:?}"),
            };
        }
        let (value, column) = self.identifier()?;
        let wanted = match &*value {
            "True" | "true" => Wanted::Bool(true),
            "False" | "false" => Wanted::Bool(false),
            "None" => Wanted::None,
            other => Wanted::Int(number(other).map_err(|message| (column, message))?),
        };
        Ok((name, wanted))
    }
}

fn number(text: &str) -> Result<i64, String> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(format!("unexpected character/s \"{text}\""));
    }
    text.parse()
        .map_err(|_| format!("the number {text} does not fit into 64 bits"))
}

fn one_or(mut nodes: Vec<Node>, several: fn(Vec<Node>) -> Node) -> Node {
    match nodes.len() {
        1 => nodes.remove(0),
        _ => several(nodes),
    }
}

fn is_of_identifier(c: char) -> bool {
    c.is_alphanumeric() || "_:+-.[]\\/".contains(c)
}
