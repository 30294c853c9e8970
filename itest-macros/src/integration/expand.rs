//! From the model to tokens; nothing here can fail.

use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::LitStr;

use crate::companion::{Companions, expand_option, expand_skips, expand_xfail};
use crate::duration::expand_duration;
use crate::integration::model::{Group, Returns, Test};
use crate::integration::parse::{Flavor, Marker, MarkerValue, Options};
use crate::location::expand_location;
use crate::options::text;
use crate::signature::{
    Binding, expand_arguments, expand_deprecated, expand_holding, expand_lints, expand_params,
};

/// The user's function, the descriptor, and the `#[test]` form.
///
/// The descriptor stands in a block inside the function's own, where the user's code cannot see
/// it.
pub(crate) fn expand_test(test: &Test) -> TokenStream {
    let here = Span::mixed_site();
    let p = &test.options.root.private();
    let function = &test.function;
    let attrs = &function.attrs;
    let lints = expand_lints(&test.params);
    let sig = &function.sig;
    let user_body = &function.body;
    let ident = &sig.ident;
    let name = text(&ident.to_string());
    let location = expand_location(p, ident.span());
    let params = expand_params(p, &test.params);
    let options = expand_options(p, &test.options, &test.companions);
    let ignore = expand_option(
        test.companions
            .ignore
            .as_ref()
            .map(|ignore| text(&reason(ignore.reason.as_ref()))),
    );
    let should_panic = expand_option(test.companions.should_panic.as_ref().map(|should_panic| {
        let expected = expand_option(should_panic.expected.as_ref());
        quote_spanned!(here=> #p::ShouldPanic { expected: #expected })
    }));
    let call = expand_call(p, test);
    let body = Ident::new(if test.is_async() { "Async" } else { "Sync" }, here);
    let plain_test = expand_plain_test(p, test);
    let deprecated = expand_deprecated(attrs);
    quote_spanned! {here=>
        const _: () = {
            #(#attrs)*
            #lints
            #sig #user_body

            #deprecated
            const _: () = {
                #call

                static __ITEST_DEF: #p::TestDef = #p::TestDef {
                    name: #name,
                    module_path: ::core::module_path!(),
                    location: #location,
                    params: #params,
                    options: #options,
                    ignore: #ignore,
                    should_panic: #should_panic,
                    body: #p::TestBody::#body(__itest_call),
                };

                #p::inventory::submit! { #p::Submission::Test(&__ITEST_DEF) }
            };
        };

        #plain_test
    }
}

/// `fn __itest_call(args) -> …`
fn expand_call(p: &TokenStream, test: &Test) -> TokenStream {
    let here = Span::mixed_site();
    let ident = &test.function.sig.ident;
    let args = Ident::new("__args", here);
    let mutability = (!test.params.is_empty()).then(|| quote_spanned!(here=> mut));
    let (statements, arguments) = expand_arguments(&args, &test.params);
    let holding = expand_holding(&test.params);
    let is_async = test.is_async();
    let dot_await = is_async.then(|| quote_spanned!(here=> .await));
    let called = quote_spanned!(here=> #ident(#arguments) #dot_await);
    let result = match test.returns {
        Returns::Nothing => quote_spanned!(here=> let () = #called; ::core::result::Result::Ok(())),
        Returns::Never => called,
        Returns::UnitResult => expand_into_result(p, &called),
        Returns::Other => {
            let first = expand_into_result(p, &called);
            let second = expand_into_result(p, &quote_spanned!(here=> __value));
            quote_spanned! {here=>
                match #first {
                    ::core::result::Result::Ok(__value) => #second,
                    ::core::result::Result::Err(__failure) => ::core::result::Result::Err(__failure),
                }
            }
        }
    };
    let returned = quote_spanned!(here=> ::core::result::Result<(), #p::Failure>);
    if is_async {
        quote_spanned! {here=>
            #holding
            fn __itest_call(#mutability #args: #p::Args) -> #p::LocalFuture<#returned> {
                ::std::boxed::Box::pin(async move { #statements #result })
            }
        }
    } else {
        quote_spanned! {here=>
            #holding
            fn __itest_call(#mutability #args: #p::Args) -> #returned { #statements #result }
        }
    }
}

/// The `Result<_, Failure>` of what a test or fallible fixture returned.
pub(crate) fn expand_into_result(p: &TokenStream, returned: &TokenStream) -> TokenStream {
    quote_spanned! {Span::mixed_site()=>
        {
            let __returned = #p::returned::Returned::new(#returned);
            #[allow(unused_imports)]
            use #p::returned::*;
            (&&&&__returned).into_result()
        }
    }
}

/// The inert form that editors and libtest know.
fn expand_plain_test(p: &TokenStream, test: &Test) -> TokenStream {
    let here = Span::mixed_site();
    let ident = &test.function.sig.ident;
    let name = text(&ident.to_string());
    let ignore = match (
        &test.companions.ignore,
        test.companions.unconditional_skip(),
    ) {
        (Some(ignore), _) => {
            let attribute = &ignore.attribute;
            quote!(#attribute)
        }
        (None, Some(Some(reason))) => quote_spanned!(here=> #[ignore = #reason]),
        (None, Some(None)) => quote_spanned!(here=> #[ignore]),
        (None, None) => TokenStream::new(),
    };
    quote_spanned! {here=>
        #[::core::prelude::v1::test]
        #ignore
        fn #ident() {
            #p::drop_in(::core::module_path!(), #name)
        }
    }
}

/// The module untouched, and the group's descriptor behind it.
pub(crate) fn expand_group(group: &Group) -> TokenStream {
    let here = Span::mixed_site();
    let p = &group.options.root.private();
    let module = &group.module;
    let suffix = text(&format!("::{}", module.ident));
    let location = expand_location(p, module.ident.span());
    let options = expand_options(p, &group.options, &group.companions);
    quote_spanned! {here=>
        #module

        const _: () = {
            static __ITEST_DEF: #p::GroupDef = #p::GroupDef {
                module_path: ::core::concat!(::core::module_path!(), #suffix),
                location: #location,
                options: #options,
            };

            #p::inventory::submit! { #p::Submission::Group(&__ITEST_DEF) }
        };
    }
}

/// `Options { … }`: what is said, and `DEFAULT` for the rest.
fn expand_options(p: &TokenStream, options: &Options, companions: &Companions) -> TokenStream {
    let here = Span::mixed_site();
    let mut fields = TokenStream::new();
    if let Some(timeout) = options.timeout {
        let timeout = expand_duration(timeout);
        fields.extend(quote_spanned!(here=> timeout: ::core::option::Option::Some(#timeout),));
    }
    if let Some(retries) = options.retries {
        let retries = Literal::u32_unsuffixed(retries);
        fields.extend(quote_spanned!(here=> retries: ::core::option::Option::Some(#retries),));
    }
    if !options.markers.is_empty() {
        let markers = options.markers.iter().map(|one| expand_marker(p, one));
        fields.extend(quote_spanned!(here=> markers: &[#(#markers),*],));
    }
    if !options.locks.is_empty() {
        let locks = options.locks.iter().map(|lock| {
            let name = &lock.name;
            let exclusive = lock.exclusive;
            quote_spanned!(here=> #p::Lock { name: #name, exclusive: #exclusive })
        });
        fields.extend(quote_spanned!(here=> locks: &[#(#locks),*],));
    }
    if options.serial {
        fields.extend(quote_spanned!(here=> serial: true,));
    }
    if let Some((flavor, _)) = options.flavor {
        let flavor = match flavor {
            Flavor::CurrentThread => quote_spanned!(here=> CurrentThread),
            Flavor::MultiThread => quote_spanned!(here=> MultiThread),
        };
        fields.extend(quote_spanned! {here=>
            flavor: ::core::option::Option::Some(#p::Flavor::#flavor),
        });
    }
    if let Some((threads, _)) = options.worker_threads {
        let threads = Literal::u32_unsuffixed(threads);
        fields.extend(quote_spanned! {here=>
            worker_threads: ::core::option::Option::Some(#threads),
        });
    }
    if !options.uses.is_empty() {
        let uses = options.uses.iter().map(|one| {
            let location = expand_location(p, one.span);
            let binding = match &one.binding {
                Binding::Name(name) => {
                    let name = text(name);
                    quote_spanned!(here=> Name(#name))
                }
                Binding::Path(path) => {
                    let call = quote_spanned!(one.span=> #path());
                    quote_spanned!(here=> Path(|| #p::FixtureRef::def(#call)))
                }
            };
            quote_spanned! {here=>
                #p::UseDef { binding: #p::Binding::#binding, location: #location }
            }
        });
        fields.extend(quote_spanned!(here=> uses: &[#(#uses),*],));
    }
    if !companions.skips.is_empty() {
        let skips = expand_skips(p, &companions.skips);
        fields.extend(quote_spanned!(here=> skips: #skips,));
    }
    if let Some(xfail) = &companions.xfail {
        let xfail = expand_xfail(p, xfail);
        fields.extend(quote_spanned!(here=> xfail: ::core::option::Option::Some(#xfail),));
    }
    if fields.is_empty() {
        return quote_spanned!(here=> #p::Options::DEFAULT);
    }
    quote_spanned!(here=> #p::Options { #fields ..#p::Options::DEFAULT })
}

fn expand_marker(p: &TokenStream, marker: &Marker) -> TokenStream {
    let here = Span::mixed_site();
    let name = text(&marker.name);
    let args = marker.args.iter().map(|(key, value)| {
        let key = text(key);
        let value = match value {
            MarkerValue::Str(value) => {
                let value = text(value);
                quote_spanned!(here=> Str(#value))
            }
            MarkerValue::Int(value) => {
                let value = Literal::i64_unsuffixed(*value);
                quote_spanned!(here=> Int(#value))
            }
            MarkerValue::Bool(value) => quote_spanned!(here=> Bool(#value)),
        };
        quote_spanned!(here=> (#key, #p::MarkerValue::#value))
    });
    quote_spanned!(here=> #p::Marker { name: #name, args: &[#(#args),*] })
}

fn reason(literal: Option<&LitStr>) -> String {
    literal.map(LitStr::value).unwrap_or_default()
}
