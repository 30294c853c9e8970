//! `#[integration]`: parse → model → expand.

mod expand;
mod model;
mod parse;

pub(crate) use expand::expand_into_result;
pub(crate) use parse::parse_timeout;

use proc_macro2::{Span, TokenStream};
use quote::quote;

use crate::companion::{Bearer, take_companions};
use crate::ctxt::Context;
use crate::item::{Item, Module, parse_item};
use crate::reorder::with_cfg_first;
use crate::signature::{Function, take_params};
use crate::values::{take_cases, take_with};

/// The expansion of `#[integration(args)] item`.
pub(crate) fn expand(args: TokenStream, item: TokenStream) -> TokenStream {
    let cx = Context::new();
    let options = parse::parse_options(&cx, args.clone());
    match parse_item(item) {
        Item::Function(function) => {
            match with_cfg_first(&options.root, "integration", &args, *function) {
                Ok(reordered) => abandon(cx, reordered),
                Err(function) => expand_test(cx, options, function),
            }
        }
        Item::Module(module) => match with_cfg_first(&options.root, "integration", &args, module) {
            Ok(reordered) => abandon(cx, reordered),
            Err(module) => expand_group(cx, options, module),
        },
        Item::Bodiless(item) => abandon(cx, item),
        Item::Broken(error, item) => {
            cx.push(error);
            fail(cx, item)
        }
        Item::Other(item) => {
            cx.error(
                Span::call_site(),
                "`#[integration]` goes on a function (a test) or an inline module (a group)",
            );
            fail(cx, item)
        }
    }
}

fn expand_test(cx: Context, options: parse::Options, mut function: Function) -> TokenStream {
    let cases = take_cases(&cx, &mut function.attrs);
    let with = take_with(&cx, &mut function.attrs);
    let companions = take_companions(&cx, &mut function.attrs, Bearer::Test);
    let mut params = take_params(&cx, &mut function.sig, "a test");
    let sets = model::sets(&cx, cases, &mut params);
    let mut test = model::Test::new(&cx, options, companions, params, function);
    test.sets = sets;
    test.with = with;
    match cx.check() {
        Ok(()) => expand::expand_test(&test),
        Err(errors) => {
            let function = &test.function;
            quote! {
                #errors
                #[allow(dead_code, unused_variables, unused_mut)]
                #function
            }
        }
    }
}

fn expand_group(cx: Context, options: parse::Options, mut module: Module) -> TokenStream {
    let companions = take_companions(&cx, &mut module.attrs, Bearer::Group);
    let group = model::Group::new(&cx, options, companions, module);
    match cx.check() {
        Ok(()) => expand::expand_group(&group),
        Err(errors) => {
            let module = &group.module;
            quote!(#errors #module)
        }
    }
}

/// The errors, and the item as it was.
fn fail(cx: Context, item: TokenStream) -> TokenStream {
    let errors = cx.check().err();
    quote!(#errors #item)
}

/// Somebody else reports what is wrong: a later expansion, or the compiler.
fn abandon(cx: Context, expansion: TokenStream) -> TokenStream {
    let _ = cx.check();
    expansion
}
