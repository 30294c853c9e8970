//! From the model to tokens; nothing here can fail.

use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Attribute, LitStr, ReturnType};

use crate::companion::{Companions, expand_option, expand_skips, expand_xfail};
use crate::duration::expand_duration;
use crate::harness::Harness;
use crate::integration::model::{Group, Returns, Set, Test};
use crate::integration::parse::{Flavor, Marker, MarkerValue, Options};
use crate::location::{expand_location, expand_place, located_at};
use crate::options::text;
use crate::signature::{
    Binding, Function, expand_arguments, expand_deprecated, expand_holding, expand_lints,
    expand_params, is_outward,
};
use crate::values::expand_with;

/// One function, which is the test: it has the descriptor inside, and runs the user's code.
///
/// What most tests do not say costs them nothing: the fewer items, the less there is to compile.
pub(crate) fn expand_test(test: &Test) -> TokenStream {
    let here = Span::mixed_site();
    let harness = Harness::of_this_compilation();
    let function = expand_function(test, harness);
    let known: Vec<_> = test.sets.iter().filter_map(Set::names).collect();
    match harness {
        Harness::Own => function,
        Harness::Libtest if known.is_empty() => {
            let ignore = expand_ignore(&test.companions);
            quote_spanned!(here=> #[::core::prelude::v1::test] #ignore #function)
        }
        Harness::Libtest => {
            let plain_tests = expand_plain_tests(test, &test.function.sig.ident, &known, 0, None);
            quote_spanned!(here=> #function #plain_tests)
        }
        // The compiler, or the editor, takes what it can use.
        Harness::Unknown => {
            let plain_tests = expand_plain_tests(test, &test.function.sig.ident, &known, 0, None);
            quote_spanned!(here=> const _: () = { #function }; #plain_tests)
        }
    }
}

fn expand_function(test: &Test, harness: Harness) -> TokenStream {
    let here = Span::mixed_site();
    let p = &test.options.root.private();
    let ident = &test.function.sig.ident;
    let def = expand_def(p, test);
    let (attrs, run) = match stands_alone(test, harness) {
        true => (Some(&test.function.attrs), expand_body(p, test)),
        false => (None, expand_call(p, test)),
    };
    let attrs = attrs.into_iter().flatten();
    let holding = expand_holding(&test.params);
    quote_spanned! {here=>
        #(#attrs)*
        #holding
        fn #ident() {
            #p::register_test! { static __ITEST_DEF: #p::TestDef = #def; }
            #run
        }
    }
}

/// Whether nobody would see that the body does not stand in a function of the user's own: it takes
/// nothing, no attribute but lints looks at it, and what it returns can be told it.
///
/// An editor would find a type that is told twice.
fn stands_alone(test: &Test, harness: Harness) -> bool {
    let is_lint = |attr: &Attribute| {
        let path = attr.path();
        is_outward(attr) && !path.is_ident("must_use") && !path.is_ident("deprecated")
    };
    let returns = match test.returns {
        Returns::Nothing => true,
        Returns::Named(_) => test.is_async() && harness != Harness::Unknown,
        Returns::Never | Returns::Opaque(_) => false,
    };
    returns && test.params.is_empty() && test.function.attrs.iter().all(is_lint)
}

/// The user's body, run in place.
fn expand_body(p: &TokenStream, test: &Test) -> TokenStream {
    let here = Span::mixed_site();
    let body = &test.function.body;
    let ReturnType::Type(_, ty) = &test.function.sig.output else {
        return match test.is_async() {
            true => quote_spanned! {here=>
                #p::run(&__ITEST_DEF, ::core::pin::pin!(async { let () = #body; }));
            },
            false => quote_spanned!(here=> if #p::runs(&__ITEST_DEF) { let () = #body; }),
        };
    };
    let there = here.located_at(ty.span());
    let private = located_at(p, ty.span());
    let returns = quote_spanned!(there=> return #private::unreached::<#ty>(););
    let into_result = quote_spanned!(there=> #private::returned::of::<#ty>().test());
    quote_spanned! {here=>
        #p::run_returning(
            &__ITEST_DEF,
            ::core::pin::pin!(async {
                if false { #returns }
                #body
            }),
            #into_result,
        );
    }
}

/// `TestDef::new(…)`, and what the test says besides.
fn expand_def(p: &TokenStream, test: &Test) -> TokenStream {
    let here = Span::mixed_site();
    let ident = &test.function.sig.ident;
    let name = text(&ident.to_string());
    let place = expand_place(ident.span());
    let is_async = test.is_async();
    let new = quote_spanned! {here=>
        #p::TestDef::new(#name, ::core::module_path!(), #place, #is_async, #ident)
    };
    let mut fields = TokenStream::new();
    if test.params.iter().any(|param| param.request().is_some()) {
        let params = expand_params(p, &test.params);
        fields.extend(quote_spanned!(here=> params: #params,));
    }
    if !test.sets.is_empty() {
        let sets = test.sets.iter().map(|set| expand_set(p, set));
        fields.extend(quote_spanned!(here=> sets: &[#(#sets),*],));
    }
    if !test.with.is_empty() {
        let with = expand_with(p, &test.with);
        fields.extend(quote_spanned!(here=> with: #with,));
    }
    let options = expand_options(p, &test.options, &test.companions);
    if let Some(options) = options {
        fields.extend(quote_spanned!(here=> options: &#options,));
    }
    fields.extend(expand_result_fields(p, &test.companions));
    if fields.is_empty() {
        return new;
    }
    let details = quote_spanned!(here=> &#p::Details { #fields ..#p::Details::DEFAULT });
    quote_spanned!(here=> #p::TestDef { details: #details, ..#new })
}

/// The fields `ignore` and `should_panic` of a test or case.
fn expand_result_fields(p: &TokenStream, companions: &Companions) -> TokenStream {
    let here = Span::mixed_site();
    let mut fields = TokenStream::new();
    if let Some(ignore) = &companions.ignore {
        let reason = text(&reason(ignore.reason.as_ref()));
        fields.extend(quote_spanned!(here=> ignore: ::core::option::Option::Some(#reason),));
    }
    if let Some(should_panic) = &companions.should_panic {
        let expected = expand_option(should_panic.expected.as_ref());
        fields.extend(quote_spanned! {here=>
            should_panic: ::core::option::Option::Some(#p::ShouldPanic { expected: #expected }),
        });
    }
    fields
}

/// `SetDef::…`
fn expand_set(p: &TokenStream, set: &Set) -> TokenStream {
    let here = Span::mixed_site();
    match set {
        Set::Cases(cases) => {
            let cases = cases.iter().map(|(name, companions)| {
                let name = text(&name.to_string());
                let new = quote_spanned!(here=> #p::CaseDef::new(#name));
                let mut fields = expand_result_fields(p, companions);
                if !companions.skips.is_empty() {
                    let skips = expand_skips(p, &companions.skips);
                    fields.extend(quote_spanned!(here=> skips: #skips,));
                }
                if let Some(xfail) = &companions.xfail {
                    let xfail = expand_xfail(p, xfail);
                    fields.extend(quote_spanned! {here=>
                        xfail: ::core::option::Option::Some(#xfail),
                    });
                }
                match fields.is_empty() {
                    true => new,
                    false => quote_spanned!(here=> #p::CaseDef { #fields ..#new }),
                }
            });
            quote_spanned!(here=> #p::SetDef::Cases(&[#(#cases),*]))
        }
        Set::Values(names) => {
            let names = names.iter().map(|name| text(&name.to_string()));
            quote_spanned!(here=> #p::SetDef::Values(&[#(#names),*]))
        }
        Set::Files {
            patterns,
            exclude,
            span,
        } => {
            let location = expand_location(p, *span);
            quote_spanned! {here=>
                #p::SetDef::Files(#p::FilesDef {
                    patterns: &[#(#patterns),*],
                    exclude: &[#(#exclude),*],
                    location: #location,
                })
            }
        }
    }
}

/// The user's function as it is, inside, and a call of it.
fn expand_call(p: &TokenStream, test: &Test) -> TokenStream {
    let here = Span::mixed_site();
    let Function {
        attrs, sig, body, ..
    } = &test.function;
    let ident = &sig.ident;
    let lints = expand_lints(&test.params);
    let call = Ident::new("__call", here);
    let (statements, arguments) = expand_arguments(p, &call, &test.params);
    let called = match expand_deprecated(attrs) {
        None => quote_spanned!(here=> #ident(#arguments)),
        Some(allow) => quote_spanned!(here=> #allow let __called = #ident(#arguments); __called),
    };
    // In a block, as outside the name is that of the whole test.
    let called = quote_spanned! {here=>
        {
            #(#attrs)*
            #lints
            #sig #body

            #called
        }
    };
    let run = if test.is_async() {
        let future = quote_spanned!(here=> ::core::pin::pin!(#called));
        match test.returns {
            Returns::Nothing => quote_spanned!(here=> #call.unit(#future);),
            Returns::Never => quote_spanned!(here=> #call.returned(#future, |__never| __never);),
            Returns::Named(span) | Returns::Opaque(span) => {
                let returned = quote_spanned!(here=> __returned);
                let result = expand_into_result(p, &returned, span, "test");
                quote_spanned!(here=> #call.returned(#future, |__returned| #result);)
            }
        }
    } else {
        match test.returns {
            Returns::Nothing => quote_spanned!(here=> let () = #called;),
            Returns::Never => called,
            Returns::Named(span) | Returns::Opaque(span) => {
                let result = expand_into_result(p, &called, span, "test");
                quote_spanned!(here=> #call.done(#result);)
            }
        }
    };
    let is_used = test.is_async() || !test.params.is_empty() || {
        !matches!(test.returns, Returns::Nothing | Returns::Never)
    };
    let pattern = match is_used {
        true => quote_spanned!(here=> mut #call),
        false => quote_spanned!(here=> _),
    };
    quote_spanned! {here=>
        if let ::core::option::Option::Some(#pattern) = #p::entry(&__ITEST_DEF) {
            #statements
            #run
        }
    }
}

/// The `Result<_, Failure>` of what a test or fallible fixture returned; `of` is which.
///
/// A type that is none of that is reported at `span`.
pub(crate) fn expand_into_result(
    p: &TokenStream,
    returned: &TokenStream,
    span: Span,
    of: &str,
) -> TokenStream {
    let here = Span::mixed_site();
    let there = here.located_at(span);
    let of = Ident::new(of, there);
    let into_result = quote_spanned!(there=> __chain.#of());
    quote_spanned! {here=>
        {
            let __returned = #returned;
            let __chain = #p::returned::like(&__returned);
            #into_result(__returned)
        }
    }
}

/// What libtest and editors know: a function that stands for the test.
///
/// Of a test with several instances that are known now, a module with a function for each.
/// `levels`: how many modules are around it; `case`: the one that it is of.
fn expand_plain_tests(
    test: &Test,
    name: &Ident,
    sets: &[Vec<(&Ident, Option<&Companions>)>],
    levels: usize,
    case: Option<&Companions>,
) -> TokenStream {
    let here = Span::mixed_site();
    if let [set, rest @ ..] = sets {
        let instances = set.iter().map(|(name, companions)| {
            let case = case.or(*companions);
            expand_plain_tests(test, name, rest, levels + 1, case)
        });
        return quote_spanned! {here=>
            #[allow(non_snake_case)]
            mod #name { #(#instances)* }
        };
    }
    let p = &test.options.root.private_below(levels);
    let text = text(&name.to_string());
    let ignore = case.and_then(expand_ignore);
    let ignore = ignore.or_else(|| expand_ignore(&test.companions));
    quote_spanned! {here=>
        #[::core::prelude::v1::test]
        #ignore
        fn #name() {
            #p::drop_in(::core::module_path!(), #text)
        }
    }
}

/// `#[ignore]` where it is ignored or skipped in any case.
fn expand_ignore(companions: &Companions) -> Option<TokenStream> {
    let here = Span::mixed_site();
    match (&companions.ignore, companions.unconditional_skip()) {
        (Some(ignore), _) => {
            let attribute = &ignore.attribute;
            Some(quote!(#attribute))
        }
        (None, Some(Some(reason))) => Some(quote_spanned!(here=> #[ignore = #reason])),
        (None, Some(None)) => Some(quote_spanned!(here=> #[ignore])),
        (None, None) => None,
    }
}

/// The module untouched, and the group's descriptor behind it.
pub(crate) fn expand_group(group: &Group) -> TokenStream {
    let here = Span::mixed_site();
    let p = &group.options.root.private();
    let module = &group.module;
    let suffix = text(&format!("::{}", module.ident));
    let location = expand_location(p, module.ident.span());
    let options = expand_options(p, &group.options, &group.companions)
        .unwrap_or_else(|| quote_spanned!(here=> #p::Options::DEFAULT));
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

/// `Options { … }`: what is said, and `DEFAULT` for the rest; `None` if nothing is said.
fn expand_options(
    p: &TokenStream,
    options: &Options,
    companions: &Companions,
) -> Option<TokenStream> {
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
    (!fields.is_empty())
        .then(|| quote_spanned!(here=> #p::Options { #fields ..#p::Options::DEFAULT }))
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
