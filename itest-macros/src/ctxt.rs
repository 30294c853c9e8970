//! [`Context`]: collects every error of one invocation, so that all are reported at once.

use std::cell::{Cell, RefCell};
use std::fmt::Display;

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;

/// Where parsing and validation leave their errors before they go on.
///
/// Dropping it unchecked is a bug of ours, and panics.
pub(crate) struct Context {
    errors: RefCell<Option<Vec<syn::Error>>>,
    reported_elsewhere: Cell<bool>,
}

impl Context {
    pub(crate) fn new() -> Self {
        Context {
            errors: RefCell::new(Some(Vec::new())),
            reported_elsewhere: Cell::new(false),
        }
    }

    /// An error at one place.
    pub(crate) fn error(&self, span: Span, message: impl Display) {
        self.push(syn::Error::new(span, message));
    }

    /// An error at these tokens.
    pub(crate) fn error_at(&self, tokens: impl ToTokens, message: impl Display) {
        self.push(syn::Error::new_spanned(tokens, message));
    }

    /// An error that `syn` found.
    pub(crate) fn push(&self, error: syn::Error) {
        self.errors
            .borrow_mut()
            .as_mut()
            .expect("itest bug: an error after the check")
            .push(error);
    }

    /// Something is wrong that the compiler will report better.
    pub(crate) fn leave_to_compiler(&self) {
        self.reported_elsewhere.set(true);
    }

    /// `Err` with the `compile_error!`s of everything that is wrong.
    pub(crate) fn check(self) -> Result<(), TokenStream> {
        let errors = self.errors.borrow_mut().take().unwrap_or_default();
        if errors.is_empty() && !self.reported_elsewhere.get() {
            return Ok(());
        }
        Err(errors.iter().map(syn::Error::to_compile_error).collect())
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        if !std::thread::panicking() && self.errors.get_mut().is_some() {
            panic!("itest bug: errors were not checked");
        }
    }
}
