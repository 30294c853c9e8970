//! What instances of a test are called.

use std::collections::HashMap;

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::{Expr, ExprLit, Lit};

/// No more of a value than this many characters is part of a name.
const LONGEST: usize = 48;

/// `word_07`, so that twelve of them sort as they are counted; from 1.
pub(crate) fn numbered(word: &str, index: usize, count: usize) -> String {
    let width = count.to_string().len();
    format!("{word}_{:0width$}", index + 1)
}

/// What of an expression can be part of an identifier, as rstest has it: `"a.b"` is `__a_b__`.
pub(crate) fn identifier(value: &TokenStream) -> String {
    let mut name = String::new();
    for character in value.to_string().chars().filter(|c| !c.is_whitespace()) {
        match character {
            '"' | '\'' => name.push_str("__"),
            c if c.is_alphanumeric() || c == '_' => name.push(c),
            ':' | '(' | ')' | '{' | '}' | '[' | ']' | ',' | '.' | '*' | '+' | '/' | '-' | '%'
            | '^' | '!' | '&' | '|' => name.push('_'),
            _ => {}
        }
    }
    name.chars().take(LONGEST).collect()
}

/// What a value is called in brackets: `sqlite` for `Backend::Sqlite`, `1` for `1`, `a` for `"a"`;
/// `None` for what has no short name of its own.
fn short(value: &Expr) -> Option<String> {
    let name = match value {
        Expr::Path(path) => snake_case(&path.path.segments.last()?.ident.to_string()),
        Expr::Lit(ExprLit { lit, .. }) => match lit {
            Lit::Str(text) => text.value(),
            Lit::Char(character) => character.value().to_string(),
            Lit::Int(number) => number.base10_digits().to_owned(),
            Lit::Float(number) => number.base10_digits().to_owned(),
            Lit::Bool(flag) => flag.value.to_string(),
            _ => return None,
        },
        Expr::Unary(unary) => match (&unary.op, short(&unary.expr)?) {
            (syn::UnOp::Neg(_), number) => format!("-{number}"),
            _ => return None,
        },
        Expr::Group(group) => return short(&group.expr),
        Expr::Reference(reference) => return short(&reference.expr),
        _ => return None,
    };
    // A name is part of command lines and of reports.
    let is_plain = |c: char| c.is_alphanumeric() || "_-.+/@".contains(c);
    (!name.is_empty() && name.chars().count() <= LONGEST && name.chars().all(is_plain))
        .then_some(name)
}

/// A name for each value, all different: the one that was given, its own, or `word_2`.
pub(crate) fn distinct<'a>(
    word: &str,
    values: impl Iterator<Item = (Option<&'a str>, &'a Expr)>,
) -> Vec<String> {
    let names: Vec<String> = values
        .enumerate()
        .map(|(index, (given, value))| {
            let own = || short(value).unwrap_or_else(|| format!("{word}_{}", index + 1));
            given.map_or_else(own, str::to_owned)
        })
        .collect();
    let mut count: HashMap<&str, usize> = HashMap::new();
    for name in &names {
        *count.entry(name).or_default() += 1;
    }
    let names = names.iter().enumerate();
    let distinct = names.map(|(index, name)| match count[&**name] {
        1 => name.clone(),
        _ => format!("{name}_{}", index + 1),
    });
    distinct.collect()
}

fn snake_case(name: &str) -> String {
    let mut snake = String::new();
    let mut before = '_';
    for character in name.chars() {
        if character.is_uppercase() && (before.is_lowercase() || before.is_numeric()) {
            snake.push('_');
        }
        snake.extend(character.to_lowercase());
        before = character;
    }
    snake
}

/// The tokens of a value as a test's name shows them.
pub(crate) fn shown(value: &Expr) -> String {
    value.to_token_stream().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use syn::parse_quote;

    #[test]
    fn names() {
        assert_eq!(numbered("case", 0, 9), "case_1");
        assert_eq!(numbered("case", 0, 10), "case_01");
        let of = |value: Expr| identifier(&value.to_token_stream());
        assert_eq!(of(parse_quote!("a.b")), "__a_b__");
        assert_eq!(of(parse_quote!(State::Init)), "State__Init");
        assert_eq!(of(parse_quote!(-1)), "_1");
        let short = |values: &[Expr]| distinct("it", values.iter().map(|value| (None, value)));
        let values: [Expr; 5] = [
            parse_quote!(Backend::MySql),
            parse_quote!(-1),
            parse_quote!("a"),
            parse_quote!("a b"),
            parse_quote!(f(1)),
        ];
        assert_eq!(short(&values), ["my_sql", "-1", "a", "it_4", "it_5"]);
        let values: [Expr; 3] = [parse_quote!(1), parse_quote!(1), parse_quote!(2)];
        assert_eq!(short(&values), ["1_1", "1_2", "2"]);
    }
}
