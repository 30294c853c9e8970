//! What expressions select, and how those are refused that cannot be read.

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
    let operand = |got: &str| format!("expected not OR left parenthesis OR identifier; got {got}");
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
