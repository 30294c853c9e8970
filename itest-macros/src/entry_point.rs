//! `main!`: the `main` function of a target with `harness = false`.

use proc_macro2::{Literal, Span, TokenStream};
use quote::{quote, quote_spanned};

use crate::ctxt::Context;
use crate::location::expand_location;
use crate::message::unknown;
use crate::options::{Once, parse_entries, text};
use crate::path::Root;
use crate::plain_tests::{PlainTest, find_plain_tests};

/// The expansion of `main!(args)`.
pub(crate) fn expand(args: TokenStream) -> TokenStream {
    let cx = Context::new();
    let root = parse_options(&cx, args);
    // The errors, and still a `main`.
    let errors = cx.check().err();
    let main = expand_main(&root, &find_plain_tests());
    quote!(#errors #main)
}

fn parse_options(cx: &Context, args: TokenStream) -> Root {
    let mut root = Root::default();
    let mut once = Once::new();
    for entry in parse_entries(cx, args) {
        if !once.is_first(cx, &entry) {
            continue;
        }
        if entry.name != "crate" {
            cx.error(
                entry.ident.span(),
                unknown("`main!` option", "option", &entry.name, &["crate"]),
            );
        } else if let Some(path) = entry.path(cx, "crate = ::itest") {
            root = Root::new(&path);
        }
    }
    root
}

fn expand_main(root: &Root, plain_tests: &[PlainTest]) -> TokenStream {
    let here = Span::mixed_site();
    let p = &root.private();
    let location = expand_location(p, Span::call_site());
    let plain_tests = plain_tests.iter().map(|test| {
        let name = text(&test.name);
        let file = text(&test.file);
        let line = Literal::usize_unsuffixed(test.line);
        quote_spanned!(here=> #p::PlainTest { name: #name, file: #file, line: #line })
    });
    quote_spanned! {here=>
        fn main() -> ::std::process::ExitCode {
            static __ITEST_MAIN: #p::MainDef = #p::MainDef {
                plain_tests: &[#(#plain_tests),*],
                location: #location,
            };
            #p::inventory::submit! { #p::Submission::Main(&__ITEST_MAIN) }
            #p::main(&__ITEST_MAIN)
        }
    }
}
