//! Where a token stands, as an expression.

use proc_macro2::{Literal, Span, TokenStream};
use quote::quote_spanned;

/// A `Location` of `span`; `p` is the path of `__private`.
///
/// Literals, not `file!()` and `line!()`: those would have to carry the user's span, and an
/// editor would then find several things behind one token.
pub(crate) fn expand_location(p: &TokenStream, span: Span) -> TokenStream {
    let (file, line, column) = literals(span);
    quote_spanned! {Span::mixed_site()=>
        #p::Location { file: #file, line: #line, column: #column }
    }
}

/// A location as three arguments.
pub(crate) fn expand_place(span: Span) -> TokenStream {
    let (file, line, column) = literals(span);
    quote_spanned!(Span::mixed_site()=> #file, #line, #column)
}

fn literals(span: Span) -> (String, Literal, Literal) {
    let (file, line, column) = place(span);
    (
        file,
        Literal::usize_unsuffixed(line),
        Literal::usize_unsuffixed(column),
    )
}

/// The same names, standing elsewhere.
pub(crate) fn located_at(tokens: &TokenStream, span: Span) -> TokenStream {
    let tokens = tokens.clone().into_iter();
    tokens
        .map(|mut token| {
            token.set_span(token.span().located_at(span));
            token
        })
        .collect()
}

/// File as `file!()` names it, line and column from 1.
pub(crate) fn place(span: Span) -> (String, usize, usize) {
    // In unit tests there is no compiler to ask.
    if !proc_macro::is_available() {
        return (String::from("src/lib.rs"), 1, 1);
    }
    let span = span.unwrap();
    (span.file(), span.line(), span.column())
}
