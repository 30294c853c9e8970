//! Attribute macros of itest; use them through the crate `itest-core`, library `itest`.
//!
//! Each macro goes through the same stages: *parse* what is written, every mistake noted; make a
//! *model* of it that is right as a whole; *expand*, which cannot fail. What is emitted is one
//! descriptor per item and a call of the user's function; nothing here decides when to run what.

mod above;
mod companion;
mod condition;
mod ctxt;
mod duration;
mod entry_point;
mod fixture;
mod harness;
mod integration;
mod item;
mod location;
mod message;
mod options;
mod path;
mod plain_tests;
mod reorder;
mod signature;
mod types;
mod values;

use proc_macro::TokenStream;

use crate::companion::Companion;

#[doc = include_str!("../docs/integration.md")]
#[proc_macro_attribute]
pub fn integration(args: TokenStream, item: TokenStream) -> TokenStream {
    integration::expand(args.into(), item.into()).into()
}

#[doc = include_str!("../docs/integration_test.md")]
#[proc_macro_attribute]
pub fn integration_test(args: TokenStream, item: TokenStream) -> TokenStream {
    integration::expand(args.into(), item.into()).into()
}

#[doc = include_str!("../docs/fixture.md")]
#[proc_macro_attribute]
pub fn fixture(args: TokenStream, item: TokenStream) -> TokenStream {
    fixture::expand(args.into(), item.into()).into()
}

#[doc = include_str!("../docs/skip_if.md")]
#[proc_macro_attribute]
pub fn skip_if(args: TokenStream, item: TokenStream) -> TokenStream {
    above::expand(Companion::SkipIf, args.into(), item.into()).into()
}

#[doc = include_str!("../docs/skip.md")]
#[proc_macro_attribute]
pub fn skip(args: TokenStream, item: TokenStream) -> TokenStream {
    above::expand(Companion::Skip, args.into(), item.into()).into()
}

#[doc = include_str!("../docs/xfail.md")]
#[proc_macro_attribute]
pub fn xfail(args: TokenStream, item: TokenStream) -> TokenStream {
    above::expand(Companion::Xfail, args.into(), item.into()).into()
}

#[doc = include_str!("../docs/case.md")]
#[proc_macro_attribute]
pub fn case(args: TokenStream, item: TokenStream) -> TokenStream {
    above::expand_case(args.into(), item.into()).into()
}

#[doc = include_str!("../docs/main.md")]
#[proc_macro]
pub fn main(args: TokenStream) -> TokenStream {
    entry_point::expand(args.into()).into()
}
