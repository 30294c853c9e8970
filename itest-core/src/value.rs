//! Fixture values with their types erased, and how they reach and leave user code.
//!
//! A value that lives for one test stays on that test's thread and needs no `Send`; a wider one
//! may be used from several threads. Both are borrowed through a run-time checked cell, so that
//! no aliasing rule depends on the plan being right.

use std::any::{Any, TypeId, type_name};
use std::cell::{Ref, RefCell, RefMut};
use std::fmt;
use std::future::poll_fn;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, TryLockError};
use std::task::Poll;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::chosen::Chosen;

/// A value just made by a fixture.
pub enum Value {
    /// Of a test-scoped fixture.
    Local(Box<dyn Any>),
    /// Of a wider one.
    Shared(Box<dyn Any + Send + Sync>),
}

impl Value {
    /// Of a test-scoped fixture.
    pub fn local<T: 'static>(value: T) -> Self {
        Value::Local(Box::new(value))
    }

    /// Of a wider one.
    pub fn shared<T: Send + Sync + 'static>(value: T) -> Self {
        Value::Shared(Box::new(value))
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Value::Local(_) => "Local(..)",
            Value::Shared(_) => "Shared(..)",
        })
    }
}

/// How a session value crosses process boundaries: as JSON.
#[derive(Clone, Copy)]
pub struct Codec {
    pub(crate) encode: fn(&dyn Any) -> Result<String, String>,
    pub(crate) decode: fn(&str) -> Result<Value, String>,
}

impl Codec {
    /// For `T`.
    pub const fn of<T: Serialize + DeserializeOwned + Send + Sync + 'static>() -> Self {
        fn encode<T: Serialize + 'static>(value: &dyn Any) -> Result<String, String> {
            let value: &T = value.downcast_ref().unwrap_or_else(|| type_bug::<T>());
            serde_json::to_string(value).map_err(|error| error.to_string())
        }
        fn decode<T: DeserializeOwned + Send + Sync + 'static>(
            json: &str,
        ) -> Result<Value, String> {
            serde_json::from_str::<T>(json)
                .map(Value::shared)
                .map_err(|error| error.to_string())
        }
        Codec {
            encode: encode::<T>,
            decode: decode::<T>,
        }
    }
}

impl fmt::Debug for Codec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Codec(json)")
    }
}

/// A value at its place, from which requests borrow.
#[derive(Clone)]
pub(crate) enum Cell {
    Local(Rc<RefCell<Option<Box<dyn Any>>>>),
    Shared(Arc<RwLock<Option<Box<dyn Any + Send + Sync>>>>),
}

impl Cell {
    pub(crate) fn new(value: Value) -> Self {
        match value {
            Value::Local(value) => Cell::Local(Rc::new(RefCell::new(Some(value)))),
            Value::Shared(value) => Cell::Shared(Arc::new(RwLock::new(Some(value)))),
        }
    }

    /// Takes the value out; `None` if it was moved out before.
    ///
    /// # Panics
    /// When somebody still borrows it: a fixture that outlives what it is built on.
    pub(crate) fn take(&self) -> Option<Value> {
        match self {
            Cell::Local(cell) => cell.borrow_mut().take().map(Value::Local),
            Cell::Shared(cell) => {
                let mut cell = match cell.try_write() {
                    Ok(cell) => cell,
                    Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
                    Err(TryLockError::WouldBlock) => {
                        panic!("the value is still borrowed when its scope ends")
                    }
                };
                cell.take().map(Value::Shared)
            }
        }
    }

    /// Calls `f` with the value.
    pub(crate) fn with<R>(&self, f: impl FnOnce(&dyn Any) -> R) -> R {
        match self {
            Cell::Local(cell) => f(&**cell.borrow().as_ref().unwrap_or_else(|| moved_bug())),
            Cell::Shared(cell) => {
                let guard = cell.read().unwrap_or_else(PoisonError::into_inner);
                f(&**guard.as_ref().unwrap_or_else(|| moved_bug()))
            }
        }
    }
}

/// The values of one call, in the order of the signature.
#[derive(Default)]
pub struct Args {
    args: std::vec::IntoIter<Arg>,
    chosen: Vec<Chosen>,
}

impl Args {
    pub(crate) fn new(args: Vec<Arg>, chosen: Vec<Chosen>) -> Self {
        Args {
            args: args.into_iter(),
            chosen,
        }
    }

    /// Which value of the set a parameter has, from 0; a number behind the last for one that is
    /// given from outside.
    pub fn index(&self, set: usize) -> usize {
        match self.chosen(set) {
            Chosen::Index(index) => *index,
            Chosen::File(_) | Chosen::Given(_) => usize::MAX,
        }
    }

    /// The file that a parameter has.
    pub fn file(&self, set: usize) -> PathBuf {
        match self.chosen(set) {
            Chosen::File(path) => path.clone(),
            other => panic!("itest bug: {other:?} is no file"),
        }
    }

    /// The value that was given from outside.
    pub fn given<T: 'static>(&self, set: usize) -> T {
        let Chosen::Given(given) = self.chosen(set) else {
            panic!("itest bug: {:?} was not given", self.chosen(set));
        };
        let value = given.make(TypeId::of::<T>()).downcast();
        *value.unwrap_or_else(|_| type_bug::<T>())
    }

    fn chosen(&self, set: usize) -> &Chosen {
        let chosen = self.chosen.get(set);
        chosen.expect("itest bug: fewer values than sets")
    }

    /// The next parameter's value.
    #[expect(
        clippy::should_implement_trait,
        reason = "a bug panics here, it does not end"
    )]
    pub fn next(&mut self) -> Arg {
        self.args
            .next()
            .expect("itest bug: fewer values than parameters")
    }
}

impl fmt::Debug for Args {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Args({})", self.args.len())
    }
}

/// One parameter's value.
pub struct Arg(ArgKind);

enum ArgKind {
    Cell(Cell),
    Owned(Box<dyn Any>),
}

impl Arg {
    pub(crate) fn cell(cell: Cell) -> Self {
        Arg(ArgKind::Cell(cell))
    }

    pub(crate) fn owned(value: Box<dyn Any>) -> Self {
        Arg(ArgKind::Owned(value))
    }

    /// For a parameter `&T`.
    pub fn shared(&self) -> SharedGuard<'_> {
        SharedGuard(match &self.0 {
            ArgKind::Cell(Cell::Local(cell)) => SharedKind::Local(cell.borrow()),
            ArgKind::Cell(Cell::Shared(cell)) => {
                SharedKind::Shared(cell.read().unwrap_or_else(PoisonError::into_inner))
            }
            ArgKind::Owned(value) => SharedKind::Owned(&**value),
        })
    }

    /// For a parameter `&mut T`.
    pub fn exclusive(&self) -> ExclusiveGuard<'_> {
        match &self.0 {
            ArgKind::Cell(Cell::Local(cell)) => ExclusiveGuard::Local(cell.borrow_mut()),
            ArgKind::Cell(Cell::Shared(cell)) => {
                ExclusiveGuard::Shared(cell.write().unwrap_or_else(PoisonError::into_inner))
            }
            ArgKind::Owned(_) => panic!("itest bug: an owned value was requested as `&mut T`"),
        }
    }

    /// For a parameter `T`.
    pub fn owned_value<T: 'static>(self) -> T {
        match self.0 {
            ArgKind::Owned(value) => *value.downcast().unwrap_or_else(|_| type_bug::<T>()),
            ArgKind::Cell(_) => panic!("itest bug: a borrowed value was requested as `T`"),
        }
    }
}

impl fmt::Debug for Arg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Arg(..)")
    }
}

/// Keeps a value borrowed.
pub struct SharedGuard<'a>(SharedKind<'a>);

enum SharedKind<'a> {
    Local(Ref<'a, Option<Box<dyn Any>>>),
    Shared(RwLockReadGuard<'a, Option<Box<dyn Any + Send + Sync>>>),
    Owned(&'a dyn Any),
}

impl SharedGuard<'_> {
    /// The value.
    pub fn get<T: 'static>(&self) -> &T {
        let value: &dyn Any = match &self.0 {
            SharedKind::Local(cell) => &**cell.as_ref().unwrap_or_else(|| moved_bug()),
            SharedKind::Shared(cell) => &**cell.as_ref().unwrap_or_else(|| moved_bug()),
            SharedKind::Owned(value) => *value,
        };
        value.downcast_ref().unwrap_or_else(|| type_bug::<T>())
    }
}

impl fmt::Debug for SharedGuard<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SharedGuard(..)")
    }
}

/// Keeps a value mutably borrowed.
pub enum ExclusiveGuard<'a> {
    /// Of a test-scoped fixture.
    Local(RefMut<'a, Option<Box<dyn Any>>>),
    /// Of a wider one.
    Shared(RwLockWriteGuard<'a, Option<Box<dyn Any + Send + Sync>>>),
}

impl ExclusiveGuard<'_> {
    /// The value.
    pub fn get<T: 'static>(&mut self) -> &mut T {
        let value: &mut dyn Any = match self {
            ExclusiveGuard::Local(cell) => &mut **cell.as_mut().unwrap_or_else(|| moved_bug()),
            ExclusiveGuard::Shared(cell) => &mut **cell.as_mut().unwrap_or_else(|| moved_bug()),
        };
        value.downcast_mut().unwrap_or_else(|| type_bug::<T>())
    }
}

impl fmt::Debug for ExclusiveGuard<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ExclusiveGuard(..)")
    }
}

/// Where `provide!` hands a fixture's value over, and gets it back from.
#[derive(Clone, Default)]
pub struct Slot(Rc<RefCell<SlotState>>);

#[derive(Default)]
enum SlotState {
    #[default]
    Empty,
    Provided(Cell),
    TearingDown(Cell),
    Done,
}

impl Slot {
    /// What `provide!` becomes in a test-scoped fixture.
    pub async fn provide_local<T: 'static>(&self, value: T) -> T {
        match self.provide(Value::local(value)).await {
            Value::Local(value) => *value.downcast().unwrap_or_else(|_| type_bug::<T>()),
            Value::Shared(_) => type_bug::<T>(),
        }
    }

    /// What `provide!` becomes in a wider one.
    pub async fn provide_shared<T: Send + Sync + 'static>(&self, value: T) -> T {
        match self.provide(Value::shared(value)).await {
            Value::Shared(value) => *value.downcast().unwrap_or_else(|_| type_bug::<T>()),
            Value::Local(_) => type_bug::<T>(),
        }
    }

    async fn provide(&self, value: Value) -> Value {
        let cell = Cell::new(value);
        {
            let mut state = self.0.borrow_mut();
            assert!(
                matches!(*state, SlotState::Empty),
                "`provide!` was reached a second time"
            );
            *state = SlotState::Provided(cell);
        }
        poll_fn(|_| {
            let mut state = self.0.borrow_mut();
            match std::mem::replace(&mut *state, SlotState::Done) {
                SlotState::TearingDown(cell) => {
                    Poll::Ready(cell.take().unwrap_or_else(|| moved_bug()))
                }
                other => {
                    *state = other;
                    Poll::Pending
                }
            }
        })
        .await
    }

    /// The value, once the fixture has provided it.
    pub(crate) fn provided(&self) -> Option<Cell> {
        match &*self.0.borrow() {
            SlotState::Provided(cell) => Some(cell.clone()),
            _ => None,
        }
    }

    /// Lets the fixture go on behind its `provide!` when it is polled next.
    pub(crate) fn tear_down(&self) {
        let mut state = self.0.borrow_mut();
        match std::mem::replace(&mut *state, SlotState::Done) {
            SlotState::Provided(cell) => *state = SlotState::TearingDown(cell),
            _ => panic!("itest bug: tearing down a fixture that is not set up"),
        }
    }
}

impl fmt::Debug for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match &*self.0.borrow() {
            SlotState::Empty => "Slot(empty)",
            SlotState::Provided(_) => "Slot(provided)",
            SlotState::TearingDown(_) => "Slot(tearing down)",
            SlotState::Done => "Slot(done)",
        })
    }
}

#[cold]
fn type_bug<T>() -> ! {
    panic!(
        "itest bug: a value that should be a `{}` is of another type",
        type_name::<T>()
    )
}

#[cold]
fn moved_bug() -> ! {
    panic!("itest bug: a value was used after it was moved out")
}
