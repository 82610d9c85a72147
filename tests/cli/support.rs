//! Runs the binary in a clean environment.

use std::process::{Command, Output};

/// The binary with these arguments, and nothing of this process's environment.
pub(crate) fn portico(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_portico"));
    command.env_clear().args(arguments);
    command
}

/// What standard error says.
pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// What standard output says.
pub(crate) fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Fails unless the binary ended with this exit code and said why in one line.
pub(crate) fn assert_failed(mut command: Command, code: i32, line: &str) {
    let output = command.output().expect("the binary runs");
    let said = stderr(&output);
    assert_eq!(output.status.code(), Some(code), "{said}");
    assert_eq!(said, format!("error: {line}\n"));
    assert_eq!(stdout(&output), "");
}
