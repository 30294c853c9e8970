//! Attribute macros of itest; use them through the crate `itest-core`, library `itest`.

mod above;
mod companion;
mod condition;
mod ctxt;
mod duration;
mod fixture;
mod integration;
mod item;
mod location;
mod message;
mod options;
mod path;
mod plain_tests;
mod reorder;
mod signature;
mod take_over;
mod types;

use proc_macro::TokenStream;

use crate::companion::Companion;

/// x
#[proc_macro_attribute]
pub fn integration(args: TokenStream, item: TokenStream) -> TokenStream {
    integration::expand(args.into(), item.into()).into()
}

/// x
#[proc_macro_attribute]
pub fn integration_test(args: TokenStream, item: TokenStream) -> TokenStream {
    integration::expand(args.into(), item.into()).into()
}

/// x
#[proc_macro_attribute]
pub fn fixture(args: TokenStream, item: TokenStream) -> TokenStream {
    fixture::expand(args.into(), item.into()).into()
}

/// x
#[proc_macro_attribute]
pub fn skip_if(args: TokenStream, item: TokenStream) -> TokenStream {
    above::expand(Companion::SkipIf, args.into(), item.into()).into()
}

/// x
#[proc_macro_attribute]
pub fn skip(args: TokenStream, item: TokenStream) -> TokenStream {
    above::expand(Companion::Skip, args.into(), item.into()).into()
}

/// x
#[proc_macro_attribute]
pub fn xfail(args: TokenStream, item: TokenStream) -> TokenStream {
    above::expand(Companion::Xfail, args.into(), item.into()).into()
}

/// x
#[proc_macro]
pub fn main(args: TokenStream) -> TokenStream {
    take_over::expand(args.into()).into()
}
