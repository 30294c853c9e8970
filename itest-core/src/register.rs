//! How a test makes itself known: its descriptor lies in a section of the binary, beside all others.
//!
//! There are thousands of tests, and what each costs the compiler is what users wait for. With
//! `inventory` a test would cost a function, a node, a trait object and a block; in a section it
//! costs nothing, as the linker makes one slice of them all. `inventory` is used on targets whose
//! linkers are not known here, and for everything else, of which there is little. The registry is
//! the only reader.

use std::sync::atomic::{AtomicU32, Ordering};

pub use list::tests;

/// A test's place in the [`Registry`](crate::registry::Registry), which gives it.
///
/// The same in all processes of the binary that sort their tests.
#[derive(Debug)]
pub struct Number(AtomicU32);

impl Number {
    /// Of a test that the registry has not seen.
    pub(crate) const fn new() -> Self {
        Number(AtomicU32::new(u32::MAX))
    }

    pub(crate) fn set(&self, number: u32) {
        self.0.store(number, Ordering::Relaxed);
    }

    /// `None` where the tests are not sorted.
    pub(crate) fn get(&self) -> Option<u32> {
        match self.0.load(Ordering::Relaxed) {
            u32::MAX => None,
            number => Some(number),
        }
    }
}

#[cfg(all(
    not(miri),
    any(target_os = "linux", target_os = "android", target_os = "freebsd")
))]
#[expect(unsafe_code, reason = "only the linker knows where a section is")]
mod list {
    use std::slice;

    use crate::def::TestDef;

    /// `register_test! { static DEF: TestDef = …; }`: the item, registered.
    ///
    /// Two versions of itest in one binary must not read each other's descriptors, so the section
    /// has the version in its name.
    #[doc(hidden)]
    #[macro_export]
    macro_rules! __itest_register {
        ($($def:tt)*) => {
            #[used]
            #[unsafe(link_section = "itest_tests_0_1_0")]
            $($def)*
        };
    }

    /// There is a section even if there is no test.
    #[used]
    #[unsafe(link_section = "itest_tests_0_1_0")]
    static NONE: [TestDef; 0] = [];

    unsafe extern "Rust" {
        #[link_name = "__start_itest_tests_0_1_0"]
        static START: [TestDef; 0];
        #[link_name = "__stop_itest_tests_0_1_0"]
        static STOP: [TestDef; 0];
    }

    /// The tests of this binary, in no order that means anything.
    pub fn tests() -> impl Iterator<Item = &'static TestDef> {
        let start = (&raw const START).cast::<TestDef>();
        let stop = (&raw const STOP).cast::<TestDef>();
        let count = (stop.addr() - start.addr()) / size_of::<TestDef>();
        // SAFETY: the linker has these symbols around the section, into which `__itest_register`
        // puts statics of this type and of this version alone; their size is a multiple of their
        // alignment, so that there is nothing between them.
        let tests = unsafe { slice::from_raw_parts(start, count) };
        // Most linkers keep the order of definition; `inventory` gives the reverse.
        tests.iter().rev()
    }

    #[test]
    fn the_section_is_this_versions() {
        let version = env!("CARGO_PKG_VERSION").replace(['.', '-', '+'], "_");
        let name = format!("itest_tests_{version}");
        assert_eq!(
            name, "itest_tests_0_1_0",
            "it is to be changed in this file"
        );
    }
}

#[cfg(not(all(
    not(miri),
    any(target_os = "linux", target_os = "android", target_os = "freebsd")
)))]
mod list {
    use crate::def::TestDef;

    /// See above; the registry takes these from `inventory`.
    #[doc(hidden)]
    #[macro_export]
    macro_rules! __itest_register {
        (static $name:ident $($def:tt)*) => {
            static $name $($def)*
            $crate::__private::inventory::submit! { $crate::__private::Submission::Test(&$name) }
        };
    }

    /// All are with `inventory`.
    pub fn tests() -> impl Iterator<Item = &'static TestDef> {
        std::iter::empty()
    }
}
