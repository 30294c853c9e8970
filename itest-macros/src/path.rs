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

    /// What only generated code names: `::itest::__private`.
    pub(crate) fn private(&self) -> TokenStream {
        let path = &self.path;
        quote_spanned!(Span::mixed_site()=> #path::__private)
    }
}
