//! [`Item`]: what an attribute stands on.

use proc_macro2::{Delimiter, Group, Ident, TokenStream, TokenTree};
use quote::{ToTokens, TokenStreamExt};
use syn::parse::{Parse, ParseStream, Parser};
use syn::{Attribute, Token, Visibility};

use crate::signature::{Function, NO_BODY};

pub(crate) enum Item {
    Function(Box<Function>),
    Module(Module),
    /// A function or module that does not parse.
    Broken(syn::Error, TokenStream),
    /// A function without a body; the compiler says so.
    Bodiless(TokenStream),
    Other(TokenStream),
}

/// `mod name { … }` or `mod name;`, the content untouched.
pub(crate) struct Module {
    pub(crate) attrs: Vec<Attribute>,
    vis: Visibility,
    unsafety: Option<Token![unsafe]>,
    mod_token: Token![mod],
    pub(crate) ident: Ident,
    /// The braces, or the semicolon.
    pub(crate) content: TokenTree,
}

/// Any item, with its attributes apart.
pub(crate) struct Annotated {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) rest: TokenStream,
}

/// Something with attributes that can be put in another order.
pub(crate) trait Attributed: ToTokens {
    fn attrs(&mut self) -> &mut Vec<Attribute>;
}

impl Attributed for Function {
    fn attrs(&mut self) -> &mut Vec<Attribute> {
        &mut self.attrs
    }
}

impl Attributed for Module {
    fn attrs(&mut self) -> &mut Vec<Attribute> {
        &mut self.attrs
    }
}

impl Module {
    /// Whether the content is here and not in another file.
    pub(crate) fn is_inline(&self) -> bool {
        matches!(&self.content, TokenTree::Group(_))
    }
}

impl Parse for Module {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let attrs = input.call(Attribute::parse_outer)?;
        let vis = input.parse()?;
        let unsafety = input.parse()?;
        let mod_token = input.parse()?;
        let ident = input.parse()?;
        let content: TokenTree = input.parse()?;
        match &content {
            TokenTree::Group(group) if is_brace(group) => {}
            TokenTree::Punct(punct) if punct.as_char() == ';' => {}
            other => return Err(syn::Error::new(other.span(), "expected `{` or `;`")),
        }
        Ok(Module {
            attrs,
            vis,
            unsafety,
            mod_token,
            ident,
            content,
        })
    }
}

fn is_brace(group: &Group) -> bool {
    group.delimiter() == Delimiter::Brace
}

impl ToTokens for Module {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        tokens.append_all(&self.attrs);
        self.vis.to_tokens(tokens);
        self.unsafety.to_tokens(tokens);
        self.mod_token.to_tokens(tokens);
        self.ident.to_tokens(tokens);
        self.content.to_tokens(tokens);
    }
}

impl ToTokens for Function {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        tokens.append_all(&self.attrs);
        self.vis.to_tokens(tokens);
        self.sig.to_tokens(tokens);
        self.body.to_tokens(tokens);
    }
}

impl Parse for Annotated {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        Ok(Annotated {
            attrs: input.call(Attribute::parse_outer)?,
            rest: input.parse()?,
        })
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Function,
    Module,
    Other,
}

/// What the tokens behind the attributes and the visibility begin.
fn kind(input: ParseStream<'_>) -> syn::Result<Kind> {
    input.call(Attribute::parse_outer)?;
    input.parse::<Visibility>()?;
    let mut kind = Kind::Other;
    // `unsafe mod`, `pub async unsafe extern "C" fn`: qualifiers come first.
    loop {
        if input.peek(Token![mod]) {
            kind = Kind::Module;
            break;
        }
        if input.peek(Token![fn]) {
            kind = Kind::Function;
            break;
        }
        let qualifier = input.peek(Token![const])
            || input.peek(Token![async])
            || input.peek(Token![unsafe])
            || input.peek(Token![extern])
            || input.peek(syn::LitStr);
        if !qualifier {
            break;
        }
        input.parse::<TokenTree>()?;
    }
    input.parse::<TokenStream>()?;
    Ok(kind)
}

/// A function whose body nothing goes through; `None` leaves it to the thorough way.
///
/// To parse tokens is to copy them, and most of a file are bodies.
fn parse_head(item: &TokenStream) -> Option<Function> {
    let mut head: Vec<TokenTree> = item.clone().into_iter().collect();
    let Some(TokenTree::Group(body)) = head.pop() else {
        return None;
    };
    if !is_brace(&body) {
        return None;
    }
    let head: TokenStream = head.into_iter().collect();
    let (attrs, vis, sig) = Function::parse_head.parse2(head).ok()?;
    Some(Function {
        attrs,
        vis,
        sig,
        body,
    })
}

pub(crate) fn parse_item(item: TokenStream) -> Item {
    if let Some(function) = parse_head(&item) {
        return Item::Function(Box::new(function));
    }
    let parsed = match kind.parse2(item.clone()) {
        Ok(Kind::Function) => {
            syn::parse2(item.clone()).map(|function| Item::Function(Box::new(function)))
        }
        Ok(Kind::Module) => syn::parse2(item.clone()).map(Item::Module),
        Ok(Kind::Other) => return Item::Other(item),
        Err(error) => Err(error),
    };
    parsed.unwrap_or_else(|error| {
        if error.to_string() == NO_BODY {
            Item::Bodiless(item)
        } else {
            Item::Broken(error, item)
        }
    })
}
