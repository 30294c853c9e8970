//! The options in `#[integration(…)]`.

use std::time::Duration;

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;
use syn::spanned::Spanned;
use syn::{Lit, LitStr};

use crate::ctxt::Context;
use crate::duration::parse_duration;
use crate::message::{shown, unknown};
use crate::options::{Entry, Once, parse_entries, split_commas};
use crate::path::Root;
use crate::signature::{Binding, parse_binding};

/// What is written, each option right in itself.
#[derive(Default)]
pub(crate) struct Options {
    pub(crate) root: Root,
    pub(crate) timeout: Option<Duration>,
    pub(crate) retries: Option<u32>,
    pub(crate) markers: Vec<Marker>,
    pub(crate) locks: Vec<Lock>,
    pub(crate) serial: bool,
    pub(crate) flavor: Option<(Flavor, Span)>,
    pub(crate) worker_threads: Option<(u32, Span)>,
    pub(crate) uses: Vec<Use>,
}

pub(crate) struct Marker {
    pub(crate) name: String,
    pub(crate) args: Vec<(String, MarkerValue)>,
}

pub(crate) enum MarkerValue {
    Str(String),
    Int(i64),
    Bool(bool),
}

pub(crate) struct Lock {
    pub(crate) name: LitStr,
    pub(crate) exclusive: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flavor {
    CurrentThread,
    MultiThread,
}

pub(crate) struct Use {
    pub(crate) binding: Binding,
    pub(crate) span: Span,
}

const OPTIONS: [&str; 10] = [
    "timeout",
    "retries",
    "markers",
    "exclusive",
    "shared",
    "serial",
    "flavor",
    "worker_threads",
    "uses",
    "crate",
];

pub(crate) fn parse_options(cx: &Context, args: TokenStream) -> Options {
    let mut options = Options::default();
    let mut once = Once::new();
    for entry in parse_entries(cx, args) {
        let repeatable = matches!(entry.name.as_str(), "exclusive" | "shared");
        if repeatable || once.is_first(cx, &entry) {
            options.add(cx, &entry);
        }
    }
    options
}

impl Options {
    fn add(&mut self, cx: &Context, entry: &Entry) {
        match entry.name.as_str() {
            "timeout" => self.timeout = parse_timeout(cx, entry),
            "retries" => self.retries = entry.count(cx, 0, "retries = 2"),
            "markers" => parse_markers(cx, entry, &mut self.markers),
            "exclusive" => parse_locks(cx, entry, true, &mut self.locks),
            "shared" => parse_locks(cx, entry, false, &mut self.locks),
            "serial" => self.serial = entry.flag(cx).is_some(),
            "flavor" => self.flavor = parse_flavor(cx, entry),
            "worker_threads" => {
                self.worker_threads = entry
                    .count(cx, 1, "worker_threads = 2")
                    .map(|threads| (threads, entry.ident.span()));
            }
            "uses" => parse_uses(cx, entry, &mut self.uses),
            "crate" => {
                if let Some(path) = entry.path(cx, "crate = ::itest") {
                    self.root = Root::new(&path);
                }
            }
            other => cx.error(entry.ident.span(), unknown_option(other)),
        }
    }
}

fn unknown_option(found: &str) -> String {
    let mut message = unknown("`integration` option", "option", found, &OPTIONS);
    let attribute = match found {
        "skip_if" => "#[skip_if(env = \"NAME\", reason = \"…\")]",
        "skip" => "#[skip(reason = \"…\")]",
        "xfail" => "#[xfail(reason = \"…\")]",
        "ignore" => "#[ignore = \"…\"]",
        "should_panic" => "#[should_panic(expected = \"…\")]",
        _ => return message,
    };
    message.push_str(&format!(
        "\nhelp: this is an attribute of its own: `{attribute}`"
    ));
    message
}

/// `timeout = "5s"`
pub(crate) fn parse_timeout(cx: &Context, entry: &Entry) -> Option<Duration> {
    let text = entry.string(cx, "timeout = \"5s\"")?;
    match parse_duration(&text.value()) {
        Ok(duration) => Some(duration),
        Err(message) => {
            cx.error_at(&text, message);
            None
        }
    }
}

fn parse_flavor(cx: &Context, entry: &Entry) -> Option<(Flavor, Span)> {
    let name = entry.string(cx, "flavor = \"multi_thread\"")?;
    let flavor = match name.value().as_str() {
        "current_thread" => Flavor::CurrentThread,
        "multi_thread" => Flavor::MultiThread,
        other => {
            let accepted = ["current_thread", "multi_thread"];
            cx.error_at(&name, unknown("runtime flavor", "flavor", other, &accepted));
            return None;
        }
    };
    Some((flavor, entry.ident.span()))
}

const MARKERS: &str = "markers(slow, load(level = 3))";

fn parse_markers(cx: &Context, entry: &Entry, markers: &mut Vec<Marker>) {
    let Some(tokens) = entry.entries(cx, MARKERS) else {
        return;
    };
    for piece in split_commas(tokens) {
        // `markers("slow")` is what one tries first.
        if let Ok(text) = syn::parse2::<LitStr>(piece.clone()) {
            cx.error_at(
                &text,
                format!(
                    "a marker is a name, without quotes\nhelp: write `markers({})`",
                    text.value()
                ),
            );
            continue;
        }
        for marker in parse_entries(cx, piece) {
            parse_marker(cx, &marker, markers);
        }
    }
}

fn parse_marker(cx: &Context, entry: &Entry, markers: &mut Vec<Marker>) {
    if matches!(entry.name.as_str(), "and" | "or" | "not") {
        cx.error(
            entry.ident.span(),
            format!(
                "`{}` cannot be a marker: it is an operator in `-m` expressions",
                entry.name
            ),
        );
        return;
    }
    if markers.iter().any(|marker| marker.name == entry.name) {
        cx.error_at(entry, format!("the marker `{}` is given twice", entry.name));
        return;
    }
    let mut args = Vec::new();
    if !entry.is_bare() {
        let example = format!("{}(level = 3)", entry.name);
        let Some(tokens) = entry.entries(cx, &example) else {
            return;
        };
        let mut once = Once::new();
        for arg in parse_entries(cx, tokens) {
            if !once.is_first(cx, &arg) {
                continue;
            }
            if let Some(value) = parse_marker_value(cx, &arg) {
                args.push((arg.name, value));
            }
        }
    }
    markers.push(Marker {
        name: entry.name.clone(),
        args,
    });
}

fn parse_marker_value(cx: &Context, arg: &Entry) -> Option<MarkerValue> {
    let expected = "a string, a whole number or a bool";
    let literal = arg.literal(cx, expected, &format!("{} = 3", arg.name))?;
    match &literal {
        Lit::Str(text) => Some(MarkerValue::Str(text.value())),
        Lit::Bool(value) => Some(MarkerValue::Bool(value.value)),
        Lit::Int(number) if number.suffix().is_empty() => match number.base10_parse() {
            Ok(number) => Some(MarkerValue::Int(number)),
            Err(_) => {
                arg.error_at_value(
                    cx,
                    format!("`{}` does not fit into an `i64`", shown(number)),
                );
                None
            }
        },
        other => {
            arg.error_at_value(
                cx,
                format!("`{}` is {expected}, not `{}`", arg.name, shown(other)),
            );
            None
        }
    }
}

fn parse_locks(cx: &Context, entry: &Entry, exclusive: bool, locks: &mut Vec<Lock>) {
    let example = format!("{}(\"name\")", entry.name);
    let Some(tokens) = entry.entries(cx, &example) else {
        return;
    };
    for piece in split_commas(tokens) {
        let Ok(name) = syn::parse2::<LitStr>(piece.clone()) else {
            cx.error_at(
                &piece,
                format!(
                    "the name of a lock is a string, not `{}`\nhelp: write `{example}`",
                    shown(&piece)
                ),
            );
            continue;
        };
        let text = name.value();
        if text.trim().is_empty() {
            cx.error_at(&name, "the name of a lock is empty");
            continue;
        }
        match locks.iter().find(|lock| lock.name.value() == text) {
            None => locks.push(Lock { name, exclusive }),
            Some(lock) if lock.exclusive == exclusive => {
                cx.error_at(&name, format!("the lock `{text}` is given twice"));
            }
            Some(_) => cx.error_at(
                &name,
                format!(
                    "the lock `{text}` is given as exclusive and as shared\n\
                     help: exclusive is the stronger one, `shared` can go"
                ),
            ),
        }
    }
}

fn parse_uses(cx: &Context, entry: &Entry, uses: &mut Vec<Use>) {
    let Some(tokens) = entry.entries(cx, "uses(fixture)") else {
        return;
    };
    let mut seen: Vec<String> = Vec::new();
    for piece in split_commas(tokens) {
        let span = piece.span();
        let Some(binding) = parse_binding(cx, &piece, "path::to::fixture", "\"name\"") else {
            continue;
        };
        // A single word is a name, looked up like a parameter's.
        let binding = match binding {
            Binding::Path(path) => match path.get_ident() {
                Some(ident) => {
                    let name = syn::ext::IdentExt::unraw(ident).to_string();
                    Binding::Name(name.trim_start_matches('_').to_owned())
                }
                None => Binding::Path(path),
            },
            name => name,
        };
        let text = match &binding {
            Binding::Name(name) => name.clone(),
            Binding::Path(path) => path.to_token_stream().to_string().replace(' ', ""),
        };
        if seen.contains(&text) {
            cx.error(span, format!("the fixture `{text}` is given twice"));
            continue;
        }
        seen.push(text);
        uses.push(Use { binding, span });
    }
}
