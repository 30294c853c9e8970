//! The shape that all our attributes share: `flag, key = value, key(entries)`.

use proc_macro2::{Delimiter, Group, Ident, Literal, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::{Lit, LitBool, LitStr, Path};

use crate::ctxt::Context;
use crate::message::shown;

/// One of an attribute's comma-separated entries.
pub(crate) struct Entry {
    /// Without `r#`.
    pub(crate) name: String,
    pub(crate) ident: Ident,
    value: Argument,
    /// All of its tokens, for errors that concern the whole.
    tokens: TokenStream,
}

enum Argument {
    /// `key`
    None,
    /// `key = value`
    Value(TokenStream),
    /// `key(entries)`
    Entries(Group),
}

impl ToTokens for Entry {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        tokens.extend(self.tokens.clone());
    }
}

/// The pieces between top-level commas; none for two commas in a row.
pub(crate) fn split_commas(tokens: TokenStream) -> Vec<TokenStream> {
    let mut pieces = vec![TokenStream::new()];
    for token in tokens {
        match &token {
            TokenTree::Punct(punct) if punct.as_char() == ',' => pieces.push(TokenStream::new()),
            _ => pieces.last_mut().expect("never empty").extend([token]),
        }
    }
    pieces.retain(|piece| !piece.is_empty());
    pieces
}

/// All entries that have the right shape.
pub(crate) fn parse_entries(cx: &Context, tokens: TokenStream) -> Vec<Entry> {
    split_commas(tokens)
        .into_iter()
        .filter_map(|piece| parse_entry(cx, piece))
        .collect()
}

fn parse_entry(cx: &Context, piece: TokenStream) -> Option<Entry> {
    let mut rest = piece.clone().into_iter();
    let Some(TokenTree::Ident(ident)) = rest.next() else {
        let found = shown(&piece);
        cx.error_at(
            piece,
            format!("expected the name of an option, found `{found}`"),
        );
        return None;
    };
    let rest: Vec<TokenTree> = rest.collect();
    let value = match rest.as_slice() {
        [] => Argument::None,
        [TokenTree::Punct(equals), value @ ..] if equals.as_char() == '=' => {
            Argument::Value(value.iter().cloned().collect())
        }
        [TokenTree::Group(group)] if group.delimiter() == Delimiter::Parenthesis => {
            Argument::Entries(group.clone())
        }
        _ => {
            let rest: TokenStream = rest.into_iter().collect();
            let message = format!(
                "expected `=`, `(` or `,` after `{ident}`, found `{}`",
                shown(&rest),
            );
            cx.error_at(rest, message);
            return None;
        }
    };
    Some(Entry {
        name: ident.unraw().to_string(),
        ident,
        value,
        tokens: piece,
    })
}

impl Entry {
    /// `key`
    pub(crate) fn flag(&self, cx: &Context) -> Option<()> {
        match &self.value {
            Argument::None => Some(()),
            _ => {
                let name = &self.ident;
                cx.error_at(
                    self,
                    format!("`{name}` takes no value\nhelp: write `{name}`"),
                );
                None
            }
        }
    }

    /// `key` or `key = true|false`
    pub(crate) fn flag_or_bool(&self, cx: &Context) -> Option<bool> {
        match &self.value {
            Argument::None => Some(true),
            _ => self.bool(cx),
        }
    }

    /// `key = true|false`
    pub(crate) fn bool(&self, cx: &Context) -> Option<bool> {
        let name = &self.ident;
        let example = format!("{name} = false");
        match self.literal(cx, "`true` or `false`", &example)? {
            Lit::Bool(LitBool { value, .. }) => Some(value),
            other => {
                let example = match &other {
                    Lit::Str(text) if text.value() == "true" => format!("{name} = true"),
                    _ => example,
                };
                self.wrong_literal(cx, &other, "`true` or `false`", &example)
            }
        }
    }

    /// `key = "text"`; `example` is a whole entry that would be right.
    pub(crate) fn string(&self, cx: &Context, example: &str) -> Option<LitStr> {
        match self.literal(cx, "a string", example)? {
            Lit::Str(text) => {
                if !text.suffix().is_empty() {
                    cx.error_at(&text, "a string has no suffix here");
                    return None;
                }
                Some(text)
            }
            other => self.wrong_literal(cx, &other, "a string", example),
        }
    }

    /// `key = "text"` that says something.
    pub(crate) fn text(&self, cx: &Context, example: &str) -> Option<LitStr> {
        let text = self.string(cx, example)?;
        if text.value().trim().is_empty() {
            let name = &self.ident;
            cx.error_at(&text, format!("`{name}` is empty\nhelp: write `{example}`"));
            return None;
        }
        Some(text)
    }

    /// `key = 3`, from `least`.
    pub(crate) fn count(&self, cx: &Context, least: u32, example: &str) -> Option<u32> {
        let name = &self.ident;
        let literal = self.literal(cx, "a number", example)?;
        let Lit::Int(number) = &literal else {
            let example = match &literal {
                Lit::Str(text) if text.value().parse::<u32>().is_ok() => {
                    format!("{name} = {}", text.value())
                }
                _ => example.to_owned(),
            };
            return self.wrong_literal(cx, &literal, "a number", &example);
        };
        match number.base10_parse::<u32>() {
            Ok(value) if value >= least => Some(value),
            _ => {
                self.error_at_value(
                    cx,
                    format!(
                        "`{name}` is a whole number from {least} to {}, not `{}`",
                        u32::MAX,
                        shown(number),
                    ),
                );
                None
            }
        }
    }

    /// `key = path::to::something`
    pub(crate) fn path(&self, cx: &Context, example: &str) -> Option<Path> {
        let value = self.value(cx, "a path", example)?;
        match syn::parse::Parser::parse2(Path::parse_mod_style, value.clone()) {
            Ok(path) => Some(path),
            Err(_) => {
                let name = &self.ident;
                let example = match syn::parse2::<LitStr>(value.clone()) {
                    Ok(text) => format!("{name} = {}", text.value()),
                    Err(_) => example.to_owned(),
                };
                cx.error_at(
                    value,
                    format!(
                        "`{name}` is a path, not `{}`\nhelp: write `{example}`",
                        shown(value)
                    ),
                );
                None
            }
        }
    }

    /// The tokens of `key(…)`, which are some.
    pub(crate) fn entries(&self, cx: &Context, example: &str) -> Option<TokenStream> {
        let name = &self.ident;
        match &self.value {
            Argument::Entries(group) if !group.stream().is_empty() => Some(group.stream()),
            Argument::Entries(_) => {
                cx.error_at(
                    self,
                    format!("`{name}()` says nothing\nhelp: write `{example}`"),
                );
                None
            }
            Argument::None | Argument::Value(_) => {
                cx.error_at(
                    self,
                    format!("`{name}` takes a list in parentheses\nhelp: write `{example}`"),
                );
                None
            }
        }
    }

    /// Whether it has neither value nor entries.
    pub(crate) fn is_bare(&self) -> bool {
        matches!(self.value, Argument::None)
    }

    fn value(&self, cx: &Context, expected: &str, example: &str) -> Option<&TokenStream> {
        let name = &self.ident;
        match &self.value {
            Argument::Value(value) if !value.is_empty() => Some(value),
            _ => {
                cx.error_at(
                    self,
                    format!("`{name}` needs a value, {expected}\nhelp: write `{example}`"),
                );
                None
            }
        }
    }

    /// `key = literal`
    pub(crate) fn literal(&self, cx: &Context, expected: &str, example: &str) -> Option<Lit> {
        let value = self.value(cx, expected, example)?;
        match syn::parse2(value.clone()) {
            Ok(literal) => Some(literal),
            Err(_) => {
                let message = wrong_value(&self.ident, value, expected, example);
                cx.error_at(value, message);
                None
            }
        }
    }

    fn wrong_literal<T>(
        &self,
        cx: &Context,
        found: &Lit,
        expected: &str,
        example: &str,
    ) -> Option<T> {
        self.error_at_value(cx, wrong_value(&self.ident, found, expected, example));
        None
    }

    /// An error at the value, or at the whole if there is none.
    pub(crate) fn error_at_value(&self, cx: &Context, message: String) {
        match &self.value {
            Argument::Value(value) if !value.is_empty() => cx.error_at(value, message),
            _ => cx.error_at(self, message),
        }
    }
}

fn wrong_value(name: &Ident, found: &impl ToTokens, expected: &str, example: &str) -> String {
    format!(
        "`{name}` is {expected}, not `{}`\nhelp: write `{example}`",
        shown(found)
    )
}

/// Reports an option that is given twice.
pub(crate) struct Once {
    seen: Vec<String>,
}

impl Once {
    pub(crate) fn new() -> Self {
        Once { seen: Vec::new() }
    }

    /// Whether this is the first of its name.
    pub(crate) fn is_first(&mut self, cx: &Context, entry: &Entry) -> bool {
        if self.seen.contains(&entry.name) {
            cx.error_at(entry, format!("`{}` is given twice", entry.ident));
            return false;
        }
        self.seen.push(entry.name.clone());
        true
    }
}

/// A string of generated code.
pub(crate) fn text(text: &str) -> Literal {
    let mut literal = Literal::string(text);
    literal.set_span(Span::mixed_site());
    literal
}
