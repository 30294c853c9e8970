//! [`Expression`]: what `-m` and `-k` select, `integration and not (slow or load(level=3))`.
//!
//! The grammar, the precedence and the words of the errors are pytest's.

use std::fmt;

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

/// Deeper parentheses are not read: the stack is not endless.
const DEEPEST: usize = 100;

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

/// Column and message.
type Problem = (usize, String);

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
struct Parser {
    text: Vec<char>,
    /// Where the next token is looked for.
    position: usize,
    /// The token that is looked at, and its column.
    kind: Kind,
    column: usize,
    depth: usize,
}

impl Parser {
    fn new(text: &str) -> Result<Self, Problem> {
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

    fn expression(mut self) -> Result<Node, Problem> {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Expression {
        Expression::parse(text).unwrap_or_else(|error| panic!("{text:?}: {error}"))
    }

    fn marker(name: &'static str, args: &'static [(&'static str, MarkerValue)]) -> Marker {
        Marker { name, args }
    }

    #[test]
    fn expressions_hold() {
        let check = |text: &str, expected: bool| {
            let yes = marker("true", &[]);
            assert_eq!(parse(text).holds_for_markers(&[&yes]), expected, "{text:?}");
        };
        for (text, expected) in [
            ("", false),
            (" \t ", false),
            ("true", true),
            ("false", false),
            ("not true", false),
            ("not false", true),
            ("not not true", true),
            ("not not false", false),
            ("true and true", true),
            ("true and false", false),
            ("false and true", false),
            ("true and true and true", true),
            ("true and true and false", false),
            ("true and true and not true", false),
            ("false or false", false),
            ("false or true", true),
            ("true or true", true),
            ("true or true or false", true),
            ("true and true or false", true),
            ("not true or true", true),
            ("(not true) or true", true),
            ("not (true or true)", false),
            ("true and true or false and false", true),
            ("true and (true or false) and false", false),
            ("true and (true or (not (not false))) and false", false),
            ("not (true and (true or (not (not false))) and false)", true),
            ("               true           ", true),
            ("               ((((((true))))))           ", true),
            ("     (         ((\t  (((true)))))  \t   \t)", true),
            ("(  true     and   (((false))))", false),
            ("not not not not true", true),
            ("not not not not not true", false),
        ] {
            check(text, expected);
        }
    }

    #[test]
    fn names_may_have_odd_characters() {
        for name in [
            ".",
            "...",
            ":::",
            "a:::c",
            "a+-b",
            r"\nhe\\l\lo\n\t\rbye",
            "a/b",
            "אבגד",
            "aaאבגדcc",
            "a[bcd]",
            "1234",
            "1234abcd",
            "1234and",
            "1234or",
            "1234not",
            "notandor",
            "not_and_or",
            "not[and]or",
            "1234+5678",
            "123.232",
            "True",
            "False",
            "None",
            "if",
            "else",
            "while",
        ] {
            let expression = parse(name);
            assert!(
                expression.root == parse(&format!(" ({name}) ")).root.moved(name),
                "{name}"
            );
            assert_eq!(expression.name_at(1), Some(name));
        }
        for name in [
            "/a%b", "^", "{", "*", "\"a", "a;b", "a&b", "a|b", "a\nb", "@",
        ] {
            assert!(Expression::parse(name).is_err(), "{name}");
        }
    }

    impl Node {
        fn moved(mut self, _: &str) -> Node {
            if let Node::Name(name) = &mut self {
                name.column = 1;
            }
            self
        }
    }

    #[test]
    fn errors_point_at_the_column() {
        let check = |text: &str, column: usize, message: &str| {
            let error = Expression::parse(text).expect_err(text);
            assert_eq!(
                (error.column, &*error.message),
                (column, message),
                "{text:?}"
            );
        };
        let operand =
            |got: &str| format!("expected not OR left parenthesis OR identifier; got {got}");
        let end = &operand("end of input");
        check("(", 2, end);
        check(" (", 3, end);
        check(")", 1, &operand("right parenthesis"));
        check(") ", 1, &operand("right parenthesis"));
        check("not", 4, end);
        check("not not", 8, end);
        check("(not)", 5, &operand("right parenthesis"));
        check("and", 1, &operand("and"));
        check("ident and", 10, end);
        check("ident and or", 11, &operand("or"));
        check("ident ident", 7, "expected end of input; got identifier");
        check("foo or", 7, end);
        check("foo or or", 8, &operand("or"));
        check("or or", 1, &operand("or"));
        check("foo not", 5, "expected end of input; got not");
        check("foo bar", 5, "expected end of input; got identifier");
        check("a and (b or", 12, end);
        check("((a)", 5, "expected right parenthesis; got end of input");
        check("a b)", 3, "expected end of input; got identifier");
        check("a)", 2, "expected end of input; got right parenthesis");
        check("'str'", 1, &operand("string literal"));
        check("a = b", 3, "expected end of input; got =");
        check("a, b", 2, "expected end of input; got ,");
        check("a & b", 3, "unexpected character \"&\"");

        check("mark()", 6, "expected identifier; got right parenthesis");
        check("mark(1)", 6, "not a valid identifier 1");
        check("mark(1=2)", 6, "not a valid identifier 1");
        check("mark(/=2)", 6, "not a valid identifier /");
        check("mark(True)", 10, "expected =; got right parenthesis");
        check("mark(var)", 9, "expected =; got right parenthesis");
        check(
            "mark(var=)",
            10,
            "expected identifier; got right parenthesis",
        );
        check("mark(var==", 10, "expected identifier; got =");
        check("mark(var=none)", 10, "unexpected character/s \"none\"");
        check("mark(var=1.1)", 10, "unexpected character/s \"1.1\"");
        check("mark(var=--1)", 10, "unexpected character/s \"--1\"");
        check("mark(var=-)", 10, "unexpected character/s \"-\"");
        check("mark(var=')", 10, "closing quote \"'\" is missing");
        check("mark(var=\"')", 10, "closing quote \"\"\" is missing");
        check(
            "mark(var='\\hugo')",
            11,
            "escaping with \"\\\" not supported in marker expression",
        );
        check(
            "mark(a=1,)",
            10,
            "expected identifier; got right parenthesis",
        );
        check(
            "mark(a=1",
            9,
            "expected right parenthesis; got end of input",
        );
        check(
            "mark(a=1 b=2)",
            10,
            "expected right parenthesis; got identifier",
        );
        check("mark(a=b)", 8, "unexpected character/s \"b\"");
        check("mark(not=1)", 6, "expected identifier; got not");
        check(
            "mark(a=99999999999999999999)",
            8,
            "the number 99999999999999999999 does not fit into 64 bits",
        );
        check(
            &"(".repeat(101),
            101,
            "more than 100 parentheses within each other",
        );
        check(
            &"(".repeat(1_000_000),
            101,
            "more than 100 parentheses within each other",
        );
    }

    #[test]
    fn long_expressions_are_no_deep_ones() {
        let long = |word: &str| format!("true{}", format!(" {word} true").repeat(100_000));
        for text in [long("and"), long("or"), "not ".repeat(200_000) + "true"] {
            let yes = marker("true", &[]);
            assert!(parse(&text).holds_for_markers(&[&yes]));
        }
        let deep = "(".repeat(100) + "true" + &")".repeat(100);
        assert!(parse(&format!("{deep} and {deep}")).name_at(101).is_some());
    }

    #[test]
    fn errors_are_shown() {
        let error = Expression::parse("a\tand (b or ").expect_err("not closed");
        let expected = "expected not OR left parenthesis OR identifier; got end of input
  --> column 13
   |
   | a and (b or 
   |             ^";
        assert_eq!(error.to_string(), expected);
    }

    #[test]
    fn arguments_are_compared() {
        use MarkerValue::{Bool, Int, Str};
        let t1 = [
            marker("car", &[("ac", Bool(true))]),
            marker("car", &[("temp", Int(4))]),
            marker("car", &[("color", Str("red"))]),
        ];
        let t2 = [marker(
            "car",
            &[
                ("ac", Bool(false)),
                ("temp", Int(5)),
                ("color", Str("blue")),
            ],
        )];
        let t3 = [marker("car", &[("temp", Int(-5))])];
        let check = |text: &str, expected: [bool; 3]| {
            let expression = parse(text);
            let holds = [&t1[..], &t2, &t3]
                .map(|markers| expression.holds_for_markers(&markers.iter().collect::<Vec<_>>()));
            assert_eq!(holds, expected, "{text}");
        };
        check("car", [true; 3]);
        check("car(color='red')", [true, false, false]);
        check(
            "car(color=\"red\") or car(color='blue')",
            [true, true, false],
        );
        check("car and not car(temp=5)", [true, false, true]);
        check("car(temp=4)", [true, false, false]);
        check("car(temp=4) and car(temp=5)", [false; 3]);
        check("car(temp=5,color='blue')", [false, true, false]);
        check("car ( temp = 5 , color = 'blue' )", [false, true, false]);
        check("car(temp=4, color='red')", [false; 3]);
        check("car(temp=-5)", [false, false, true]);
        check("car(ac=True)", [true, false, false]);
        check("car(ac=true)", [true, false, false]);
        check("car(ac=False)", [false, true, false]);
        check("car(ac=None)", [false; 3]);
        check("car(temp='4')", [false; 3]);
        check("car(color='')", [false; 3]);
        check("car(other=1)", [false; 3]);
        check("bus(temp=4)", [false; 3]);
    }

    #[test]
    fn keywords_are_parts_of_names() {
        let check = |text: &str, test: &str, expected: bool| {
            let slow = marker("slow", &[]);
            let holds = parse(text).holds_for_keywords(test, &[&slow]);
            assert_eq!(holds, expected, "{text} {test}");
        };
        check("METHOD", "m1::GAlpha::t4_Method", true);
        check("galpha and not t3", "m1::GAlpha::t4_Method", true);
        check("slo", "m1::t", true);
        check("interface or pass", "m1::t2_nointer", false);
        check("[1.3]", "m1::t1[1.3]", true);
        check("m1::t", "m1::t", true);
        let error = parse("a and b(c=1)").check_no_arguments().unwrap();
        assert_eq!(error.column, 7);
    }

    #[test]
    fn unknown_names_are_found() {
        let known = |name: &str| name == "slow";
        assert_eq!(parse("slow and not slow").check_names(&known), None);
        let error = parse("slow or not (nosuch(a=1))")
            .check_names(&known)
            .unwrap();
        assert_eq!(
            (error.column, &*error.message),
            (14, "unknown marker `nosuch`")
        );
    }

    proptest::proptest! {
        #[test]
        fn anything_is_read_or_refused(text in "[()a-c='\", \\\\1-]{0,24}|\\PC{0,24}|(a|b|not|and|or|\\(|\\)| ){0,16}") {
            match Expression::parse(&text) {
                Ok(expression) => {
                    expression.holds_for_markers(&[]);
                    let again = parse(&expression.to_string());
                    proptest::prop_assert_eq!(expression, again);
                }
                Err(error) => {
                    proptest::prop_assert!((1..=text.chars().count() + 1).contains(&error.column));
                    proptest::prop_assert!(error.to_string().ends_with('^'));
                }
            }
        }

        /// Compared with an evaluation that knows nothing of columns.
        #[test]
        fn precedence(tree in tree(4)) {
            let text = tree.text();
            let yes = marker("t", &[]);
            let holds = parse(&text).holds_for_markers(&[&yes]);
            proptest::prop_assert_eq!(holds, tree.holds(), "{}", text);
        }
    }

    #[derive(Debug, Clone)]
    enum Tree {
        Leaf(bool),
        Not(Box<Tree>),
        And(Box<Tree>, Box<Tree>),
        Or(Box<Tree>, Box<Tree>),
    }

    impl Tree {
        fn holds(&self) -> bool {
            match self {
                Tree::Leaf(value) => *value,
                Tree::Not(tree) => !tree.holds(),
                Tree::And(a, b) => a.holds() && b.holds(),
                Tree::Or(a, b) => a.holds() || b.holds(),
            }
        }

        /// With as few parentheses as the precedence allows.
        fn text(&self) -> String {
            let within = |tree: &Tree, level: u8| match tree.level() < level {
                true => format!("({})", tree.text()),
                false => tree.text(),
            };
            match self {
                Tree::Leaf(true) => "t".to_owned(),
                Tree::Leaf(false) => "f".to_owned(),
                Tree::Not(tree) => format!("not {}", within(tree, 2)),
                Tree::And(a, b) => format!("{} and {}", within(a, 1), within(b, 1)),
                Tree::Or(a, b) => format!("{} or {}", within(a, 0), within(b, 0)),
            }
        }

        fn level(&self) -> u8 {
            match self {
                Tree::Or(..) => 0,
                Tree::And(..) => 1,
                Tree::Not(_) | Tree::Leaf(_) => 2,
            }
        }
    }

    fn tree(depth: u32) -> impl proptest::strategy::Strategy<Value = Tree> {
        use proptest::prelude::*;
        let leaf = any::<bool>().prop_map(Tree::Leaf);
        leaf.prop_recursive(depth, 32, 2, |inner| {
            let pair = (inner.clone(), inner.clone());
            prop_oneof![
                inner.clone().prop_map(|tree| Tree::Not(Box::new(tree))),
                pair.clone()
                    .prop_map(|(a, b)| Tree::And(Box::new(a), Box::new(b))),
                pair.prop_map(|(a, b)| Tree::Or(Box::new(a), Box::new(b))),
            ]
        })
    }
}
