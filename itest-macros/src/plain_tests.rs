//! Plain `#[test]` functions of a target that itest takes over, where they would never run.
//!
//! A look at the sources on a best-effort basis: whatever cannot be read or parsed has none.

use std::cell::Cell;
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::Span;
use syn::{Attribute, Expr, Item, ItemMod, Lit, Meta};

use crate::above::is_plain_test;
use crate::companion::main_attribute;

/// A function with a plain test attribute.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct PlainTest {
    pub(crate) name: String,
    /// As the compiler names it, or next to that.
    pub(crate) file: String,
    pub(crate) line: usize,
}

/// Those in the file that `main!` stands in, and in its modules.
pub(crate) fn find_plain_tests() -> Vec<PlainTest> {
    let mut found = Vec::new();
    if proc_macro::is_available()
        && let span = Span::call_site().unwrap()
        && let Some(file) = span.local_file()
    {
        let shown = PathBuf::from(span.file());
        let directory = file.parent().map(Path::to_owned).unwrap_or_default();
        search_file(&file, &shown, &directory, &mut found, 0);
    }
    found
}

/// Deeper nesting of files than this is a loop.
const MOST_NESTED: usize = 32;

/// `directory` is where the file's own modules are.
fn search_file(
    file: &Path,
    shown: &Path,
    directory: &Path,
    found: &mut Vec<PlainTest>,
    depth: usize,
) {
    let Ok(text) = fs::read_to_string(file) else {
        return;
    };
    let has_tests = text.contains("test]") || text.contains("test(");
    let has_modules = text.contains("mod ");
    if depth > MOST_NESTED || !(has_tests || has_modules) {
        return;
    }
    let Ok(parsed) = syn::parse_file(&text) else {
        return;
    };
    let search = Search {
        shown,
        text: &text,
        passed: Cell::new(0),
        depth,
    };
    search.items(&parsed.items, directory, found);
}

struct Search<'a> {
    shown: &'a Path,
    text: &'a str,
    /// Lines of `text` before the next item.
    passed: Cell<usize>,
    depth: usize,
}

impl Search<'_> {
    fn items(&self, items: &[Item], directory: &Path, found: &mut Vec<PlainTest>) {
        for item in items {
            match item {
                Item::Fn(function) if is_lost(&function.attrs) => found.push(PlainTest {
                    name: function.sig.ident.to_string(),
                    file: self.shown.display().to_string(),
                    line: self.line_of(&function.sig.ident.to_string()),
                }),
                Item::Mod(module) => self.module(module, directory, found),
                _ => {}
            }
        }
    }

    /// Inside a macro, tokens of another file have no line; so by the text, from above.
    fn line_of(&self, name: &str) -> usize {
        let declares = |line: &str| {
            !line.trim_start().starts_with("//")
                && line.split("fn ").skip(1).any(|behind| {
                    let rest = behind.trim_start().strip_prefix(name);
                    rest.is_some_and(|rest| {
                        !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_')
                    })
                })
        };
        let passed = self.passed.get();
        let mut lines = self.text.lines().enumerate().skip(passed);
        let line = lines
            .find(|(_, line)| declares(line))
            .map_or(passed, |(i, _)| i + 1);
        self.passed.set(line);
        line.max(1)
    }

    fn module(&self, module: &ItemMod, directory: &Path, found: &mut Vec<PlainTest>) {
        let name = syn::ext::IdentExt::unraw(&module.ident).to_string();
        let path = path_attribute(&module.attrs);
        if let Some((_, items)) = &module.content {
            let inner = directory.join(path.as_deref().unwrap_or(&name));
            self.items(items, &inner, found);
            return;
        }
        let candidates = match path {
            Some(path) => vec![directory.join(path)],
            None => vec![
                directory.join(format!("{name}.rs")),
                directory.join(&name).join("mod.rs"),
            ],
        };
        let Some(file) = candidates.into_iter().find(|file| file.is_file()) else {
            return;
        };
        // `mod.rs` and files named by `#[path]` have their modules beside them.
        let beside = file.file_name().is_some_and(|name| name == "mod.rs")
            || path_attribute(&module.attrs).is_some();
        let parent = file.parent().map(Path::to_owned).unwrap_or_default();
        let inner = if beside { parent } else { parent.join(&name) };
        search_file(&file, &file, &inner, found, self.depth + 1);
    }
}

/// A test for libtest and not for itest.
fn is_lost(attrs: &[Attribute]) -> bool {
    attrs.iter().any(|attr| is_plain_test(attr.path()))
        && !attrs
            .iter()
            .any(|attr| main_attribute(attr.path()).is_some())
}

fn path_attribute(attrs: &[Attribute]) -> Option<String> {
    attrs.iter().find_map(|attr| match &attr.meta {
        Meta::NameValue(pair) if pair.path.is_ident("path") => match &pair.value {
            Expr::Lit(literal) => match &literal.lit {
                Lit::Str(text) => Some(text.value()),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    })
}
