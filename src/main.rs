//! The `portico` binary: all it does is in the library, [`portico::cli`].

use std::process::ExitCode;

fn main() -> ExitCode {
    portico::cli::run()
}
