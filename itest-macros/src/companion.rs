//! The attributes that stand beside `#[integration]` and `#[fixture]`, above or below.
//!
//! `#[skip_if]`, `#[skip]` and `#[xfail]` are ours, `#[ignore]` and `#[should_panic]` the
//! compiler's. The main attribute takes those it finds on its item; see [`crate::above`] for how
//! those that stand above it get there.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::spanned::Spanned;
use syn::{Attribute, Expr, ExprLit, Lit, LitStr, Meta, Path};

use crate::condition::{CONDITIONS, Condition, expand_condition, parse_condition};
use crate::ctxt::Context;
use crate::location::expand_location;
use crate::message::unknown;
use crate::options::{Once, parse_entries, text};

/// One `#[skip_if]` or `#[skip]`.
pub(crate) struct Skip {
    pub(crate) condition: Condition,
    pub(crate) reason: Option<LitStr>,
    /// `crate = path`, which only matters on a plain `#[test]`.
    pub(crate) root: Option<Path>,
    pub(crate) span: Span,
}

/// `#[xfail]`
pub(crate) struct Xfail {
    pub(crate) reason: Option<LitStr>,
    pub(crate) strict: Option<bool>,
    pub(crate) run: bool,
}

/// `#[ignore]`, as written.
pub(crate) struct Ignore {
    pub(crate) reason: Option<LitStr>,
    pub(crate) attribute: Attribute,
}

/// `#[should_panic]`
pub(crate) struct ShouldPanic {
    pub(crate) expected: Option<LitStr>,
}

/// All that an item carries.
#[derive(Default)]
pub(crate) struct Companions {
    pub(crate) skips: Vec<Skip>,
    pub(crate) xfail: Option<Xfail>,
    pub(crate) ignore: Option<Ignore>,
    pub(crate) should_panic: Option<ShouldPanic>,
}

/// On what the companions stand.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bearer {
    Test,
    Group,
    Fixture,
}

/// One of the attributes that [`Companions`] is made of.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Companion {
    SkipIf,
    Skip,
    Xfail,
    Ignore,
    ShouldPanic,
}

/// Tools whose attributes have nothing to do with ours: `#[rustfmt::skip]`.
const TOOLS: [&str; 5] = ["rustfmt", "clippy", "diagnostic", "miri", "rust_analyzer"];

/// What sort of companion this path names, by its last segment.
pub(crate) fn companion(path: &Path) -> Option<Companion> {
    let first = &path.segments.first()?.ident;
    if path.segments.len() > 1 && TOOLS.iter().any(|tool| first == tool) {
        return None;
    }
    let own = match path.segments.last()?.ident.to_string().as_str() {
        "skip_if" => Some(Companion::SkipIf),
        "skip" => Some(Companion::Skip),
        "xfail" => Some(Companion::Xfail),
        _ => None,
    };
    if own.is_some() {
        return own;
    }
    if path.is_ident("ignore") {
        return Some(Companion::Ignore);
    }
    path.is_ident("should_panic")
        .then_some(Companion::ShouldPanic)
}

/// Takes the companions out of an item's attributes.
pub(crate) fn take_companions(
    cx: &Context,
    attrs: &mut Vec<Attribute>,
    bearer: Bearer,
) -> Companions {
    let mut companions = Companions::default();
    let all = std::mem::take(attrs);
    for attr in all {
        let Some(which) = companion(attr.path()) else {
            attrs.push(attr);
            continue;
        };
        if let Some(message) = misplaced(which, bearer) {
            cx.error_at(&attr, message);
            continue;
        }
        companions.add(cx, which, attr);
    }
    companions
}

/// Why this one has no business there.
fn misplaced(which: Companion, bearer: Bearer) -> Option<&'static str> {
    match (which, bearer) {
        (_, Bearer::Test)
        | (Companion::SkipIf | Companion::Skip, _)
        | (Companion::Xfail, Bearer::Group) => None,
        (Companion::Ignore, Bearer::Group) => Some(
            "`#[ignore]` goes on a test, not on a group\n\
             help: for all tests of the group: `#[skip(reason = \"…\")]`",
        ),
        (Companion::ShouldPanic, Bearer::Group) => {
            Some("`#[should_panic]` goes on a test, not on a group")
        }
        (Companion::Xfail, Bearer::Fixture) => {
            Some("`#[xfail]` goes on a test or a group, not on a fixture")
        }
        (Companion::Ignore, Bearer::Fixture) => Some(
            "`#[ignore]` goes on a test, not on a fixture\n\
             help: to skip the tests that use it: `#[skip(reason = \"…\")]`",
        ),
        (Companion::ShouldPanic, Bearer::Fixture) => {
            Some("`#[should_panic]` goes on a test, not on a fixture")
        }
    }
}

impl Companions {
    fn add(&mut self, cx: &Context, which: Companion, attr: Attribute) {
        match which {
            Companion::SkipIf | Companion::Skip => {
                self.skips.extend(parse_skip(cx, which, &attr));
            }
            Companion::Xfail => {
                if self.xfail.is_some() {
                    cx.error_at(&attr, "`#[xfail]` is given twice");
                }
                self.xfail = parse_xfail(cx, &attr).or(self.xfail.take());
            }
            Companion::Ignore => {
                if self.ignore.is_some() {
                    cx.error_at(&attr, "`#[ignore]` is given twice");
                }
                self.ignore = parse_ignore(cx, attr).or(self.ignore.take());
            }
            Companion::ShouldPanic => {
                if self.should_panic.is_some() {
                    cx.error_at(&attr, "`#[should_panic]` is given twice");
                }
                self.should_panic = parse_should_panic(cx, &attr).or(self.should_panic.take());
            }
        }
    }

    /// The reason of a `#[skip]` without condition; the inner `Option` is empty if it has none.
    pub(crate) fn unconditional_skip(&self) -> Option<Option<&LitStr>> {
        self.skips
            .iter()
            .find(|skip| matches!(skip.condition, Condition::Always))
            .map(|skip| skip.reason.as_ref())
    }
}

/// The condition and the reason of a `#[skip_if(…)]` or `#[skip]`.
pub(crate) fn parse_skip(cx: &Context, which: Companion, attr: &Attribute) -> Option<Skip> {
    let span = attr.path().span();
    if which == Companion::Skip {
        return parse_always(cx, &attr.meta, span);
    }
    let Meta::List(list) = &attr.meta else {
        cx.error_at(
            attr,
            "`skip_if` needs a condition\n\
             help: write `#[skip_if(env = \"NAME\", reason = \"…\")]`, \
             or `#[skip(reason = \"…\")]` to skip always",
        );
        return None;
    };
    let mut condition = None;
    let mut reason = None;
    let mut root = None;
    let mut once = Once::new();
    let entries = parse_entries(cx, list.tokens.clone());
    let mut complete = true;
    for entry in &entries {
        if entry.name == "reason" {
            if once.is_first(cx, entry) {
                reason = entry.text(cx, "reason = \"why\"");
            }
        } else if entry.name == "crate" {
            if once.is_first(cx, entry) {
                root = entry.path(cx, "crate = ::itest");
            }
        } else if condition.is_some() {
            complete = false;
            cx.error_at(
                entry,
                "`skip_if` takes one condition\n\
                 help: combine several: `any(…)`, `all(…)`",
            );
        } else {
            condition = Some(parse_condition(cx, entry));
        }
    }
    let Some(condition) = condition else {
        // Malformed entries were reported already.
        if list.tokens.is_empty() || !entries.is_empty() {
            cx.error_at(
                attr,
                "`skip_if` needs a condition\n\
                 help: write `#[skip_if(env = \"NAME\", reason = \"…\")]`, \
                 or `#[skip(reason = \"…\")]` to skip always",
            );
        }
        return None;
    };
    complete.then_some(Skip {
        condition: condition?,
        reason,
        root,
        span,
    })
}

/// `#[skip]`, `#[skip(reason = "why")]`, `#[skip = "why"]`
fn parse_always(cx: &Context, meta: &Meta, span: Span) -> Option<Skip> {
    let mut skip = Skip {
        condition: Condition::Always,
        reason: None,
        root: None,
        span,
    };
    let list = match meta {
        Meta::Path(_) => return Some(skip),
        Meta::NameValue(pair) => {
            skip.reason = string(&pair.value);
            if skip.reason.is_none() {
                cx.error_at(
                    &pair.value,
                    "`skip` takes a string\nhelp: write `#[skip(reason = \"why\")]`",
                );
            }
            return Some(skip);
        }
        Meta::List(list) => list,
    };
    // What one tries first: `#[skip("why")]`.
    if let Ok(text) = syn::parse2::<LitStr>(list.tokens.clone()) {
        let help = text.token();
        cx.error_at(
            &text,
            format!("`skip` takes its reason by name\nhelp: write `#[skip(reason = {help})]`"),
        );
        return None;
    }
    let mut once = Once::new();
    for entry in parse_entries(cx, list.tokens.clone()) {
        if !once.is_first(cx, &entry) {
            continue;
        }
        match entry.name.as_str() {
            "reason" => skip.reason = entry.text(cx, "reason = \"why\""),
            "crate" => skip.root = entry.path(cx, "crate = ::itest"),
            other => {
                let mut message = unknown("`skip` option", "option", other, &["reason", "crate"]);
                if CONDITIONS.contains(&other) {
                    message.push_str("\nhelp: a condition goes into `#[skip_if(…)]`");
                }
                cx.error(entry.ident.span(), message);
            }
        }
    }
    Some(skip)
}

fn parse_xfail(cx: &Context, attr: &Attribute) -> Option<Xfail> {
    let mut xfail = Xfail {
        reason: None,
        strict: None,
        run: true,
    };
    match &attr.meta {
        Meta::Path(_) => {}
        Meta::NameValue(pair) => {
            cx.error_at(
                attr,
                format!(
                    "`xfail` takes its options in parentheses\n\
                     help: write `#[xfail(reason = {})]`",
                    string(&pair.value)
                        .map_or_else(|| "\"why\"".into(), |text| text.token().to_string()),
                ),
            );
            return None;
        }
        Meta::List(list) => {
            let mut once = Once::new();
            for entry in parse_entries(cx, list.tokens.clone()) {
                if !once.is_first(cx, &entry) {
                    continue;
                }
                match entry.name.as_str() {
                    "reason" => xfail.reason = entry.text(cx, "reason = \"why\""),
                    "strict" => xfail.strict = entry.flag_or_bool(cx),
                    "run" => xfail.run = entry.bool(cx).unwrap_or(true),
                    other => cx.error(
                        entry.ident.span(),
                        unknown(
                            "`xfail` option",
                            "option",
                            other,
                            &["reason", "strict", "run"],
                        ),
                    ),
                }
            }
        }
    }
    Some(xfail)
}

fn parse_ignore(cx: &Context, attribute: Attribute) -> Option<Ignore> {
    let reason = match &attribute.meta {
        Meta::Path(_) => Some(None),
        Meta::NameValue(pair) => string(&pair.value).map(Some),
        Meta::List(_) => None,
    };
    let Some(reason) = reason else {
        cx.error_at(&attribute, "expected `#[ignore]` or `#[ignore = \"why\"]`");
        return None;
    };
    Some(Ignore { reason, attribute })
}

fn parse_should_panic(cx: &Context, attr: &Attribute) -> Option<ShouldPanic> {
    let expected = match &attr.meta {
        Meta::Path(_) => Some(None),
        Meta::NameValue(pair) => string(&pair.value).map(Some),
        Meta::List(list) => {
            let mut entries = parse_entries(cx, list.tokens.clone());
            match (entries.pop(), entries.len()) {
                (Some(entry), 0) if entry.name == "expected" => Some(Some(
                    entry.string(cx, "expected = \"part of the message\"")?,
                )),
                _ => None,
            }
        }
    };
    let Some(expected) = expected else {
        cx.error_at(
            attr,
            "expected `#[should_panic]` or `#[should_panic(expected = \"part of the message\")]`",
        );
        return None;
    };
    Some(ShouldPanic { expected })
}

fn string(value: &Expr) -> Option<LitStr> {
    match value {
        Expr::Lit(ExprLit {
            lit: Lit::Str(text),
            ..
        }) => Some(LitStr::new(&text.value(), text.span())),
        Expr::Group(group) => string(&group.expr),
        _ => None,
    }
}

/// `&[SkipDef { … }, …]`; `p` is the path of `__private`.
pub(crate) fn expand_skips(p: &TokenStream, skips: &[Skip]) -> TokenStream {
    let here = Span::mixed_site();
    let skips = skips.iter().map(|skip| {
        let condition = expand_condition(p, &skip.condition);
        let reason = expand_option(skip.reason.as_ref());
        let location = expand_location(p, skip.span);
        quote_spanned! {here=>
            #p::SkipDef { condition: #condition, reason: #reason, location: #location }
        }
    });
    quote_spanned!(here=> &[#(#skips),*])
}

/// `Some(Xfail { … })`'s inside.
pub(crate) fn expand_xfail(p: &TokenStream, xfail: &Xfail) -> TokenStream {
    let reason = text(&xfail.reason.as_ref().map(LitStr::value).unwrap_or_default());
    let strict = expand_option(xfail.strict.as_ref());
    let run = xfail.run;
    quote_spanned! {Span::mixed_site()=>
        #p::Xfail { reason: #reason, strict: #strict, run: #run }
    }
}

/// `Some(value)` or `None`.
pub(crate) fn expand_option(value: Option<impl ToTokens>) -> TokenStream {
    let here = Span::mixed_site();
    match value {
        Some(value) => quote_spanned!(here=> ::core::option::Option::Some(#value)),
        None => quote_spanned!(here=> ::core::option::Option::None),
    }
}

/// Whether the path names one of our main attributes.
pub(crate) fn main_attribute(path: &Path) -> Option<&Ident> {
    let last = &path.segments.last()?.ident;
    ["integration", "integration_test", "fixture"]
        .iter()
        .any(|name| last == name)
        .then_some(last)
}
