//! Skip conditions: `env = "NAME"`, `not(…)` and the others.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::{LitStr, Path};

use crate::ctxt::Context;
use crate::message::{closest, list, unknown};
use crate::options::{Entry, parse_entries, text};

/// What `#[skip_if(…)]` says, as `itest::condition::Condition` has it.
pub(crate) enum Condition {
    Always,
    Env { name: String, value: Option<String> },
    Os(LitStr),
    Arch(LitStr),
    Command(LitStr),
    Tcp(LitStr),
    File(LitStr),
    Root,
    Cfg(TokenStream),
    When(Path),
    Not(Box<Condition>),
    Any(Vec<Condition>),
    All(Vec<Condition>),
}

/// The names of the conditions.
pub(crate) const CONDITIONS: [&str; 12] = [
    "env", "os", "arch", "command", "tcp", "file", "root", "cfg", "when", "not", "any", "all",
];

/// `std::env::consts::OS` and `FAMILY`.
const SYSTEMS: [&str; 22] = [
    "linux",
    "macos",
    "windows",
    "unix",
    "android",
    "ios",
    "freebsd",
    "openbsd",
    "netbsd",
    "dragonfly",
    "illumos",
    "solaris",
    "aix",
    "fuchsia",
    "haiku",
    "hurd",
    "redox",
    "cygwin",
    "tvos",
    "watchos",
    "visionos",
    "wasi",
];

/// `std::env::consts::ARCH`.
const ARCHITECTURES: [&str; 17] = [
    "x86_64",
    "aarch64",
    "x86",
    "arm",
    "riscv64",
    "riscv32",
    "powerpc64",
    "powerpc",
    "s390x",
    "loongarch64",
    "mips",
    "mips64",
    "sparc",
    "sparc64",
    "m68k",
    "wasm32",
    "wasm64",
];

/// The condition that an entry is.
pub(crate) fn parse_condition(cx: &Context, entry: &Entry) -> Option<Condition> {
    match entry.name.as_str() {
        "env" => parse_env(cx, entry),
        "os" => {
            let name = entry.text(cx, "os = \"linux\"")?;
            let other = |found: &str| match found {
                "osx" | "darwin" | "mac" | "apple" => Some("macos"),
                "win" | "win32" | "win64" => Some("windows"),
                _ => None,
            };
            known(cx, &name, "operating system", "target_os", &SYSTEMS, other)?;
            Some(Condition::Os(name))
        }
        "arch" => {
            let name = entry.text(cx, "arch = \"x86_64\"")?;
            let other = |found: &str| match found {
                "amd64" | "x64" | "x86-64" => Some("x86_64"),
                "arm64" | "armv8" => Some("aarch64"),
                "i386" | "i586" | "i686" => Some("x86"),
                _ => None,
            };
            known(
                cx,
                &name,
                "architecture",
                "target_arch",
                &ARCHITECTURES,
                other,
            )?;
            Some(Condition::Arch(name))
        }
        "command" => Some(Condition::Command(entry.text(cx, "command = \"docker\"")?)),
        "tcp" => parse_tcp(cx, entry),
        "file" => Some(Condition::File(entry.text(cx, "file = \"path/to/it\"")?)),
        "root" => entry.flag(cx).map(|()| Condition::Root),
        "cfg" => Some(Condition::Cfg(entry.entries(cx, "cfg(windows)")?)),
        "when" => Some(Condition::When(
            entry.path(cx, "when = path::to::function")?,
        )),
        "not" => {
            let inner = parse_inner(cx, entry, "not(env = \"NAME\")")?;
            let [inner] = <[Condition; 1]>::try_from(inner)
                .map_err(|_| {
                    cx.error_at(
                        entry,
                        "`not` takes one condition\n\
                         help: combine several: `not(any(…))`, `not(all(…))`",
                    );
                })
                .ok()?;
            Some(Condition::Not(Box::new(inner)))
        }
        "any" => {
            let inner = parse_inner(cx, entry, "any(env = \"CI\", os = \"linux\")")?;
            Some(Condition::Any(inner))
        }
        "all" => {
            let inner = parse_inner(cx, entry, "all(env = \"CI\", os = \"linux\")")?;
            Some(Condition::All(inner))
        }
        other => {
            cx.error(
                entry.ident.span(),
                unknown("skip condition", "condition", other, &CONDITIONS),
            );
            None
        }
    }
}

fn parse_inner(cx: &Context, entry: &Entry, example: &str) -> Option<Vec<Condition>> {
    let entries = parse_entries(cx, entry.entries(cx, example)?);
    let written = entries.len();
    let inner: Vec<Condition> = entries
        .iter()
        .filter_map(|entry| parse_condition(cx, entry))
        .collect();
    (inner.len() == written && written > 0).then_some(inner)
}

fn parse_env(cx: &Context, entry: &Entry) -> Option<Condition> {
    let literal = entry.text(cx, "env = \"NAME\"")?;
    let written = literal.value();
    let (name, value) = match written.split_once('=') {
        Some((name, value)) => (name, Some(value.to_owned())),
        None => (written.as_str(), None),
    };
    if name.is_empty() || name.contains(char::is_whitespace) {
        cx.error_at(
            &literal,
            format!(
                "`{written}` names no environment variable\n\
                 expected `env = \"NAME\"` (set and not empty) or `env = \"NAME=value\"`",
            ),
        );
        return None;
    }
    Some(Condition::Env {
        name: name.to_owned(),
        value,
    })
}

fn parse_tcp(cx: &Context, entry: &Entry) -> Option<Condition> {
    let address = entry.text(cx, "tcp = \"localhost:5432\"")?;
    let written = address.value();
    let right = written
        .rsplit_once(':')
        .is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok());
    if !right {
        cx.error_at(
            &address,
            format!("expected `tcp = \"host:port\"`, found `{written}`"),
        );
        return None;
    }
    Some(Condition::Tcp(address))
}

/// Refuses a word that the compiler does not know: a misspelt one would never hold.
fn known(
    cx: &Context,
    found: &LitStr,
    what: &str,
    cfg: &str,
    accepted: &[&str],
    other: impl Fn(&str) -> Option<&'static str>,
) -> Option<()> {
    let name = found.value();
    if accepted.contains(&name.as_str()) {
        return Some(());
    }
    let mut message = format!(
        "unknown {what} `{name}`\nexpected one of: {}",
        list(accepted)
    );
    match other(&name.to_lowercase()).or_else(|| closest(&name, accepted)) {
        Some(meant) => message.push_str(&format!("\nhelp: here it is called `{meant}`")),
        None => message.push_str(&format!("\nhelp: for others: `cfg({cfg} = \"{name}\")`")),
    }
    cx.error_at(found, message);
    None
}

/// A `Condition`; `p` is the path of `__private`.
pub(crate) fn expand_condition(p: &TokenStream, condition: &Condition) -> TokenStream {
    let here = Span::mixed_site();
    let expand_all = |all: &[Condition]| -> Vec<TokenStream> {
        all.iter().map(|one| expand_condition(p, one)).collect()
    };
    let inner = match condition {
        Condition::Always => quote_spanned!(here=> Always),
        Condition::Env { name, value } => {
            let name = text(name);
            let value = match value {
                Some(value) => {
                    let value = text(value);
                    quote_spanned!(here=> ::core::option::Option::Some(#value))
                }
                None => quote_spanned!(here=> ::core::option::Option::None),
            };
            quote_spanned!(here=> Env { name: #name, value: #value })
        }
        Condition::Os(name) => quote_spanned!(here=> Os(#name)),
        Condition::Arch(name) => quote_spanned!(here=> Arch(#name)),
        Condition::Command(name) => quote_spanned!(here=> Command(#name)),
        Condition::Tcp(address) => quote_spanned!(here=> Tcp(#address)),
        Condition::File(path) => quote_spanned!(here=> File(#path)),
        Condition::Root => quote_spanned!(here=> Root),
        Condition::Cfg(predicate) => {
            let written = text(&predicate.to_string());
            quote_spanned!(here=> Cfg { text: #written, holds: ::core::cfg!(#predicate) })
        }
        Condition::When(path) => {
            let written = text(&path.to_token_stream().to_string().replace(' ', ""));
            quote_spanned!(here=> When { text: #written, holds: #path })
        }
        Condition::Not(inner) => {
            let inner = expand_condition(p, inner);
            quote_spanned!(here=> Not(&#inner))
        }
        Condition::Any(all) => {
            let all = expand_all(all);
            quote_spanned!(here=> Any(&[#(#all),*]))
        }
        Condition::All(all) => {
            let all = expand_all(all);
            quote_spanned!(here=> All(&[#(#all),*]))
        }
    };
    quote_spanned!(here=> #p::Condition::#inner)
}
