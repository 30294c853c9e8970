//! [`Chosen`]: which value of a set of values a test or fixture has.

use std::any::{Any, TypeId};
use std::fmt;
use std::path::PathBuf;

use crate::def::TypeRef;

/// Which value of a set a call is for.
#[derive(Debug, Clone)]
pub(crate) enum Chosen {
    /// One that stands in the generated code, from 0.
    Index(usize),
    /// One of `#[files]`.
    File(PathBuf),
    /// One of a `#[with]`.
    Given(&'static dyn MakeValue),
}

/// A value of a `#[with]`: what type it has to be, only the fixture knows.
pub trait MakeValue: Sync {
    /// What it is by itself.
    fn ty(&self) -> TypeRef;

    /// Whether it can be a value of that type.
    fn fits(&self, wanted: TypeId) -> bool;

    /// The value, of the type that it fits.
    fn make(&self, wanted: TypeId) -> Box<dyn Any>;
}

impl fmt::Debug for dyn MakeValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MakeValue({:?})", self.ty())
    }
}

/// Any expression; a `&str` can be a `String` too.
pub struct Given<F>(pub F);

impl<T: 'static, F: Fn() -> T + Sync> MakeValue for Given<F> {
    fn ty(&self) -> TypeRef {
        TypeRef::of::<T>()
    }

    fn fits(&self, wanted: TypeId) -> bool {
        let own = TypeId::of::<T>();
        own == wanted || (own == TypeId::of::<&'static str>() && wanted == TypeId::of::<String>())
    }

    fn make(&self, wanted: TypeId) -> Box<dyn Any> {
        let value: Box<dyn Any> = Box::new((self.0)());
        match value.downcast_ref::<&'static str>() {
            Some(text) if wanted == TypeId::of::<String>() => Box::new((*text).to_owned()),
            _ => value,
        }
    }
}

impl<F> fmt::Debug for Given<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Given(..)")
    }
}

/// A whole number without a suffix: of any type of whole numbers that has it.
#[derive(Debug)]
pub struct GivenNumber(pub i128);

macro_rules! whole_numbers {
    ($($ty:ty)*) => {
        /// As the type of that identity.
        fn number(value: i128, wanted: TypeId) -> Option<Box<dyn Any>> {
            $(if wanted == TypeId::of::<$ty>() {
                let value: $ty = value.try_into().ok()?;
                return Some(Box::new(value));
            })*
            None
        }
    };
}

whole_numbers!(i32 u8 u16 u32 u64 u128 usize i8 i16 i64 i128 isize);

impl MakeValue for GivenNumber {
    fn ty(&self) -> TypeRef {
        TypeRef::of::<i32>()
    }

    fn fits(&self, wanted: TypeId) -> bool {
        number(self.0, wanted).is_some()
    }

    fn make(&self, wanted: TypeId) -> Box<dyn Any> {
        number(self.0, wanted).unwrap_or_else(|| Box::new(()))
    }
}
