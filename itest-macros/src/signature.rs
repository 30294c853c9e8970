//! The function that an attribute stands on: signature and parameters, the body left alone.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote_spanned};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream, Parser};
use syn::spanned::Spanned;
use syn::{
    Attribute, FnArg, GenericParam, LitStr, Meta, Pat, PatType, Path, ReturnType, Safety,
    Signature, Type, Visibility,
};

use crate::ctxt::Context;
use crate::location::expand_location;
use crate::options::text;
use crate::types::{Finding, findings, peel, sized_instead};
use crate::values::{Kind, ValueParam, expand_value, take_kind};

/// A function with a body that nobody looked into.
pub(crate) struct Function {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) vis: Visibility,
    pub(crate) sig: Signature,
    pub(crate) body: Group,
}

/// What [`Function`] says when there is none; the compiler says it better.
pub(crate) const NO_BODY: &str = "expected a body";

impl Function {
    /// All but the body.
    pub(crate) fn parse_head(
        input: ParseStream<'_>,
    ) -> syn::Result<(Vec<Attribute>, Visibility, Signature)> {
        Ok((
            input.call(Attribute::parse_outer)?,
            input.parse()?,
            input.parse()?,
        ))
    }
}

impl Parse for Function {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let (attrs, vis, sig) = Function::parse_head(input)?;
        let body = parse_body(input)?;
        Ok(Function {
            attrs,
            vis,
            sig,
            body,
        })
    }
}

fn parse_body(input: ParseStream<'_>) -> syn::Result<Group> {
    match input.parse()? {
        TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => Ok(group),
        // The invisible group of a `$body:block`.
        TokenTree::Group(group) if group.delimiter() == Delimiter::None => {
            parse_body.parse2(group.stream())
        }
        TokenTree::Punct(punct) if punct.as_char() == ';' => {
            Err(syn::Error::new(punct.span(), NO_BODY))
        }
        other => Err(syn::Error::new(
            other.span(),
            "expected the function's body",
        )),
    }
}

/// A parameter of a test or fixture.
pub(crate) enum Parameter {
    /// For a fixture.
    Request(Param),
    /// For a value.
    Value(Box<ValueParam>),
}

impl Parameter {
    pub(crate) fn request(&self) -> Option<&Param> {
        match self {
            Parameter::Request(param) => Some(param),
            Parameter::Value(_) => None,
        }
    }

    pub(crate) fn value(&self) -> Option<&ValueParam> {
        match self {
            Parameter::Request(_) => None,
            Parameter::Value(param) => Some(param),
        }
    }
}

/// A parameter that requests a fixture: which, and how.
pub(crate) struct Param {
    /// Without leading underscores and `r#`.
    pub(crate) name: String,
    pub(crate) span: Span,
    pub(crate) access: Access,
    /// `T` of `&T`, `&mut T` or `T`.
    pub(crate) ty: TokenStream,
    pub(crate) from: Option<Binding>,
    /// A lint that is right for ordinary functions and wrong for parameters that are requests.
    lint: Option<&'static str>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    Shared,
    Exclusive,
    Owned,
}

/// How a request names its fixture.
pub(crate) enum Binding {
    Name(String),
    Path(Path),
}

/// Refuses what a test or fixture function cannot be; `what` is `a test` or `a fixture`.
pub(crate) fn check_function(cx: &Context, sig: &Signature, what: &str) {
    if let Some(constness) = &sig.constness {
        cx.error_at(constness, format!("{what} cannot be a `const fn`"));
    }
    if let Safety::Unsafe(unsafety) = &sig.safety {
        cx.error_at(
            unsafety,
            format!(
                "{what} cannot be an `unsafe fn`\n\
                 help: put an `unsafe` block into the body"
            ),
        );
    }
    if let Some(abi) = &sig.abi {
        cx.error_at(abi, format!("{what} cannot be an `extern` function"));
    }
    let params = &sig.generics.params;
    if params
        .iter()
        .any(|param| !matches!(param, GenericParam::Lifetime(_)))
    {
        cx.error_at(
            &sig.generics,
            format!("{what} cannot be generic: nothing says which types to run it with"),
        );
    } else if !params.is_empty() {
        cx.error_at(
            &sig.generics,
            format!("{what} has no lifetimes: what it borrows, it borrows for the call"),
        );
    } else if let Some(clause) = &sig.generics.where_clause {
        cx.error_at(clause, format!("{what} cannot have a `where` clause"));
    }
    if let Some(variadic) = &sig.variadic {
        cx.error_at(variadic, format!("{what} cannot be variadic"));
    }
}

/// What the parameters are; takes our attributes off them.
pub(crate) fn take_params(cx: &Context, sig: &mut Signature, what: &str) -> Vec<Parameter> {
    let declared: Vec<Ident> = sig
        .generics
        .lifetimes()
        .map(|param| param.lifetime.ident.clone())
        .collect();
    sig.inputs
        .iter_mut()
        .filter_map(|input| match input {
            FnArg::Receiver(receiver) => {
                cx.error_at(
                    receiver,
                    format!("{what} is a free function and takes no `self`"),
                );
                None
            }
            FnArg::Typed(typed) => match take_kind(cx, &mut typed.attrs, what) {
                Some((kind, values)) => Some(Parameter::Value(Box::new(take_value(
                    cx, typed, kind, values,
                )))),
                None => take_param(cx, typed, &declared).map(Parameter::Request),
            },
        })
        .collect()
}

fn take_value(cx: &Context, typed: &mut PatType, kind: Kind, values: Vec<syn::Expr>) -> ValueParam {
    if take_from(cx, &mut typed.attrs).is_some() {
        cx.error_at(
            &typed.pat,
            "a parameter has its value from one attribute: `#[from]` is for fixtures",
        );
    }
    let (name, span) = match &*typed.pat {
        Pat::Ident(pattern) => {
            let plain = pattern.ident.unraw().to_string();
            let name = plain.trim_start_matches('_').to_owned();
            (name, pattern.ident.span())
        }
        pattern => (String::new(), pattern.span()),
    };
    ValueParam {
        name: match name.is_empty() {
            true => "value".to_owned(),
            false => name,
        },
        span,
        ty: (*typed.ty).clone(),
        kind,
        set: 0,
        values,
    }
}

/// `declared`: lifetimes that the function declares, which is an error of its own.
fn take_param(cx: &Context, typed: &mut PatType, declared: &[Ident]) -> Option<Param> {
    let from = take_from(cx, &mut typed.attrs);
    let (name, span) = param_name(cx, &typed.pat, from.as_ref())?;
    let (access, ty) = match peel(&typed.ty) {
        Type::Reference(reference) => {
            if let Some(lifetime) = reference
                .lifetime
                .as_ref()
                .filter(|lifetime| !declared.contains(&lifetime.ident))
            {
                let mutability = reference.mutability.as_ref().map_or("", |_| "mut ");
                let elem = sized_instead(&reference.elem)
                    .unwrap_or_else(|| reference.elem.to_token_stream().to_string());
                cx.error_at(
                    lifetime,
                    format!(
                        "a fixture's value is borrowed for the call only\n\
                         help: write `&{mutability}{elem}`",
                    ),
                );
                return None;
            }
            match reference.mutability {
                Some(_) => (Access::Exclusive, &*reference.elem),
                None => (Access::Shared, &*reference.elem),
            }
        }
        _ => (Access::Owned, &*typed.ty),
    };
    check_param_type(cx, access, ty, declared);
    Some(Param {
        name,
        span,
        access,
        ty: ty.to_token_stream(),
        from,
        lint: lint_of(access, ty),
    })
}

const NO_NAME: &str = "a parameter's name says which fixture it requests\n\
    help: name the parameter like the fixture, or write `#[from(path::to::fixture)]` before it; \
    a value that is not used: `_name`, or `uses(name)` in the attribute";

/// What the parameter requests by its name; with `#[from]`, the name may be left out.
fn param_name(cx: &Context, pattern: &Pat, from: Option<&Binding>) -> Option<(String, Span)> {
    let name = match pattern {
        Pat::Ident(pattern) if pattern.by_ref.is_none() && pattern.subpat.is_none() => {
            let plain = pattern.ident.unraw().to_string();
            plain.trim_start_matches('_').to_owned()
        }
        Pat::Wild(_) => String::new(),
        _ => {
            cx.error_at(pattern, NO_NAME);
            return None;
        }
    };
    let span = match pattern {
        Pat::Ident(pattern) => pattern.ident.span(),
        _ => pattern.span(),
    };
    if !name.is_empty() {
        return Some((name, span));
    }
    match from {
        Some(Binding::Name(name)) => Some((name.clone(), span)),
        Some(Binding::Path(path)) => {
            let last = path.segments.last()?;
            Some((last.ident.unraw().to_string(), span))
        }
        None => {
            cx.error(span, NO_NAME);
            None
        }
    }
}

fn check_param_type(cx: &Context, access: Access, ty: &Type, declared: &[Ident]) {
    if access != Access::Owned
        && let Some(instead) = sized_instead(ty)
    {
        let sign = if access == Access::Shared {
            "&"
        } else {
            "&mut "
        };
        cx.error_at(
            ty,
            format!(
                "no fixture has a value of type `{}`, which has no known size\n\
                 help: name the type that the fixture returns, as in `{sign}{instead}`",
                ty.to_token_stream(),
            ),
        );
        return;
    }
    for finding in findings(ty) {
        match finding {
            Finding::ImplTrait(span) => cx.error(
                span,
                "a parameter's type must be named: fixtures are matched by type\n\
                 help: write the type that the fixture returns",
            ),
            Finding::Infer => cx.leave_to_compiler(),
            Finding::Lifetime(lifetime)
                if lifetime.ident != "_" && !declared.contains(&lifetime.ident) =>
            {
                cx.error_at(
                    &lifetime,
                    format!(
                        "a fixture's value is `'static`, it cannot contain the lifetime \
                         `{lifetime}`"
                    ),
                );
            }
            Finding::Lifetime(_) | Finding::ElidedReference(_) => {}
        }
    }
}

/// Clippy asks for `&str` instead of `&String`, which would be another fixture's type.
fn lint_of(access: Access, ty: &Type) -> Option<&'static str> {
    if access == Access::Owned {
        return None;
    }
    match crate::types::last_segment(ty)?.ident.to_string().as_str() {
        "Box" => Some("borrowed_box"),
        "String" | "Vec" | "PathBuf" | "OsString" | "Cow" => Some("ptr_arg"),
        _ => None,
    }
}

fn take_from(cx: &Context, attrs: &mut Vec<Attribute>) -> Option<Binding> {
    let mut from = None;
    let all = std::mem::take(attrs);
    for attr in all {
        let path = attr.path();
        let name = path.segments.last().map(|last| last.ident.to_string());
        match name.as_deref() {
            Some("from") => {
                if from.is_some() {
                    cx.error_at(&attr, "`#[from]` is given twice");
                    continue;
                }
                from = parse_from(cx, &attr.meta);
            }
            Some("allow" | "expect" | "warn" | "deny" | "forbid") => attrs.push(attr),
            Some("cfg" | "cfg_attr") => cx.error_at(
                &attr,
                "a parameter cannot be conditional\n\
                 help: put the `cfg` on two versions of the whole function",
            ),
            _ => cx.error_at(
                &attr,
                format!(
                    "unknown parameter attribute `{}`\nexpected one of: `#[from(…)]`, \
                     `#[case]`, `#[values(…)]`, `#[files(\"…\")]`, `#[param]`",
                    path.to_token_stream().to_string().replace(' ', ""),
                ),
            ),
        }
    }
    from
}

fn parse_from(cx: &Context, meta: &Meta) -> Option<Binding> {
    let tokens = match meta {
        Meta::List(list) if !list.tokens.is_empty() => &list.tokens,
        _ => {
            cx.error_at(
                meta,
                "`from` names a fixture in parentheses\n\
                 help: write `#[from(path::to::fixture)]` or `#[from(\"name\")]`",
            );
            return None;
        }
    };
    parse_binding(
        cx,
        tokens,
        "#[from(path::to::fixture)]",
        "#[from(\"name\")]",
    )
}

/// `"name"` or `path::to::fixture`.
pub(crate) fn parse_binding(
    cx: &Context,
    tokens: &TokenStream,
    path_example: &str,
    name_example: &str,
) -> Option<Binding> {
    if let Ok(name) = syn::parse2::<LitStr>(tokens.clone()) {
        return fixture_name(cx, &name).map(Binding::Name);
    }
    match Path::parse_mod_style.parse2(tokens.clone()) {
        Ok(path) => Some(Binding::Path(path)),
        Err(_) => {
            cx.error_at(
                tokens,
                format!(
                    "expected a fixture's path or its name in quotes, as in \
                     `{path_example}` or `{name_example}`"
                ),
            );
            None
        }
    }
}

/// A fixture's name that stands in quotes.
pub(crate) fn fixture_name(cx: &Context, literal: &LitStr) -> Option<String> {
    let name = literal.value();
    if name.contains("::") {
        cx.error_at(
            literal,
            format!(
                "a name in quotes has no `::`\n\
                 help: a path is written without quotes: `{name}`"
            ),
        );
        return None;
    }
    let is_identifier = Ident::parse_any.parse_str(&name).is_ok();
    if !is_identifier || name.starts_with('_') || name.starts_with("r#") {
        cx.error_at(
            literal,
            format!(
                "`{name}` cannot be the name of a fixture\n\
                 expected an identifier without leading underscores"
            ),
        );
        return None;
    }
    Some(name)
}

/// Lints of the user's function that its parameters make wrong, as attributes.
pub(crate) fn expand_lints(params: &[Parameter]) -> TokenStream {
    let requests = params.iter().filter_map(Parameter::request);
    let mut lints: Vec<&str> = requests.filter_map(|param| param.lint).collect();
    // Nobody calls it with seven arguments. One less, for `provide!` adds one.
    if params.len() >= 7 {
        lints.push("too_many_arguments");
    }
    lints.sort_unstable();
    lints.dedup();
    let lints = lints
        .iter()
        .map(|lint| Ident::new(lint, Span::mixed_site()));
    quote_spanned!(Span::mixed_site()=> #(#[allow(clippy::#lints)])*)
}

/// A deprecated test is run without complaint.
pub(crate) fn expand_deprecated(attrs: &[Attribute]) -> Option<TokenStream> {
    attrs
        .iter()
        .any(|attr| attr.path().is_ident("deprecated"))
        .then(|| quote_spanned!(Span::mixed_site()=> #[allow(deprecated)]))
}

/// `&[ParamDef { … }, …]`; `p` is the path of `__private`.
pub(crate) fn expand_params(p: &TokenStream, params: &[Parameter]) -> TokenStream {
    let here = Span::mixed_site();
    let params = params.iter().filter_map(Parameter::request).map(|param| {
        let name = text(&param.name);
        let location = expand_location(p, param.span);
        let ty = &param.ty;
        let access = match param.access {
            Access::Shared => quote_spanned!(here=> Shared),
            Access::Exclusive => quote_spanned!(here=> Exclusive),
            Access::Owned => quote_spanned!(here=> Owned({
                #[allow(unused_imports)]
                use #p::CannotClone as _;
                <#p::ClonesOf<#ty>>::CLONE
            })),
        };
        let from = match &param.from {
            None => quote_spanned!(here=> ::core::option::Option::None),
            Some(Binding::Name(name)) => {
                let name = text(name);
                quote_spanned!(here=> ::core::option::Option::Some(#p::Binding::Name(#name)))
            }
            Some(Binding::Path(path)) => {
                let call = quote_spanned!(path.span()=> #path());
                quote_spanned! {here=>
                    ::core::option::Option::Some(#p::Binding::Path(|| #p::bind::<#ty>(#call)))
                }
            }
        };
        quote_spanned! {here=>
            #p::ParamDef {
                name: #name,
                location: #location,
                access: #p::Access::#access,
                ty: #p::TypeRef::of::<#ty>(),
                from: #from,
            }
        }
    });
    quote_spanned!(here=> &[#(#params),*])
}

/// The statements that take the values out of `args`, and the arguments of the call.
///
/// The names are hygienic: `args` must be made with `Span::mixed_site()` too.
pub(crate) fn expand_arguments(
    p: &TokenStream,
    args: &Ident,
    params: &[Parameter],
) -> (TokenStream, TokenStream) {
    let here = Span::mixed_site();
    let mut statements = TokenStream::new();
    let mut arguments = TokenStream::new();
    for (i, param) in params.iter().enumerate() {
        let value = Ident::new(&format!("__arg{i}"), here);
        let param = match param {
            Parameter::Request(param) => param,
            Parameter::Value(param) => {
                let (statement, argument) = expand_value(p, args, &value, param);
                statements.extend(statement);
                arguments.extend(quote_spanned!(here=> #argument,));
                continue;
            }
        };
        let guard = Ident::new(&format!("__guard{i}"), here);
        statements.extend(quote_spanned!(here=> let #value = #args.next();));
        match param.access {
            Access::Shared => {
                statements.extend(quote_spanned!(here=> let #guard = #value.shared();));
                arguments.extend(quote_spanned!(here=> #guard.get(),));
            }
            Access::Exclusive => {
                statements.extend(quote_spanned!(here=> let mut #guard = #value.exclusive();));
                arguments.extend(quote_spanned!(here=> #guard.get(),));
            }
            Access::Owned => {
                arguments.extend(quote_spanned!(here=> #value.owned_value(),));
            }
        }
    }
    (statements, arguments)
}

/// The values are held until the call has ended, on purpose.
pub(crate) fn expand_holding(params: &[Parameter]) -> Option<TokenStream> {
    (!params.is_empty())
        .then(|| quote_spanned!(Span::mixed_site()=> #[allow(clippy::significant_drop_tightening)]))
}

/// The function that the user wrote, with nothing of ours on it.
pub(crate) fn expand_plain(
    attrs: &[&Attribute],
    vis: &Visibility,
    sig: &Signature,
    body: impl ToTokens,
) -> TokenStream {
    let here = Span::mixed_site();
    quote_spanned!(here=> #(#attrs)* #vis #sig #body)
}

/// The attributes that concern documentation and lints, which belong to the item that is seen.
pub(crate) fn is_outward(attr: &Attribute) -> bool {
    let path = attr.path();
    [
        "doc",
        "allow",
        "expect",
        "warn",
        "deny",
        "forbid",
        "deprecated",
        "must_use",
    ]
    .iter()
    .any(|name| path.is_ident(name))
}

/// Whether the return type is left out or `()`.
pub(crate) fn returns_nothing(output: &ReturnType) -> bool {
    crate::types::returned(output).is_none()
}

/// The `#![…]` that a body begins with, and the rest.
pub(crate) fn split_inner_attributes(body: TokenStream) -> (TokenStream, TokenStream) {
    let tokens: Vec<TokenTree> = body.into_iter().collect();
    let mut end = 0;
    while let [
        TokenTree::Punct(pound),
        TokenTree::Punct(bang),
        TokenTree::Group(group),
        ..,
    ] = &tokens[end..]
        && pound.as_char() == '#'
        && bang.as_char() == '!'
        && group.delimiter() == Delimiter::Bracket
    {
        end += 3;
    }
    let statements = tokens[end..].iter().cloned().collect();
    (tokens[..end].iter().cloned().collect(), statements)
}
