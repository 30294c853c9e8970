//! Every return type that a test can have, run for real.
//!
//! A test that must fail is a strict `#[xfail]`: it passes when, and only when, it failed.

#![deny(warnings)]
#![forbid(unsafe_code)]

use std::error::Error;
use std::fmt;
use std::process::{ExitCode, Termination};

use itest::prelude::*;

#[integration]
fn nothing() {}

#[integration]
#[allow(clippy::unused_unit)]
fn unit() -> () {}

#[integration]
async fn nothing_later() {
    tokio::task::yield_now().await;
}

#[integration]
fn early() {
    if early_enough() {
        return;
    }
    panic!("not early enough");
}

#[integration]
async fn early_later() -> Result {
    if early_enough() {
        return Ok(());
    }
    Err("not early enough")?
}

fn early_enough() -> bool {
    true
}

#[integration]
#[xfail(strict)]
fn never() -> ! {
    panic!("on purpose")
}

#[integration]
#[should_panic(expected = "on purpose")]
async fn never_later() -> ! {
    panic!("on purpose")
}

#[derive(Debug)]
struct StdError;

impl fmt::Display for StdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a std error")
    }
}

impl Error for StdError {}

struct OnlyDisplay;

impl fmt::Display for OnlyDisplay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("only displayed")
    }
}

#[derive(Debug)]
struct OnlyDebug;

/// A passing and a failing test of one return type, sync and async.
macro_rules! both {
    ($name:ident: $ok:expr, $err:expr => $ty:ty) => {
        mod $name {
            use super::*;

            #[integration]
            fn passes() -> $ty {
                $ok
            }

            #[integration]
            #[xfail(strict)]
            fn fails() -> $ty {
                $err
            }

            #[integration]
            async fn passes_later() -> $ty {
                $ok
            }

            #[integration]
            #[xfail(strict)]
            async fn fails_later() -> $ty {
                $err
            }
        }
    };
}

type Aliased = std::result::Result<(), String>;
type Outcome = anyhow::Result<ExitCode>;

struct Ended(bool);

impl Termination for Ended {
    fn report(self) -> ExitCode {
        if self.0 {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        }
    }
}

both!(std_error: Ok(()), Err(StdError) => std::result::Result<(), StdError>);
both!(only_display: Ok(()), Err(OnlyDisplay) => std::result::Result<(), OnlyDisplay>);
both!(only_debug: Ok(()), Err(OnlyDebug) => std::result::Result<(), OnlyDebug>);
both!(string: Ok(()), Err("text".into()) => std::result::Result<(), String>);
both!(boxed: Ok(()), Err(StdError.into()) => std::result::Result<(), Box<dyn Error>>);
both!(boxed_send: Ok(()), Err(StdError.into())
    => std::result::Result<(), Box<dyn Error + Send + Sync>>);
both!(anyhow_error: Ok(()), Err(anyhow::anyhow!("context")) => anyhow::Result<()>);
both!(itest_result: Ok(()), Err("text".into()) => Result);
both!(itest_unit: Ok(()), Err("text".into()) => itest::Result<()>);
both!(alias: Ok(()), Err("text".into()) => Aliased);
both!(exit_code: ExitCode::SUCCESS, ExitCode::from(3) => ExitCode);
both!(code_in_result: Ok(ExitCode::SUCCESS), Ok(ExitCode::FAILURE) => anyhow::Result<ExitCode>);
both!(code_in_alias: Ok(ExitCode::SUCCESS), Err(anyhow::anyhow!("context")) => Outcome);
both!(nested: Ok(Ok(())), Ok(Err("inner".into()))
    => std::result::Result<std::result::Result<(), String>, StdError>);
both!(termination: Ended(true), Ended(false) => Ended);
both!(opaque: Ended(true), Ended(false) => impl Termination);
