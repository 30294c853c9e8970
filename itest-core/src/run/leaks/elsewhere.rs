//! Where nobody tells of descriptors and children: there seem to be none.

use std::fmt;
use std::path::Path;

/// An open file descriptor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Descriptor {}

pub(super) fn count_descriptors() -> Option<usize> {
    Some(0)
}

pub(super) fn count_our_threads() {}

/// The environment at a glance.
#[derive(Debug)]
pub(super) enum Environment {}

pub(super) fn environment() -> Option<Environment> {
    None
}

impl Environment {
    pub(super) fn is_unchanged(&self) -> bool {
        match *self {}
    }
}

pub(super) fn is_directory(known: &Path) -> bool {
    std::env::current_dir().is_ok_and(|now| now == known)
}

pub(super) fn descriptors() -> Vec<Descriptor> {
    Vec::new()
}

impl Descriptor {
    pub(super) fn is_at_place_of(&self, _: &Descriptor) -> bool {
        match *self {}
    }

    pub(super) fn is_open(&self) -> bool {
        match *self {}
    }
}

impl fmt::Display for Descriptor {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {}
    }
}

/// A child process.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Child {}

pub(super) fn children() -> Vec<u32> {
    Vec::new()
}

pub(super) fn has_children() -> bool {
    false
}

impl Child {
    pub(super) fn of(_: u32) -> Option<Self> {
        None
    }

    pub(super) fn is_there(&mut self) -> bool {
        match *self {}
    }

    pub(super) fn is_dying(&self) -> bool {
        match *self {}
    }
}

impl fmt::Display for Child {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {}
    }
}
