//! `#[skip_if]`, `#[skip]`, `#[xfail]` and `#[case]` where they are expanded on their own: above the
//! main attribute, or on a plain `#[test]`.

use proc_macro2::{Group, Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{Attribute, Path, ReturnType, parse_quote};

use crate::companion::{Companion, Skip, companion, expand_skips, main_attribute, parse_skip};
use crate::ctxt::Context;
use crate::item::{Annotated, Item, parse_item};
use crate::path::Root;
use crate::reorder::with_cfg_first;
use crate::signature::{Function, returns_nothing, split_inner_attributes};
use crate::types::{first_argument, is_unit, last_segment};

/// The expansion of `#[name(args)] item`.
pub(crate) fn expand(which: Companion, args: TokenStream, item: TokenStream) -> TokenStream {
    let name = match which {
        Companion::Skip => "skip",
        Companion::Xfail => "xfail",
        _ => "skip_if",
    };
    let own = own_attribute(name, &args);
    if let Ok(annotated) = syn::parse2::<Annotated>(item.clone())
        && let Some(main) = annotated
            .attrs
            .iter()
            .position(|attr| main_attribute(attr.path()).is_some())
    {
        return move_below(own, main, annotated);
    }
    let cx = Context::new();
    match parse_item(item) {
        Item::Function(function) => {
            match with_cfg_first(&Root::default(), name, &args, *function) {
                Ok(reordered) => {
                    let _ = cx.check();
                    reordered
                }
                Err(function) => expand_plain_test(cx, name, own, function),
            }
        }
        Item::Module(module) => {
            cx.error(
                Span::call_site(),
                format!(
                    "`#[{name}]` goes on tests, groups and fixtures, and `{module}` is no group\n\
                     help: write `#[integration]` on the module too",
                    module = module.ident,
                ),
            );
            let errors = cx.check().err();
            quote!(#errors #module)
        }
        Item::Bodiless(item) => {
            let _ = cx.check();
            item
        }
        Item::Broken(error, item) => {
            cx.push(error);
            let errors = cx.check().err();
            quote!(#errors #item)
        }
        Item::Other(item) => {
            cx.error(
                Span::call_site(),
                format!("`#[{name}]` goes on tests, groups and fixtures"),
            );
            let errors = cx.check().err();
            quote!(#errors #item)
        }
    }
}

/// The expansion of `#[case(args)] item`, which stands above the main attribute or nowhere.
pub(crate) fn expand_case(args: TokenStream, item: TokenStream) -> TokenStream {
    let own = own_attribute("case", &args);
    let Ok(annotated) = syn::parse2::<Annotated>(item.clone()) else {
        return item;
    };
    let mut attrs = annotated.attrs.iter();
    if let Some(main) = attrs.position(|attr| main_attribute(attr.path()).is_some()) {
        return move_below(own, main, annotated);
    }
    let cx = Context::new();
    cx.error(
        Span::call_site(),
        "`#[case]` has values for an `#[integration]` test\n\
         help: write `#[integration]` above it",
    );
    let errors = cx.check().err();
    quote!(#errors #item)
}

/// `#[name(args)]` as it was written.
fn own_attribute(name: &str, args: &TokenStream) -> Attribute {
    let name = Ident::new(name, Span::call_site());
    if args.is_empty() {
        parse_quote!(#[#name])
    } else {
        parse_quote!(#[#name(#args)])
    }
}

/// This attribute, and its like between it and the main one, below the main one.
///
/// What stands behind a case is said of this case alone, and goes with it. What stands below the
/// main attribute and before any case is said of all.
fn move_below(own: Attribute, main: usize, annotated: Annotated) -> TokenStream {
    let Annotated { mut attrs, rest } = annotated;
    let mut below = attrs.split_off(main);
    let mut has_case = is_case(&own);
    let (moved, above): (Vec<_>, Vec<_>) = attrs.into_iter().partition(|attr| {
        has_case |= is_case(attr);
        is_case(attr) || is_ours(attr).is_some() || (has_case && companion(attr.path()).is_some())
    });
    let main = below.remove(0);
    let first_case = below.iter().position(is_case).unwrap_or(below.len());
    let of_cases = below.split_off(if has_case { first_case } else { 0 });
    quote!(#(#above)* #main #(#below)* #own #(#moved)* #(#of_cases)* #rest)
}

/// `#[case]` or `#[case::name]`
fn is_case(attr: &Attribute) -> bool {
    let segments = &attr.path().segments;
    segments.first().is_some_and(|first| first.ident == "case") && segments.len() <= 2
}

fn is_ours(attr: &Attribute) -> Option<Companion> {
    companion(attr.path()).filter(|which| {
        matches!(
            which,
            Companion::SkipIf | Companion::Skip | Companion::Xfail
        )
    })
}

/// Whether the attribute makes an ordinary test of a function, as far as one can see.
pub(crate) fn is_plain_test(path: &Path) -> bool {
    path.segments
        .last()
        .is_some_and(|last| last.ident == "test" || last.ident == "rstest")
}

/// As [`is_plain_test`], for any framework: `#[wasm_bindgen_test]`.
fn runs_as_test(attr: &Attribute) -> bool {
    attr.path().segments.last().is_some_and(|last| {
        let name = last.ident.to_string();
        name.ends_with("test") || name == "test_case"
    })
}

/// A test that leaves early when a condition holds.
///
/// A `#[test]` that stood above has been expanded and left no trace, so a function without any
/// test attribute is taken for one if it could be.
fn expand_plain_test(
    cx: Context,
    name: &str,
    own: Attribute,
    mut function: Function,
) -> TokenStream {
    let mut skips = Vec::new();
    let all = std::mem::take(&mut function.attrs);
    for attr in std::iter::once(own).chain(all) {
        match is_ours(&attr) {
            None => function.attrs.push(attr),
            Some(Companion::Xfail) => cx.error_at(
                &attr,
                "`#[xfail]` works on `#[integration]` tests only\n\
                 help: write `#[integration]` instead of `#[test]`",
            ),
            Some(which) => skips.extend(parse_skip(&cx, which, &attr)),
        }
    }
    let leave = check_plain_test(&cx, name, &function);
    if let Err(errors) = cx.check() {
        return quote!(#errors #function);
    }
    let root = skips
        .iter()
        .find_map(|skip| skip.root.as_ref())
        .map_or_else(Root::default, Root::new);
    function.body = leave_early(&root, &skips, &leave, function.body);
    quote!(#function)
}

/// How the test can leave early.
fn check_plain_test(cx: &Context, name: &str, function: &Function) -> TokenStream {
    let here = Span::mixed_site();
    let sig = &function.sig;
    let is_test = function.attrs.iter().any(runs_as_test);
    if !is_test && (sig.asyncness.is_some() || !sig.inputs.is_empty()) {
        cx.error(
            sig.ident.span(),
            format!(
                "`{}` is not a test\n\
                 help: write `#[integration]` above `#[{name}]`",
                sig.ident
            ),
        );
        return TokenStream::new();
    }
    if let Some(attr) = function
        .attrs
        .iter()
        .find(|attr| attr.path().is_ident("should_panic"))
    {
        cx.error_at(
            attr,
            format!(
                "a plain test is skipped by leaving it early, which is no panic\n\
                 help: with `#[integration]` instead of `#[test]`, `#[{name}]` and \
                 `#[should_panic]` work together"
            ),
        );
    }
    if returns_nothing(&sig.output) {
        return quote_spanned!(here=> return;);
    }
    if let ReturnType::Type(_, ty) = &sig.output {
        let is_unit_result = last_segment(ty).is_some_and(|segment| {
            segment.ident.to_string().ends_with("Result")
                && first_argument(segment).is_none_or(is_unit)
        });
        if is_unit_result {
            return quote_spanned!(here=> return ::core::result::Result::Ok(()););
        }
        cx.error_at(
            ty,
            format!(
                "a plain test with `#[{name}]` returns `()` or `Result<(), E>`\n\
                 help: with `#[integration]` instead of `#[test]`, any return type will do"
            ),
        );
    }
    TokenStream::new()
}

/// The body, behind a check of the conditions.
fn leave_early(root: &Root, skips: &[Skip], leave: &TokenStream, body: Group) -> Group {
    let p = &root.private();
    let conditions = expand_skips(p, skips);
    let (inner, statements) = split_inner_attributes(body.stream());
    let stream = quote_spanned! {Span::mixed_site()=>
        #inner
        {
            static __ITEST_SKIPS: &[#p::SkipDef] = #conditions;
            if #p::skip_plain_test(__ITEST_SKIPS) { #leave }
        }
        #statements
    };
    respan(body, stream)
}

/// A group in the place of another.
pub(crate) fn respan(old: Group, stream: TokenStream) -> Group {
    let mut group = Group::new(old.delimiter(), stream);
    group.set_span(old.span());
    group
}
