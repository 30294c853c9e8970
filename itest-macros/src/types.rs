//! What a fixture's type may not be made of.

use proc_macro2::Span;
use quote::ToTokens;
use syn::spanned::Spanned;
use syn::{GenericArgument, Lifetime, PathArguments, ReturnType, Type, TypeParamBound};

/// Something in a type that has no meaning for a value of its own.
pub(crate) enum Finding {
    /// `impl Trait`
    ImplTrait(Span),
    /// `_`, which the compiler refuses in signatures.
    Infer,
    /// `'a` or `'_`, anything but `'static`.
    Lifetime(Lifetime),
    /// `&T` without a lifetime.
    ElidedReference(Span),
}

/// Everything of that sort in `ty`; not within `fn(…)` and `Fn(…)`, which bind lifetimes themselves.
pub(crate) fn findings(ty: &Type) -> Vec<Finding> {
    let mut found = Vec::new();
    walk(ty, &mut found);
    found
}

fn walk(ty: &Type, found: &mut Vec<Finding>) {
    match ty {
        Type::Array(array) => walk(&array.elem, found),
        Type::Slice(slice) => walk(&slice.elem, found),
        Type::Group(group) => walk(&group.elem, found),
        Type::Paren(paren) => walk(&paren.elem, found),
        Type::Ptr(pointer) => walk(&pointer.elem, found),
        Type::Tuple(tuple) => tuple.elems.iter().for_each(|elem| walk(elem, found)),
        Type::ImplTrait(_) => found.push(Finding::ImplTrait(ty.span())),
        Type::Infer(_) => found.push(Finding::Infer),
        Type::Reference(reference) => {
            match &reference.lifetime {
                Some(lifetime) => walk_lifetime(lifetime, found),
                None => found.push(Finding::ElidedReference(ty.span())),
            }
            walk(&reference.elem, found);
        }
        Type::TraitObject(object) => object
            .bounds
            .iter()
            .for_each(|bound| walk_bound(bound, found)),
        Type::Path(path) => {
            if let Some(qself) = &path.qself {
                walk(&qself.ty, found);
            }
            walk_path(&path.path, found);
        }
        // `fn(&T) -> &T` binds its own lifetimes; the others have no parts.
        _ => {}
    }
}

fn walk_path(path: &syn::Path, found: &mut Vec<Finding>) {
    for segment in &path.segments {
        let PathArguments::AngleBracketed(arguments) = &segment.arguments else {
            continue;
        };
        for argument in &arguments.args {
            match argument {
                GenericArgument::Lifetime(lifetime) => walk_lifetime(lifetime, found),
                GenericArgument::Type(ty) => walk(ty, found),
                GenericArgument::AssocType(assoc) => walk(&assoc.ty, found),
                _ => {}
            }
        }
    }
}

fn walk_bound(bound: &TypeParamBound, found: &mut Vec<Finding>) {
    match bound {
        TypeParamBound::Lifetime(lifetime) => walk_lifetime(lifetime, found),
        // `for<'a> Trait<&'a T>` binds its own.
        TypeParamBound::Trait(bound) if bound.lifetimes.is_none() => walk_path(&bound.path, found),
        _ => {}
    }
}

fn walk_lifetime(lifetime: &Lifetime, found: &mut Vec<Finding>) {
    if lifetime.ident != "static" {
        found.push(Finding::Lifetime(Lifetime::new(
            &lifetime.to_string(),
            lifetime.span(),
        )));
    }
}

/// Without parentheses and the invisible groups of `macro_rules`.
pub(crate) fn peel(ty: &Type) -> &Type {
    match ty {
        Type::Group(group) => peel(&group.elem),
        Type::Paren(paren) => peel(&paren.elem),
        _ => ty,
    }
}

/// The last segment of a path type: `Result` of `anyhow::Result<T>`.
pub(crate) fn last_segment(ty: &Type) -> Option<&syn::PathSegment> {
    match peel(ty) {
        Type::Path(path) => path.path.segments.last(),
        _ => None,
    }
}

/// The `T` of `Name<T, …>`, as written.
pub(crate) fn first_argument(segment: &syn::PathSegment) -> Option<&Type> {
    match &segment.arguments {
        PathArguments::AngleBracketed(arguments) => {
            arguments.args.iter().find_map(|argument| match argument {
                GenericArgument::Type(ty) => Some(ty),
                _ => None,
            })
        }
        _ => None,
    }
}

/// Whether it is `()`.
pub(crate) fn is_unit(ty: &Type) -> bool {
    matches!(peel(ty), Type::Tuple(tuple) if tuple.elems.is_empty())
}

/// Whether it is `!`.
pub(crate) fn is_never(ty: &Type) -> bool {
    matches!(peel(ty), Type::Never(_))
}

/// The type behind `->`, unless there is none or it is `()`.
pub(crate) fn returned(output: &ReturnType) -> Option<&Type> {
    match output {
        ReturnType::Type(_, ty) if !is_unit(ty) => Some(ty),
        _ => None,
    }
}

/// A type that has no size known at compile time, and what to write instead.
pub(crate) fn sized_instead(ty: &Type) -> Option<String> {
    match peel(ty) {
        Type::Slice(slice) => Some(format!("Vec<{}>", slice.elem.to_token_stream())),
        Type::TraitObject(object) => Some(format!("Box<{}>", object.to_token_stream())),
        Type::Path(path) => {
            let name = path.path.segments.last()?.ident.to_string();
            let known = path.path.segments.len() == 1;
            match name.as_str() {
                "str" if known => Some(String::from("String")),
                "Path" if known => Some(String::from("PathBuf")),
                "OsStr" if known => Some(String::from("OsString")),
                "CStr" if known => Some(String::from("CString")),
                _ => None,
            }
        }
        _ => None,
    }
}
