//! The `portico` binary: everything that it does is in the library, [`portico::cli`].

use std::process::ExitCode;

use mimalloc::MiMalloc;

/// A decoded answer is hundreds of small strings that live for a moment: mimalloc is made for those.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    portico::cli::run()
}
