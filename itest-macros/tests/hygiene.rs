//! Generated code means what it says, whatever the names around it mean.

#![deny(warnings)]

/// No prelude, and nothing imported.
mod no_prelude {
    #![no_implicit_prelude]

    #[::itest::fixture(scope = "session", timeout = "5s")]
    fn number() -> u8 {
        1
    }

    #[::itest::fixture]
    async fn text(number: u8) -> ::itest::Result<::std::string::String> {
        ::itest::provide!(::std::string::ToString::to_string(&number));
        ::std::result::Result::Ok(())
    }

    #[::itest::integration(timeout = "5s", markers(a(b = 1)), exclusive("hygiene"), uses(number))]
    #[::itest::skip_if(any(env = "SURELY_NOT_SET", cfg(any()), not(root)))]
    fn sync(text: &::std::string::String, number: u8) -> ::itest::Result {
        ::std::assert_eq!((text.as_str(), number), ("1", 1));
        ::std::result::Result::Ok(())
    }

    #[::itest::integration(retries = 1, shared("hygiene"))]
    #[::itest::prelude::xfail(reason = "x", strict = false)]
    async fn later(_text: &mut ::std::string::String) -> ::std::process::ExitCode {
        ::std::process::ExitCode::SUCCESS
    }

    #[::itest::integration]
    mod group {}

    #[::itest::prelude::skip(reason = "plain")]
    #[test]
    fn plain() -> ::std::result::Result<(), ::std::string::String> {
        ::std::result::Result::Err(::std::string::String::new())
    }
}

/// Everything that generated code could mean means something else.
mod shadowed {
    #![allow(
        non_camel_case_types,
        non_snake_case,
        non_upper_case_globals,
        dead_code
    )]

    use ::itest::{fixture, integration};

    mod core {}
    mod std {}
    mod alloc {}
    mod itest {}

    pub(crate) struct Some;
    pub(crate) struct None;
    pub(crate) struct String;
    pub(crate) struct Option;
    pub(crate) struct Box;
    pub(crate) struct Vec;
    pub(crate) struct Args;
    pub(crate) struct Returned;
    pub(crate) struct Failure;
    pub(crate) struct T;
    pub(crate) type Result = u8;

    const args: u8 = 1;
    const value: u8 = 1;
    const guard0: u8 = 1;
    const returned: u8 = 1;
    const provide: u8 = 1;
    const slot: u8 = 1;
    const end: u8 = 1;
    static __ITEST: u8 = 1;

    fn Ok() {}
    fn Err() {}
    fn call() -> bool {
        false
    }
    fn drop() {}

    #[allow(unused_macros)]
    macro_rules! module_path {
        () => {
            compile_error!("not this one")
        };
    }
    #[allow(unused_macros)]
    macro_rules! cfg {
        ($($any:tt)*) => {
            compile_error!("not this one")
        };
    }

    #[fixture]
    fn some() -> Some {
        Some
    }

    #[fixture]
    async fn t(#[from(some)] _boxed: &Some) -> T {
        provide!(T);
    }

    #[fixture(scope = "worker")]
    fn boxed() -> Box {
        Box
    }

    #[fixture]
    async fn number() -> Result2 {
        ::itest::provide!(args + value + guard0 + returned + provide + slot + end);
    }
    type Result2 = u8;

    #[integration(uses(boxed))]
    #[::itest::skip_if(any(when = call, cfg(any())))]
    async fn Pin(some: &Some, _t: &T, boxed: &mut Box, number: u8) {
        let _ = (some, boxed);
        assert_eq!(number, 7);
    }

    use ::itest::provide;
}

/// Tests and fixtures made by `macro_rules`.
mod from_macros {
    use itest::prelude::*;

    macro_rules! fixture_of {
        ($name:ident: $ty:ty = $value:expr, $scope:literal) => {
            #[fixture(scope = $scope)]
            fn $name() -> $ty {
                provide!($value);
            }
        };
    }

    fixture_of!(number: u8 = 1, "test");
    fixture_of!(text: Result<String> = "text".into(), "worker");

    macro_rules! test_of {
        ($(#[$attr:meta])* $name:ident($($param:ident: $ty:ty),*) $body:block) => {
            #[integration(markers($name))]
            $(#[$attr])*
            async fn $name($($param: $ty),*) $body
        };
    }

    test_of!(
        #[skip_if(env = "SURELY_NOT_SET")]
        made(number: &u8, text: String) {
            assert_eq!((*number, text.as_str()), (1, "text"));
        }
    );

    macro_rules! item {
        ($item:item) => {
            #[integration]
            $item
        };
    }

    item! {
        #[ignore = "as an item"]
        fn as_item(number: &u8) {
            assert_eq!(*number, 1);
        }
    }
}

/// Inside a function's body.
#[test]
fn local() {
    use itest::prelude::*;

    #[fixture]
    fn number() -> u8 {
        1
    }

    let _: itest::FixtureRef<u8> = number();
}
