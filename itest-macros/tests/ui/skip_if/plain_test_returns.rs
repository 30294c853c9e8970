use itest::prelude::*;

#[skip_if(env = "CI")]
#[tokio::test]
async fn test() -> std::process::ExitCode {
    std::process::ExitCode::SUCCESS
}

fn main() {}
