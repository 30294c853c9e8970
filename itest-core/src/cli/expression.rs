//! [`Expression`]: what `-m` and `-k` select, `integration and not (slow or load(level=3))`.
//!
//! The grammar, the precedence and the words of the errors are pytest's.

mod parser;
#[cfg(test)]
mod tests;

use std::fmt;

use self::parser::Parser;
use crate::def::{Marker, MarkerValue};

/// A condition on a test's names.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Expression {
    text: String,
    root: Node,
}

#[derive(Debug, Clone, PartialEq)]
enum Node {
    /// Of an empty expression.
    Never,
    Name(Name),
    Not(Box<Node>),
    All(Vec<Node>),
    Any(Vec<Node>),
}

/// `load`, or `load(level=3)`.
#[derive(Debug, Clone, PartialEq)]
struct Name {
    name: String,
    /// From 1, in characters.
    column: usize,
    /// What the arguments must be, if any is asked for.
    arguments: Option<Vec<(String, Wanted)>>,
}

/// The value that an argument must have.
#[derive(Debug, Clone, PartialEq)]
enum Wanted {
    Str(String),
    Int(i64),
    Bool(bool),
    /// No marker has it.
    None,
}

/// An expression that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ExpressionError {
    text: String,
    /// From 1, in characters.
    pub(crate) column: usize,
    pub(crate) message: String,
}

impl Expression {
    /// Reads an expression; an empty one holds for no test.
    ///
    /// # Errors
    /// At the first character that cannot stand there.
    pub(crate) fn parse(text: &str) -> Result<Self, ExpressionError> {
        let parsed = Parser::new(text).and_then(Parser::expression);
        match parsed {
            Ok(root) => Ok(Expression {
                text: text.to_owned(),
                root,
            }),
            Err((column, message)) => Err(ExpressionError {
                text: text.to_owned(),
                column,
                message,
            }),
        }
    }

    /// Whether it holds for a test with these markers.
    pub(crate) fn holds_for_markers(&self, markers: &[&Marker]) -> bool {
        self.root.holds(&|wanted| {
            let mut named = markers.iter().filter(|marker| marker.name == wanted.name);
            named.any(|marker| wanted.fits(marker))
        })
    }

    /// Whether it holds for a test of which each name is to be a part, whatever the case.
    pub(crate) fn holds_for_keywords(&self, test: &str, markers: &[&Marker]) -> bool {
        let test = test.to_lowercase();
        self.root.holds(&|wanted| {
            let wanted = wanted.name.to_lowercase();
            let mut markers = markers.iter().map(|marker| marker.name.to_lowercase());
            test.contains(&wanted) || markers.any(|marker| marker.contains(&wanted))
        })
    }

    /// The error of the first name that is not among `known`, if any.
    pub(crate) fn check_names(&self, known: &dyn Fn(&str) -> bool) -> Option<ExpressionError> {
        let name = self.root.find(&|name| !known(&name.name))?;
        Some(self.error(name.column, format!("unknown marker `{}`", name.name)))
    }

    /// The error of the first name with arguments, which keywords do not have.
    pub(crate) fn check_no_arguments(&self) -> Option<ExpressionError> {
        let name = self.root.find(&|name| name.arguments.is_some())?;
        let message = "keyword expressions do not support call parameters";
        Some(self.error(name.column, message.to_owned()))
    }

    /// The name at that column.
    pub(crate) fn name_at(&self, column: usize) -> Option<&str> {
        let name = self.root.find(&|name| name.column == column)?;
        Some(&name.name)
    }

    fn error(&self, column: usize, message: String) -> ExpressionError {
        ExpressionError {
            text: self.text.clone(),
            column,
            message,
        }
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The message, then the expression with a caret below the column.
impl fmt::Display for ExpressionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What is not printed as one cell would move the caret.
        let shown = |c: char| if c.is_control() { ' ' } else { c };
        let text: String = self.text.chars().map(shown).collect();
        let before = self.column - 1;
        write!(
            f,
            "{}\n  --> column {}\n   |\n   | {text}\n   | {:before$}^",
            self.message, self.column, ""
        )
    }
}

impl Node {
    fn holds(&self, of: &dyn Fn(&Name) -> bool) -> bool {
        match self {
            Node::Never => false,
            Node::Name(name) => of(name),
            Node::Not(node) => !node.holds(of),
            Node::All(nodes) => nodes.iter().all(|node| node.holds(of)),
            Node::Any(nodes) => nodes.iter().any(|node| node.holds(of)),
        }
    }

    /// The first name of that sort, from the left.
    fn find(&self, wanted: &dyn Fn(&Name) -> bool) -> Option<&Name> {
        match self {
            Node::Never => None,
            Node::Name(name) => wanted(name).then_some(name),
            Node::Not(node) => node.find(wanted),
            Node::All(nodes) | Node::Any(nodes) => nodes.iter().find_map(|node| node.find(wanted)),
        }
    }
}

impl Name {
    /// Whether the marker has all of the arguments, as wanted.
    fn fits(&self, marker: &Marker) -> bool {
        let mut wanted = self.arguments.iter().flatten();
        wanted.all(|(name, wanted)| {
            let mut arguments = marker.args.iter();
            arguments.any(|(argument, value)| argument == name && wanted.is(value))
        })
    }
}

impl Wanted {
    fn is(&self, value: &MarkerValue) -> bool {
        match (self, value) {
            (Wanted::Str(wanted), MarkerValue::Str(value)) => wanted == value,
            (Wanted::Int(wanted), MarkerValue::Int(value)) => wanted == value,
            (Wanted::Bool(wanted), MarkerValue::Bool(value)) => wanted == value,
            _ => false,
        }
    }
}
