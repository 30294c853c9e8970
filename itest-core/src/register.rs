//! How a test makes itself known: its function is a constructor, which links it into a list.
//!
//! There are thousands of tests, and what each costs the compiler is what users wait for. This is
//! what `inventory` does, less the function, the node, the trait object and the block; on targets
//! whose constructors are not known here, `inventory` itself is used. Everything else, of which
//! there is little, goes to `inventory` everywhere. The registry is the only reader.

use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, Ordering};

use crate::def::TestDef;

/// The test that was registered before this one.
#[derive(Debug)]
pub struct Link {
    before: AtomicPtr<TestDef>,
    /// It is in the list, and must not come into it again.
    is_linked: AtomicBool,
    /// Given by the registry: the same in all processes of the binary that sort their tests.
    number: AtomicU32,
}

impl Link {
    /// Of a test that is not registered.
    pub(crate) const fn new() -> Self {
        Link {
            before: AtomicPtr::new(ptr::null_mut()),
            is_linked: AtomicBool::new(false),
            number: AtomicU32::new(u32::MAX),
        }
    }

    pub(crate) fn set_number(&self, number: u32) {
        self.number.store(number, Ordering::Relaxed);
    }

    /// Its place in the [`Registry`](crate::registry::Registry), where that is sorted.
    pub(crate) fn number(&self) -> Option<u32> {
        match self.number.load(Ordering::Relaxed) {
            u32::MAX => None,
            number => Some(number),
        }
    }
}

/// The test that was registered last.
static LAST: AtomicPtr<TestDef> = AtomicPtr::new(ptr::null_mut());

/// Called once for each test, before `main`: nothing of the standard library is used here.
pub(crate) fn register(test: &'static TestDef) {
    if test.link.is_linked.swap(true, Ordering::Relaxed) {
        return;
    }
    let this = ptr::from_ref(test).cast_mut();
    let mut last = LAST.load(Ordering::Relaxed);
    loop {
        test.link.before.store(last, Ordering::Relaxed);
        match LAST.compare_exchange_weak(last, this, Ordering::Release, Ordering::Relaxed) {
            Ok(_) => return,
            Err(other) => last = other,
        }
    }
}

/// The tests of this binary, in no order that means anything.
pub fn tests() -> impl Iterator<Item = &'static TestDef> {
    std::iter::successors(test_at(&LAST), |test| test_at(&test.link.before))
}

#[expect(
    unsafe_code,
    reason = "a descriptor cannot have a cell that needs dropping"
)]
fn test_at(place: &AtomicPtr<TestDef>) -> Option<&'static TestDef> {
    // SAFETY: null, or made by `register` from a reference that lives for ever.
    unsafe { place.load(Ordering::Acquire).as_ref() }
}

/// `register_test! { DEF entry }`: items that register a static `TestDef`, by its entry or not.
#[cfg(any(
    target_os = "linux",
    target_os = "android",
    target_os = "freebsd",
    target_os = "netbsd",
    target_os = "openbsd",
    target_os = "dragonfly",
    target_os = "illumos",
))]
#[doc(hidden)]
#[macro_export]
macro_rules! __itest_register {
    ($def:ident $entry:ident) => {
        #[used]
        #[unsafe(link_section = ".init_array")]
        static __ITEST_REGISTER: extern "C-unwind" fn() = $entry;
    };
}

/// See above.
#[cfg(target_vendor = "apple")]
#[doc(hidden)]
#[macro_export]
macro_rules! __itest_register {
    ($def:ident $entry:ident) => {
        #[used]
        #[unsafe(link_section = "__DATA,__mod_init_func,mod_init_funcs")]
        static __ITEST_REGISTER: extern "C-unwind" fn() = $entry;
    };
}

/// See above.
#[cfg(windows)]
#[doc(hidden)]
#[macro_export]
macro_rules! __itest_register {
    ($def:ident $entry:ident) => {
        #[used]
        #[unsafe(link_section = ".CRT$XCU")]
        static __ITEST_REGISTER: extern "C-unwind" fn() = $entry;
    };
}

/// See above; the registry takes these from `inventory`.
#[cfg(not(any(
    target_os = "linux",
    target_os = "android",
    target_os = "freebsd",
    target_os = "netbsd",
    target_os = "openbsd",
    target_os = "dragonfly",
    target_os = "illumos",
    target_vendor = "apple",
    windows,
)))]
#[doc(hidden)]
#[macro_export]
macro_rules! __itest_register {
    ($def:ident $entry:ident) => {
        $crate::__private::inventory::submit! { $crate::__private::Submission::Test(&$def) }
    };
}
