//! What the attributes emit: const descriptors of tests, groups and fixtures.
//!
//! A descriptor says what was written and where; it decides nothing. The generated code fills
//! the fields by name and takes the rest from `DEFAULT`, so this module and `itest-macros`
//! (pinned to the same version) change together.

use std::any::{Any, TypeId, type_name};
use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;
use std::pin::Pin;
use std::time::Duration;

use crate::chosen::MakeValue;
use crate::condition::SkipDef;
use crate::outcome::Failure;
use crate::register::Number;
use crate::scope::Scope;
use crate::value::{Args, Codec, Slot, Value};

/// Where an item or parameter stands in the user's source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Location {
    /// As `file!()` gives it.
    pub file: &'static str,
    /// From 1.
    pub line: u32,
    /// From 1.
    pub column: u32,
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// A boxed future that stays on its thread.
pub type LocalFuture<T> = Pin<Box<dyn Future<Output = T>>>;

/// An `#[integration]` function.
///
/// There are many of them: what most do not have is in [`Details`], so that the compiler has little
/// to look at.
#[derive(Debug)]
pub struct TestDef {
    /// The function's name.
    pub name: &'static str,
    /// `module_path!()`, crate name first.
    pub module_path: &'static str,
    /// The function's name token.
    pub location: Location,
    /// The user's function is an `async fn`.
    pub is_async: bool,
    /// The test's function: see `call`.
    pub entry: fn(),
    /// What else is said.
    pub details: &'static Details,
    /// The registry's.
    pub number: Number,
}

/// What a test says besides; most say nothing.
#[derive(Debug)]
pub struct Details {
    /// In the order of the signature.
    pub params: &'static [ParamDef],
    /// What may stand on a group too.
    pub options: &'static Options,
    /// `#[case]`, `#[values]` and `#[files]`: the test is run for each combination.
    pub sets: &'static [SetDef],
    /// `#[with]`, in order.
    pub with: &'static [WithDef],
    /// `#[ignore]` is `Some("")`, `#[ignore = "why"]` is `Some("why")`.
    pub ignore: Option<&'static str>,
    /// `#[should_panic]`.
    pub should_panic: Option<ShouldPanic>,
}

impl Details {
    /// Nothing said.
    pub const DEFAULT: Details = Details {
        params: &[],
        options: &NOTHING_SAID,
        sets: &[],
        with: &[],
        ignore: None,
        should_panic: None,
    };
}

#[expect(
    unsafe_code,
    reason = "the compiler would find it out for each test anew, which is a fiftieth of what that costs"
)]
// SAFETY: all fields are; see `is_sync`.
unsafe impl Sync for Details {}

/// Compiles only as long as every field of [`Details`] is `Sync`.
const _: fn(&Details) = |details| {
    fn is_sync<T: Sync>(_: &T) {}
    let Details {
        params,
        options,
        sets,
        with,
        ignore,
        should_panic,
    } = details;
    is_sync(params);
    is_sync(options);
    is_sync(sets);
    is_sync(with);
    is_sync(ignore);
    is_sync(should_panic);
};

/// The details of every test that says nothing.
static NO_DETAILS: Details = Details::DEFAULT;

impl TestDef {
    /// Of a test that says nothing more.
    pub const fn new(
        name: &'static str,
        module_path: &'static str,
        file: &'static str,
        line: u32,
        column: u32,
        is_async: bool,
        entry: fn(),
    ) -> Self {
        TestDef {
            name,
            module_path,
            location: Location { file, line, column },
            is_async,
            entry,
            details: &NO_DETAILS,
            number: const { Number::new() },
        }
    }

    /// It has neither options nor skips, and is run once.
    pub(crate) fn says_nothing(&self) -> bool {
        std::ptr::eq(self.options, &NOTHING_SAID) && self.sets.is_empty() && self.with.is_empty()
    }
}

/// Where the two are is the compiler's business, not the plan's.
impl Deref for TestDef {
    type Target = Details;

    fn deref(&self) -> &Details {
        self.details
    }
}

/// Values of which a test is run once for each.
#[derive(Debug)]
pub enum SetDef {
    /// All `#[case]`s.
    Cases(&'static [CaseDef]),
    /// `#[values]` of one parameter, by the names of the instances.
    Values(&'static [&'static str]),
    /// `#[files]` of one parameter.
    Files(FilesDef),
}

/// A `#[case]` and what is said of it alone.
#[derive(Debug)]
pub struct CaseDef {
    /// `case_1`, `case_1_name`
    pub name: &'static str,
    /// Behind the `#[case]`.
    pub skips: &'static [SkipDef],
    /// Behind the `#[case]`.
    pub xfail: Option<Xfail>,
    /// Behind the `#[case]`.
    pub ignore: Option<&'static str>,
    /// Behind the `#[case]`.
    pub should_panic: Option<ShouldPanic>,
}

impl CaseDef {
    /// Of which nothing is said alone.
    pub const fn new(name: &'static str) -> Self {
        CaseDef {
            name,
            skips: &[],
            xfail: None,
            ignore: None,
            should_panic: None,
        }
    }
}

/// Which files a parameter takes.
#[derive(Debug)]
pub struct FilesDef {
    /// Patterns, relative to the package.
    pub patterns: &'static [&'static str],
    /// Patterns of those to leave out.
    pub exclude: &'static [&'static str],
    /// The parameter's.
    pub location: Location,
}

/// `#[with(fixture = value)]`
#[derive(Debug)]
pub struct WithDef {
    /// The fixture's name.
    pub fixture: &'static str,
    /// One or several.
    pub values: &'static [GivenDef],
    /// Of the fixture's name.
    pub location: Location,
}

/// A value that a test gives to a fixture.
#[derive(Debug)]
pub struct GivenDef {
    /// As the names of the instances have it.
    pub id: &'static str,
    /// The expression: what is written alike in the same module is the same value.
    pub written: &'static str,
    /// The value.
    pub value: &'static dyn MakeValue,
}

/// `#[param]` of a fixture.
#[derive(Debug)]
pub struct FixtureParam {
    /// The parameter's name.
    pub name: &'static str,
    /// Its type.
    pub ty: TypeRef,
    /// `params(…)`, as the names of the instances have them.
    pub ids: &'static [&'static str],
}

/// An `#[integration] mod`.
#[derive(Debug)]
pub struct GroupDef {
    /// `module_path!()` inside the module.
    pub module_path: &'static str,
    /// The module's name token.
    pub location: Location,
    /// Hold for every test inside.
    pub options: Options,
}

/// `itest::markers!(…)`.
#[derive(Debug)]
pub struct MarkersDef {
    /// `module_path!()` where it stands.
    pub module_path: &'static str,
    /// Of the macro call.
    pub location: Location,
    /// Of every test in that module and below.
    pub markers: &'static [Marker],
}

/// What both a test and a group can say of themselves.
#[derive(Debug)]
pub struct Options {
    /// Of the call and of each test-scoped setup and teardown by itself.
    pub timeout: Option<Duration>,
    /// Further attempts after a failed one.
    pub retries: Option<u32>,
    /// `markers(…)`.
    pub markers: &'static [Marker],
    /// `exclusive("…")`, `shared("…")`.
    pub locks: &'static [Lock],
    /// Nothing else runs meanwhile.
    pub serial: bool,
    /// The async runtime wanted.
    pub flavor: Option<Flavor>,
    /// Threads of a `multi_thread` runtime.
    pub worker_threads: Option<usize>,
    /// `uses(…)`, in order.
    pub uses: &'static [UseDef],
    /// `#[skip_if]` and `#[skip]`, in order.
    pub skips: &'static [SkipDef],
    /// `#[xfail]`.
    pub xfail: Option<Xfail>,
}

impl Options {
    /// Nothing said.
    pub const DEFAULT: Options = Options {
        timeout: None,
        retries: None,
        markers: &[],
        locks: &[],
        serial: false,
        flavor: None,
        worker_threads: None,
        uses: &[],
        skips: &[],
        xfail: None,
    };
}

/// The options of every test that has none, by which it can be told from others at a glance.
static NOTHING_SAID: Options = Options::DEFAULT;

/// A `#[fixture]` function.
#[derive(Debug)]
pub struct FixtureDef {
    /// What requests say: the function's name or `name = "…"`.
    pub name: &'static str,
    /// The function's name.
    pub function: &'static str,
    /// `module_path!()`, crate name first.
    pub module_path: &'static str,
    /// The function's name token.
    pub location: Location,
    /// The doc comment, lines joined by `\n`, each without its one leading space.
    pub doc: &'static str,
    /// It has some `pub`.
    pub public: bool,
    /// How long a value lives.
    pub scope: Scope,
    /// Which tests get it without asking.
    pub autouse: Autouse,
    /// Of the setup and of the teardown, each.
    pub timeout: Option<Duration>,
    /// In the order of the signature.
    pub params: &'static [ParamDef],
    /// `#[param]`
    pub param: Option<FixtureParam>,
    /// `#[skip_if]` and `#[skip]`: skip every user.
    pub skips: &'static [SkipDef],
    /// The provided type.
    pub ty: TypeRef,
    /// How a session value crosses process boundaries; `Some` exactly for `scope = "session"`.
    pub codec: Option<Codec>,
    /// Calls the user's function.
    pub body: FixtureBody,
}

impl FixtureDef {
    /// The user's function is an `async fn`.
    pub(crate) fn is_async(&self) -> bool {
        matches!(
            self.body,
            FixtureBody::Async(_) | FixtureBody::Provide { is_async: true, .. }
        )
    }
}

/// Which tests get a fixture without asking for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Autouse {
    /// None.
    No,
    /// Those of the fixture's own module and below.
    Module,
    /// Every test of the binary.
    Crate,
}

/// Calls the user's fixture function.
#[derive(Clone, Copy)]
pub enum FixtureBody {
    /// A plain `fn` that returns the value.
    Sync(fn(Args) -> Result<Value, Failure>),
    /// An `async fn` that returns the value.
    Async(fn(Args) -> LocalFuture<Result<Value, Failure>>),
    /// A function, plain or async, that hands the value over with `provide!`.
    Provide {
        /// Ends when the teardown has ended.
        run: fn(Args, Slot) -> LocalFuture<Result<(), Failure>>,
        /// The user's function is an `async fn`.
        is_async: bool,
    },
}

impl fmt::Debug for FixtureBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            FixtureBody::Sync(_) => "Sync",
            FixtureBody::Async(_) => "Async",
            FixtureBody::Provide { .. } => "Provide",
        })
    }
}

/// One parameter of a test or fixture: a request for a fixture.
#[derive(Debug)]
pub struct ParamDef {
    /// The parameter's name without leading underscores.
    pub name: &'static str,
    /// The parameter's name token.
    pub location: Location,
    /// `&T`, `&mut T` or `T`.
    pub access: Access,
    /// `T`.
    pub ty: TypeRef,
    /// `#[from(…)]`.
    pub from: Option<Binding>,
}

/// An entry of `uses(…)`.
#[derive(Debug)]
pub struct UseDef {
    /// The fixture.
    pub binding: Binding,
    /// The entry.
    pub location: Location,
}

/// How a request names its fixture.
#[derive(Debug, Clone, Copy)]
pub enum Binding {
    /// Looked up from the test's module.
    Name(&'static str),
    /// This one, whatever its name.
    Path(fn() -> &'static FixtureDef),
}

/// How a parameter takes the value.
#[derive(Debug, Clone, Copy)]
pub enum Access {
    /// `&T`
    Shared,
    /// `&mut T`
    Exclusive,
    /// `T`, with how to clone it if it can be.
    Owned(Option<CloneFn>),
}

/// Clones a value behind its erased type.
pub type CloneFn = fn(&dyn Any) -> Box<dyn Any>;

/// A type that can be compared and printed without being named.
#[derive(Clone, Copy)]
pub struct TypeRef {
    id: fn() -> TypeId,
    name: fn() -> &'static str,
}

impl TypeRef {
    /// Of `T`.
    pub const fn of<T: ?Sized + 'static>() -> Self {
        TypeRef {
            id: TypeId::of::<T>,
            name: type_name::<T>,
        }
    }

    /// Compares equal for the same type.
    pub fn id(self) -> TypeId {
        (self.id)()
    }

    /// As `std::any::type_name` gives it.
    pub fn name(self) -> &'static str {
        (self.name)()
    }
}

impl fmt::Debug for TypeRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What a fixture's name means as a path: a typed reference to bind a parameter with.
///
/// ```
/// use itest::prelude::*;
///
/// mod common {
///     use itest::prelude::*;
///     #[fixture]
///     pub fn db() -> String { "db".into() }
/// }
///
/// #[fixture]
/// fn app(#[from(common::db)] database: &String) -> usize { database.len() }
/// ```
#[must_use = "a fixture is not called: request it by a parameter of that name, or with `#[from(path)]`"]
pub struct FixtureRef<T: ?Sized + 'static> {
    def: &'static FixtureDef,
    value: PhantomData<fn() -> T>,
}

impl<T: ?Sized + 'static> FixtureRef<T> {
    #[doc(hidden)]
    pub const fn new(def: &'static FixtureDef) -> Self {
        FixtureRef {
            def,
            value: PhantomData,
        }
    }

    #[doc(hidden)]
    pub const fn def(self) -> &'static FixtureDef {
        self.def
    }
}

impl<T: ?Sized + 'static> Clone for FixtureRef<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: ?Sized + 'static> Copy for FixtureRef<T> {}

impl<T: ?Sized + 'static> fmt::Debug for FixtureRef<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FixtureRef({} at {})", self.def.name, self.def.location)
    }
}

/// `#[should_panic]`.
#[derive(Debug, Clone, Copy)]
pub struct ShouldPanic {
    /// Must be part of the panic's message.
    pub expected: Option<&'static str>,
}

/// `#[xfail]`.
#[derive(Debug, Clone, Copy)]
pub struct Xfail {
    /// Why the failure is expected; empty if not said.
    pub reason: &'static str,
    /// An unexpected pass is a failure; `None` takes the project's default.
    pub strict: Option<bool>,
    /// `run = false`: neither fixtures nor body run.
    pub run: bool,
}

/// One of `markers(…)`.
#[derive(Debug, Clone, Copy)]
pub struct Marker {
    /// Its name.
    pub name: &'static str,
    /// `load(level = 3)` has one.
    pub args: &'static [(&'static str, MarkerValue)],
}

impl Marker {
    /// As it was written: `external`, `load(level = 3)`.
    pub(crate) fn written(&self) -> Cow<'static, str> {
        if self.args.is_empty() {
            return self.name.into();
        }
        let args: Vec<String> = self
            .args
            .iter()
            .map(|(name, value)| format!("{name} = {value}"))
            .collect();
        format!("{}({})", self.name, args.join(", ")).into()
    }
}

/// The value of a marker's argument.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum MarkerValue {
    /// `"text"`
    Str(&'static str),
    /// `-3`
    Int(i64),
    /// `true`
    Bool(bool),
}

/// As it was written.
impl fmt::Display for MarkerValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            MarkerValue::Str(text) => write!(f, "{text:?}"),
            MarkerValue::Int(number) => write!(f, "{number}"),
            MarkerValue::Bool(flag) => write!(f, "{flag}"),
        }
    }
}

/// The value of a marker's argument as it is written in [`markers!`](crate::markers).
#[doc(hidden)]
#[derive(Debug)]
pub struct Literal<T>(pub T);

impl Literal<i64> {
    /// Of a number.
    pub const fn value(self) -> MarkerValue {
        MarkerValue::Int(self.0)
    }
}

impl Literal<bool> {
    /// Of `true` or `false`.
    pub const fn value(self) -> MarkerValue {
        MarkerValue::Bool(self.0)
    }
}

impl Literal<&'static str> {
    /// Of a string.
    pub const fn value(self) -> MarkerValue {
        MarkerValue::Str(self.0)
    }
}

/// `exclusive("name")` or `shared("name")`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lock {
    /// Same name, same lock.
    pub name: &'static str,
    /// Nobody else holds it meanwhile.
    pub exclusive: bool,
}

/// `flavor = "…"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flavor {
    /// A runtime of the test's own, on the test's thread.
    CurrentThread,
    /// The shared runtime with `worker_threads` threads.
    MultiThread,
}

inventory::collect!(Submission);

/// What the generated code hands to `inventory`; only the registry reads it.
#[derive(Debug, Clone, Copy)]
pub enum Submission {
    /// A test, where `register` knows no cheaper way.
    Test(&'static TestDef),
    /// A group.
    Group(&'static GroupDef),
    /// A fixture.
    Fixture(&'static FixtureDef),
    /// Markers of a whole module.
    Markers(&'static MarkersDef),
    /// `itest::main!()` stands in this binary.
    Main(&'static MainDef),
}

/// `itest::main!()`.
#[derive(Debug)]
pub struct MainDef {
    /// Plain `#[test]` functions seen in the target's files, which full mode does not run.
    pub plain_tests: &'static [PlainTest],
    /// Where `main!` stands.
    pub location: Location,
}

/// A function with a plain `#[test]`, `#[tokio::test]` … attribute.
#[derive(Debug, Clone, Copy)]
pub struct PlainTest {
    /// The function's name.
    pub name: &'static str,
    /// Its file, relative to the package, or as the compiler names it.
    pub file: &'static str,
    /// From 1.
    pub line: u32,
}
