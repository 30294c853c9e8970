//! [`Root`]: where generated code finds itest.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote_spanned};

/// `::itest`, or what `crate = path` says.
pub(crate) struct Root {
    path: TokenStream,
}

impl Default for Root {
    fn default() -> Self {
        Root {
            path: quote_spanned!(Span::mixed_site()=> ::itest),
        }
    }
}

impl Root {
    pub(crate) fn new(path: &syn::Path) -> Self {
        Root {
            path: path.to_token_stream(),
        }
    }

    /// The public face: `::itest`.
    pub(crate) fn public(&self) -> &TokenStream {
        &self.path
    }

    /// [`private`](Self::private) as seen from a module so many levels below.
    pub(crate) fn private_below(&self, levels: usize) -> TokenStream {
        let here = Span::mixed_site();
        let parsed = syn::parse2::<syn::Path>(self.path.clone()).ok();
        let absolute = parsed.is_none_or(|path| {
            let first = path.segments.first();
            path.leading_colon.is_some() || first.is_some_and(|one| one.ident == "crate")
        });
        if absolute {
            return self.private();
        }
        let up = (0..levels).map(|_| quote_spanned!(here=> super::));
        let path = self.path.clone().into_iter();
        // `self::a` from below is `super::a`.
        let mut path = path.peekable();
        let is_self = |token: &proc_macro2::TokenTree| token.to_string() == "self";
        if path.next_if(is_self).is_some() {
            path.next();
            path.next();
        }
        let path: TokenStream = path.collect();
        quote_spanned!(here=> #(#up)* #path::__private)
    }

    /// What only generated code names: `::itest::__private`.
    pub(crate) fn private(&self) -> TokenStream {
        let path = &self.path;
        quote_spanned!(Span::mixed_site()=> #path::__private)
    }
}
