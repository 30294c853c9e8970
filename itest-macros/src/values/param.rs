//! [`ValueParam`]: one parameter, what its attribute says, and the code that gives it its value.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::parse::Parser;
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Attribute, Expr, ExprLit, Lifetime, Lit, LitStr, Meta, Token, Type};

use crate::ctxt::Context;
use crate::types::{Finding, findings, peel};

/// A parameter with a value.
pub(crate) struct ValueParam {
    /// Without leading underscores; empty for a pattern.
    pub(crate) name: String,
    pub(crate) span: Span,
    pub(crate) ty: Type,
    pub(crate) kind: Kind,
    /// Which set of the test the value is of; found when all parameters are known.
    pub(crate) set: usize,
    /// Those that stand in the source, or will when all is known.
    pub(crate) values: Vec<Expr>,
}

/// Where the value comes from.
pub(crate) enum Kind {
    /// The `#[case]`s of the test.
    Case,
    /// Its own `#[values(…)]`.
    Values,
    /// Its own `#[files("…")]`.
    Files {
        patterns: Vec<LitStr>,
        exclude: Vec<LitStr>,
    },
    /// `params(…)` of the fixture, or a test's `#[with]`.
    Param,
}

/// Takes the attributes that make it a parameter with a value; `None` if there are none.
///
/// `what` is `a test` or `a fixture`.
pub(crate) fn take_kind(
    cx: &Context,
    attrs: &mut Vec<Attribute>,
    what: &str,
) -> Option<(Kind, Vec<Expr>)> {
    let mut found: Option<(Kind, Vec<Expr>)> = None;
    let mut exclude = Vec::new();
    let all = std::mem::take(attrs);
    for attr in all {
        let name = attr.path().get_ident().map(Ident::to_string);
        let (kind, values) = match name.as_deref() {
            Some("case") => {
                if !matches!(attr.meta, Meta::Path(_)) {
                    cx.error_at(
                        &attr,
                        "`#[case]` of a parameter takes no values\n\
                         help: write `#[case] name: T` here, and `#[case(value)]` on the function",
                    );
                }
                (Kind::Case, Vec::new())
            }
            Some("param") => {
                if !matches!(attr.meta, Meta::Path(_)) {
                    cx.error_at(
                        &attr,
                        "`#[param]` takes no values\n\
                         help: they go into `#[fixture(params(…))]`",
                    );
                }
                (Kind::Param, Vec::new())
            }
            Some("values") => (Kind::Values, parse_values(cx, &attr)),
            Some("files") => {
                let patterns = parse_patterns(cx, &attr);
                if let Some((
                    Kind::Files {
                        patterns: known, ..
                    },
                    _,
                )) = &mut found
                {
                    known.extend(patterns);
                    continue;
                }
                let exclude = Vec::new();
                (Kind::Files { patterns, exclude }, Vec::new())
            }
            Some("exclude") => {
                exclude.push((parse_patterns(cx, &attr), attr));
                continue;
            }
            _ => {
                attrs.push(attr);
                continue;
            }
        };
        if let Some(message) = misplaced(&kind, what) {
            cx.error_at(&attr, message);
        }
        if found.is_some() {
            cx.error_at(&attr, "a parameter has its value from one attribute");
            continue;
        }
        found = Some((kind, values));
    }
    for (more, attr) in exclude {
        match &mut found {
            Some((Kind::Files { exclude, .. }, _)) => exclude.extend(more),
            _ => cx.error_at(&attr, "`#[exclude]` stands beside `#[files]`"),
        }
    }
    found
}

fn misplaced(kind: &Kind, what: &str) -> Option<&'static str> {
    match (kind, what) {
        (Kind::Param, "a test") => Some(
            "`#[param]` goes on a parameter of a fixture\n\
             help: a test takes `#[case] name: T`, or `#[values(…)] name: T`",
        ),
        (Kind::Case | Kind::Values | Kind::Files { .. }, "a fixture") => Some(
            "a fixture has its values from `params(…)`\n\
             help: write `#[fixture(params(…))]` and `#[param] name: T`",
        ),
        _ => None,
    }
}

/// `#[values(1, 2)]`
fn parse_values(cx: &Context, attr: &Attribute) -> Vec<Expr> {
    let values = match &attr.meta {
        Meta::List(list) => {
            let parser = Punctuated::<Expr, Token![,]>::parse_terminated;
            match parser.parse2(list.tokens.clone()) {
                Ok(values) => values.into_iter().collect(),
                Err(error) => {
                    cx.push(error);
                    return Vec::new();
                }
            }
        }
        _ => Vec::new(),
    };
    if values.is_empty() {
        cx.error_at(
            attr,
            "`#[values]` has no value, so the test would never run\n\
             help: write `#[values(1, 2, 3)]`",
        );
    }
    values
}

/// `#[files("data/*.json")]`
fn parse_patterns(cx: &Context, attr: &Attribute) -> Vec<LitStr> {
    let name = attr.path().to_token_stream();
    if let Meta::List(list) = &attr.meta {
        let parser = Punctuated::<LitStr, Token![,]>::parse_terminated;
        if let Ok(patterns) = parser.parse2(list.tokens.clone())
            && !patterns.is_empty()
        {
            for pattern in &patterns {
                if pattern.value().trim_matches('/').is_empty() {
                    cx.error_at(pattern, format!("`{name}` names no file"));
                }
            }
            return patterns.into_iter().collect();
        }
    }
    cx.error_at(
        attr,
        format!(
            "`{name}` takes patterns of paths, relative to the package\n\
             help: write `#[{name}(\"tests/data/*.json\")]`"
        ),
    );
    Vec::new()
}

/// `let value = …;`, and the argument of the call; `p` is the path of `__private`, `args` the
/// values of the call.
pub(crate) fn expand_value(
    p: &TokenStream,
    args: &Ident,
    value: &Ident,
    param: &ValueParam,
) -> (TokenStream, TokenStream) {
    let here = Span::mixed_site();
    let set = param.set;
    let ty = &param.ty;
    let ascribed = (!is_impl(ty)).then(|| quote_spanned!(here=> : #ty));
    if matches!(param.kind, Kind::Files { .. }) {
        let borrow = matches!(peel(ty), Type::Reference(_)).then(|| quote_spanned!(here=> &));
        let statement = quote_spanned!(here=> let #value = #args.file(#set););
        return (statement, quote_spanned!(ty.span()=> #borrow #value));
    }
    let arms = param.values.iter().enumerate().map(|(index, expr)| {
        let expr = expand_expression(p, expr, ty);
        quote_spanned!(here=> #index => #expr,)
    });
    let otherwise = match param.kind {
        Kind::Param => {
            let ty = static_type(ty);
            quote_spanned!(here=> #args.given::<#ty>(#set))
        }
        _ => quote_spanned!(here=> #p::no_such_value()),
    };
    let variants = expand_variants(param);
    let statement = quote_spanned! {here=>
        let #value #ascribed = {
            #variants
            match #args.index(#set) { #(#arms)* _ => #otherwise }
        };
    };
    (statement, value.to_token_stream())
}

/// A literal where another type is wanted is converted.
fn expand_expression(p: &TokenStream, expr: &Expr, ty: &Type) -> TokenStream {
    let here = Span::mixed_site();
    match literal(expr) {
        Some(text) if !is_impl(ty) && !matches!(peel(ty), Type::Reference(_)) => {
            // With the literal's span, where a wrong type is reported.
            let there = here.located_at(text.span());
            let value = quote_spanned!(there=> (&&#p::text::Text::<#ty>::new(#text)).value());
            quote_spanned! {here=>
                {
                    #[allow(unused_imports)]
                    use #p::text::*;
                    #value
                }
            }
        }
        _ => expr.to_token_stream(),
    }
}

fn literal(expr: &Expr) -> Option<&LitStr> {
    match expr {
        Expr::Lit(ExprLit {
            lit: Lit::Str(text),
            ..
        }) => Some(text),
        Expr::Group(group) => literal(&group.expr),
        _ => None,
    }
}

fn is_impl(ty: &Type) -> bool {
    findings(ty)
        .iter()
        .any(|finding| matches!(finding, Finding::ImplTrait(_)))
}

/// Variants of a fixture's `params` may be written without the name of their enum.
fn expand_variants(param: &ValueParam) -> Option<TokenStream> {
    let here = Span::mixed_site();
    let is_variant = |expr: &Expr| {
        matches!(expr, Expr::Path(path) if path.path.get_ident().is_some_and(|ident| {
            let name = ident.to_string();
            name.starts_with(char::is_uppercase) && name.contains(char::is_lowercase)
        }))
    };
    let Type::Path(ty) = peel(&param.ty) else {
        return None;
    };
    let plain = ty.qself.is_none() && ty.path.segments.iter().all(|one| one.arguments.is_empty());
    let is_shorthand = matches!(param.kind, Kind::Param)
        && plain
        && !param.values.is_empty()
        && param.values.iter().all(is_variant);
    is_shorthand.then(|| quote_spanned!(here=> #[allow(unused_imports)] use #ty::*;))
}

/// The type as it can be named outside of the function: `&'static str` for `&str`.
pub(crate) fn static_type(ty: &Type) -> Type {
    let mut ty = peel(ty).clone();
    if let Type::Reference(reference) = &mut ty {
        let lifetime = Lifetime::new("'static", Span::mixed_site());
        reference.lifetime.get_or_insert(lifetime);
        *reference.elem = static_type(&reference.elem);
    }
    ty
}
