//! `#[with(fixture = value)]`, and the lists of values that fixtures and tests give.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Attribute, Expr, ExprLit, Lit, Meta, Token, UnOp, parenthesized};

use super::names::{distinct, shown};
use crate::ctxt::Context;
use crate::location::expand_location;
use crate::options::text;

/// The values of one fixture.
pub(crate) struct With {
    fixture: Ident,
    values: Vec<Given>,
}

/// `value` or `name = value`.
pub(crate) struct Given {
    pub(crate) name: Option<String>,
    pub(crate) value: Expr,
}

const HELP: &str = "help: write `#[with(fixture = value)]`, or `#[with(fixture(value, value))]` \
    to run the test for each";

/// Takes the `#[with]`s off a test.
pub(crate) fn take_with(cx: &Context, attrs: &mut Vec<Attribute>) -> Vec<With> {
    let mut all: Vec<With> = Vec::new();
    for attr in std::mem::take(attrs) {
        if !attr.path().is_ident("with") {
            attrs.push(attr);
            continue;
        }
        let list = match &attr.meta {
            Meta::List(list) if !list.tokens.is_empty() => list.tokens.clone(),
            _ => {
                cx.error_at(
                    &attr,
                    format!("`#[with]` gives a value to a fixture\n{HELP}"),
                );
                continue;
            }
        };
        let parser = Punctuated::<With, Token![,]>::parse_terminated_with;
        match (|input: ParseStream<'_>| parser(input, parse_with)).parse2(list) {
            Ok(several) => {
                for with in several {
                    if all.iter().any(|other| other.fixture == with.fixture) {
                        let name = &with.fixture;
                        cx.error_at(
                            name,
                            format!(
                                "`{name}` is given twice\n\
                                 help: to run the test for each: `#[with({name}(…, …))]`"
                            ),
                        );
                        continue;
                    }
                    all.push(with);
                }
            }
            Err(error) => cx.error(error.span(), format!("{error}\n{HELP}")),
        }
    }
    all
}

/// `fixture = value` or `fixture(value, value)`
fn parse_with(input: ParseStream<'_>) -> syn::Result<With> {
    let fixture = input
        .call(Ident::parse_any)
        .map_err(|error| syn::Error::new(error.span(), "expected the name of a fixture"))?;
    let values = if input.peek(Token![=]) {
        input.parse::<Token![=]>()?;
        vec![Given {
            name: None,
            value: input.parse()?,
        }]
    } else if input.peek(syn::token::Paren) {
        let inside;
        parenthesized!(inside in input);
        let values = Punctuated::<Given, Token![,]>::parse_terminated_with(&inside, parse_given)?;
        values.into_iter().collect()
    } else {
        let message = format!("expected `=` or `(` after `{fixture}`");
        return Err(syn::Error::new(fixture.span(), message));
    };
    if values.is_empty() {
        let message = format!("`{fixture}()` gives no value, so the test would never run");
        return Err(syn::Error::new(fixture.span(), message));
    }
    Ok(With { fixture, values })
}

/// `value` or `name = value`
pub(crate) fn parse_given(input: ParseStream<'_>) -> syn::Result<Given> {
    let named = input.peek(syn::Ident) && input.peek2(Token![=]) && !input.peek2(Token![==]);
    let mut name = None;
    if named {
        name = Some(input.parse::<Ident>()?.unraw().to_string());
        input.parse::<Token![=]>()?;
    }
    let value = input.parse()?;
    Ok(Given { name, value })
}

/// `&[WithDef { … }, …]`; `p` is the path of `__private`.
pub(crate) fn expand_with(p: &TokenStream, all: &[With]) -> TokenStream {
    let here = Span::mixed_site();
    let all = all.iter().map(|with| {
        let plain = with.fixture.unraw().to_string();
        let fixture = text(&plain);
        let location = expand_location(p, with.fixture.span());
        let named = with.values.iter();
        let ids = distinct(
            &plain,
            named.map(|given| (given.name.as_deref(), &given.value)),
        );
        let values = with.values.iter().zip(ids).map(|(given, id)| {
            let id = text(&id);
            let written = text(&shown(&given.value));
            let value = expand_given(p, &given.value);
            quote_spanned!(here=> #p::GivenDef { id: #id, written: #written, value: &#value })
        });
        quote_spanned! {here=>
            #p::WithDef { fixture: #fixture, values: &[#(#values),*], location: #location }
        }
    });
    quote_spanned!(here=> &[#(#all),*])
}

/// A number without a suffix is of the type that the fixture wants.
fn expand_given(p: &TokenStream, value: &Expr) -> TokenStream {
    let here = Span::mixed_site();
    match number(value) {
        Some(number) => quote_spanned!(here=> #p::GivenNumber(#number)),
        None => quote_spanned!(here=> #p::Given(|| #value)),
    }
}

fn number(value: &Expr) -> Option<TokenStream> {
    match value {
        Expr::Lit(ExprLit {
            lit: Lit::Int(number),
            ..
        }) if number.suffix().is_empty() => Some(number.to_token_stream()),
        Expr::Unary(unary) if matches!(unary.op, UnOp::Neg(_)) => {
            let number = number(&unary.expr)?;
            Some(quote_spanned!(Span::mixed_site()=> -#number))
        }
        Expr::Group(group) => number(&group.expr),
        _ => None,
    }
}
