//! An error with its causes, on one line.

use std::error::Error;
use std::fmt;

/// Displays an error and its causes as `outer: middle: inner`.
#[derive(Debug)]
pub struct Chain<'a>(pub &'a (dyn Error + 'static));

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut error = Some(self.0);
        let mut separator = "";
        while let Some(cause) = error {
            write!(f, "{separator}{cause}")?;
            separator = ": ";
            error = cause.source();
        }
        Ok(())
    }
}
