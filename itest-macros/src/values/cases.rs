//! `#[case(…)]` on a test, and what is said of one case alone.

use proc_macro2::{Ident, Span};
use quote::ToTokens;
use syn::parse::Parser;
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Attribute, Expr, Meta, Path, Token};

use crate::companion::{Bearer, Companions, companion, take_companions};
use crate::ctxt::Context;

/// `#[case(1, "a")]` or `#[case::name(1, "a")]`.
pub(crate) struct Case {
    pub(crate) name: Option<Ident>,
    pub(crate) values: Vec<Expr>,
    /// What stands between it and the next case, as rstest has it.
    pub(crate) companions: Companions,
    pub(crate) span: Span,
}

/// Takes the cases off a test, each with the attributes behind it that are about a test's result.
pub(crate) fn take_cases(cx: &Context, attrs: &mut Vec<Attribute>) -> Vec<Case> {
    if !attrs.iter().any(|attr| is_case(attr.path())) {
        return Vec::new();
    }
    let mut cases: Vec<(Case, Vec<Attribute>)> = Vec::new();
    for attr in std::mem::take(attrs) {
        if is_case(attr.path()) {
            cases.push((parse_case(cx, &attr), Vec::new()));
        } else if let Some((_, of_case)) = cases.last_mut()
            && companion(attr.path()).is_some()
        {
            of_case.push(attr);
        } else {
            attrs.push(attr);
        }
    }
    let cases = cases.into_iter().map(|(mut case, mut attrs)| {
        case.companions = take_companions(cx, &mut attrs, Bearer::Test);
        case
    });
    cases.collect()
}

fn is_case(path: &Path) -> bool {
    path.segments.len() <= 2 && path.segments.first().is_some_and(|one| one.ident == "case")
}

fn parse_case(cx: &Context, attr: &Attribute) -> Case {
    let path = attr.path();
    let mut case = Case {
        name: path.segments.iter().nth(1).map(|one| one.ident.clone()),
        values: Vec::new(),
        companions: Companions::default(),
        span: path.span(),
    };
    let Meta::List(list) = &attr.meta else {
        let path = path.to_token_stream().to_string().replace(' ', "");
        cx.error_at(
            attr,
            format!(
                "`#[{path}]` on a test gives its values in parentheses\n\
                 help: write `#[{path}(1, \"a\")]`"
            ),
        );
        return case;
    };
    let parser = Punctuated::<Expr, Token![,]>::parse_terminated;
    match parser.parse2(list.tokens.clone()) {
        Ok(values) => case.values = values.into_iter().collect(),
        Err(error) => cx.push(error),
    }
    case
}
