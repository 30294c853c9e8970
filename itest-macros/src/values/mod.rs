//! Parameters that take a value and no fixture: `#[case]`, `#[values]`, `#[files]`, `#[param]`.

mod cases;
mod names;
mod param;
mod with;

pub(crate) use cases::{Case, take_cases};
pub(crate) use names::{distinct, identifier, numbered};
pub(crate) use param::{Kind, ValueParam, expand_value, static_type, take_kind};
pub(crate) use with::{Given, With, expand_with, parse_given, take_with};
