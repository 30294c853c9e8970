//! The order of attributes on one item.
//!
//! The compiler expands attributes from the top. Ours should mean the same above and below each
//! other, so whoever is called too early puts the attributes in order and waits for its turn.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::Attribute;

use crate::item::Attributed;
use crate::path::Root;

/// The item with its `cfg`s first and `#[name(args)]` behind them, if it has any.
///
/// All our attributes are in the prelude; `itest::skip` itself is another macro.
/// The compiler then decides them before we are called again: what they switch off is not there.
///
/// # Errors
/// The item, when it has none.
pub(crate) fn with_cfg_first<T: Attributed>(
    root: &Root,
    name: &str,
    args: &TokenStream,
    mut item: T,
) -> Result<TokenStream, T> {
    let is_cfg = |attr: &Attribute| attr.path().is_ident("cfg") || attr.path().is_ident("cfg_attr");
    if !item.attrs().iter().any(is_cfg) {
        return Err(item);
    }
    let (cfgs, others): (Vec<_>, Vec<_>) = item.attrs().drain(..).partition(is_cfg);
    *item.attrs() = others;
    let root = root.public();
    let name = Ident::new(name, Span::call_site());
    let again = quote_spanned!(Span::call_site()=> #[#root::prelude::#name(#args)]);
    Ok(quote!(#(#cfgs)* #again #item))
}
