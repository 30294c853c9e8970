//! What was written, checked as a whole: nothing in here is wrong, so expansion cannot fail.

use proc_macro2::{Ident, Span};
use quote::ToTokens;
use syn::LitStr;
use syn::ext::IdentExt;
use syn::spanned::Spanned;

use crate::companion::Companions;
use crate::ctxt::Context;
use crate::integration::parse::{Flavor, Options};
use crate::item::Module;
use crate::signature::{Function, Parameter, check_function};
use crate::types::{Finding, findings, is_never, returned};
use crate::values::{Case, Kind, With, identifier, numbered};

/// An `#[integration]` function.
pub(crate) struct Test {
    pub(crate) options: Options,
    pub(crate) companions: Companions,
    pub(crate) params: Vec<Parameter>,
    /// The test is run for each combination of their values.
    pub(crate) sets: Vec<Set>,
    pub(crate) with: Vec<With>,
    pub(crate) returns: Returns,
    /// Without our attributes.
    pub(crate) function: Function,
}

/// An `#[integration]` module.
pub(crate) struct Group {
    pub(crate) options: Options,
    pub(crate) companions: Companions,
    /// Without our attributes.
    pub(crate) module: Module,
}

/// Values that a test is run once for each of.
pub(crate) enum Set {
    /// By name; what is said of each alone.
    Cases(Vec<(Ident, Companions)>),
    /// Of one parameter, by the names of the instances.
    Values(Vec<Ident>),
    /// Of one parameter.
    Files {
        patterns: Vec<LitStr>,
        exclude: Vec<LitStr>,
        span: Span,
    },
}

impl Set {
    /// The names of the instances, as far as they are known now.
    pub(crate) fn names(&self) -> Option<Vec<(&Ident, Option<&Companions>)>> {
        match self {
            Set::Cases(cases) => {
                let named = cases
                    .iter()
                    .map(|(name, companions)| (name, Some(companions)));
                Some(named.collect())
            }
            Set::Values(names) => Some(names.iter().map(|name| (name, None)).collect()),
            Set::Files { .. } => None,
        }
    }
}

/// The sets of a test, each parameter told which is its; cases come first, as in rstest.
pub(crate) fn sets(cx: &Context, cases: Vec<Case>, params: &mut [Parameter]) -> Vec<Set> {
    let mut sets = Vec::new();
    give_cases(cx, &cases, params);
    if !cases.is_empty() {
        let count = cases.len();
        let named = cases.into_iter().enumerate().map(|(index, case)| {
            let mut name = numbered("case", index, count);
            if let Some(own) = &case.name {
                name.push_str(&format!("_{}", own.unraw()));
            }
            (Ident::new(&name, Span::mixed_site()), case.companions)
        });
        sets.push(Set::Cases(named.collect()));
    }
    for param in params {
        let Parameter::Value(param) = param else {
            continue;
        };
        let set = match &param.kind {
            Kind::Case | Kind::Param => continue,
            Kind::Values => {
                let values = param.values.iter().enumerate();
                let names = values.map(|(index, value)| {
                    let number = numbered(&param.name, index, param.values.len());
                    let value = identifier(&value.to_token_stream());
                    Ident::new(&format!("{number}_{value}"), Span::mixed_site())
                });
                Set::Values(names.collect())
            }
            Kind::Files { patterns, exclude } => Set::Files {
                patterns: patterns.clone(),
                exclude: exclude.clone(),
                span: param.span,
            },
        };
        param.set = sets.len();
        sets.push(set);
    }
    sets
}

/// Gives the values of each case to the parameters with `#[case]`.
fn give_cases(cx: &Context, cases: &[Case], params: &mut [Parameter]) {
    let mut taking: Vec<_> = params
        .iter_mut()
        .filter_map(|param| match param {
            Parameter::Value(param) if matches!(param.kind, Kind::Case) => Some(param),
            _ => None,
        })
        .collect();
    if cases.is_empty() {
        for param in &taking {
            cx.error(
                param.span,
                "no `#[case]` gives this parameter a value, so the test would never run\n\
                 help: write `#[case(…)]` below `#[integration]`, once for each case",
            );
        }
    }
    for case in cases {
        if case.values.len() != taking.len() {
            let values = match case.values.len() {
                1 => "1 value".to_owned(),
                count => format!("{count} values"),
            };
            let parameters = match taking.len() {
                0 => "no parameter with `#[case]`".to_owned(),
                1 => "1 parameter with `#[case]`".to_owned(),
                count => format!("{count} parameters with `#[case]`"),
            };
            cx.error(
                case.span,
                format!("this case has {values}, and the test has {parameters}"),
            );
            continue;
        }
        for (param, value) in taking.iter_mut().zip(&case.values) {
            param.values.push(value.clone());
        }
    }
}

/// What a test's return type tells by its looks.
#[derive(Clone, Copy)]
pub(crate) enum Returns {
    /// Nothing, or `()`.
    Nothing,
    /// `!`
    Never,
    /// A type that can be named again, which stands there.
    Named(Span),
    /// `impl Termination`
    Opaque(Span),
}

impl Test {
    pub(crate) fn new(
        cx: &Context,
        options: Options,
        companions: Companions,
        params: Vec<Parameter>,
        function: Function,
    ) -> Self {
        check_function(cx, &function.sig, "a test");
        check_attributes(cx, &function);
        check_runtime(cx, &options, Some(&function));
        check_skips(cx, &companions);
        let returns = check_returns(cx, &companions, &function);
        Test {
            options,
            companions,
            params,
            sets: Vec::new(),
            with: Vec::new(),
            returns,
            function,
        }
    }

    pub(crate) fn is_async(&self) -> bool {
        self.function.sig.asyncness.is_some()
    }
}

impl Group {
    pub(crate) fn new(
        cx: &Context,
        options: Options,
        companions: Companions,
        module: Module,
    ) -> Self {
        check_runtime(cx, &options, None);
        check_skips(cx, &companions);
        if !module.is_inline() {
            cx.error(
                module.ident.span(),
                format!(
                    "`#[integration]` needs the module's content in the same place\n\
                     help: write `mod {name} {{ … }}`, or put the options on the tests in \
                     `{name}`",
                    name = module.ident,
                ),
            );
        }
        Group {
            options,
            companions,
            module,
        }
    }
}

/// Refuses attributes that would run the function as another kind of test.
fn check_attributes(cx: &Context, function: &Function) {
    for attr in &function.attrs {
        let path = attr.path();
        if let Some(main) = crate::companion::main_attribute(path) {
            let message = if main == "fixture" {
                "a function is either a test or a fixture".to_owned()
            } else {
                format!("`#[{main}]` is given twice")
            };
            cx.error_at(attr, message);
        } else if crate::above::is_plain_test(path) {
            let name = quote::ToTokens::to_token_stream(path)
                .to_string()
                .replace(' ', "");
            cx.error_at(
                attr,
                format!(
                    "`#[integration]` runs the function itself, `async` or not\n\
                     help: remove `#[{name}]`"
                ),
            );
        }
    }
}

fn check_runtime(cx: &Context, options: &Options, function: Option<&Function>) {
    let is_sync = function.is_some_and(|function| function.sig.asyncness.is_none());
    for (name, span) in [
        ("flavor", options.flavor.map(|(_, span)| span)),
        (
            "worker_threads",
            options.worker_threads.map(|(_, span)| span),
        ),
    ] {
        if is_sync && let Some(span) = span {
            cx.error(
                span,
                format!(
                    "`{name}` says how to run an `async fn`, and this test is none\n\
                     help: remove it, or make the test an `async fn`"
                ),
            );
            return;
        }
    }
    let multi = options
        .flavor
        .is_some_and(|(flavor, _)| flavor == Flavor::MultiThread);
    if let Some((threads, span)) = options.worker_threads
        && !is_sync
        && !multi
    {
        cx.error(
            span,
            format!(
                "`worker_threads` needs `flavor = \"multi_thread\"`\n\
                 help: write `flavor = \"multi_thread\", worker_threads = {threads}`"
            ),
        );
    }
}

/// A second `#[skip]` says nothing more.
fn check_skips(cx: &Context, companions: &Companions) {
    let always = companions
        .skips
        .iter()
        .filter(|skip| matches!(skip.condition, crate::condition::Condition::Always));
    for skip in always.skip(1) {
        cx.error(skip.span, "`#[skip]` is given twice");
    }
}

const RETURNS_BORROW: &str = "a test cannot return what it borrows from its fixtures";

fn check_returns(cx: &Context, companions: &Companions, function: &Function) -> Returns {
    let Some(ty) = returned(&function.sig.output) else {
        return Returns::Nothing;
    };
    if companions.should_panic.is_some() && !is_never(ty) {
        cx.error_at(ty, "a test with `#[should_panic]` returns nothing");
    }
    let mut is_opaque = false;
    for finding in findings(ty) {
        match finding {
            Finding::Infer => cx.leave_to_compiler(),
            Finding::Lifetime(lifetime) => cx.error_at(&lifetime, RETURNS_BORROW),
            Finding::ElidedReference(span) => cx.error(span, RETURNS_BORROW),
            Finding::ImplTrait(_) => is_opaque = true,
        }
    }
    match (is_never(ty), is_opaque) {
        (true, _) => Returns::Never,
        (false, true) => Returns::Opaque(ty.span()),
        (false, false) => Returns::Named(ty.span()),
    }
}
