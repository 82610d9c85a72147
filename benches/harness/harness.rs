//! What the benches share: processes that are measured, servers to compare with, rounds that alternate, tables.
//!
//! ```text
//!   bench (measures) ──┬─▶ Portico   the gateway's binary          (a process each)
//!                      └─▶ Role      the bench's binary, started again as an upstream or a bare server
//! ```
//!
//! Both sides of a comparison do the same within one run, turn by turn: other load on the machine hits both.

pub(crate) mod bare;
pub(crate) mod portico;
pub(crate) mod process;
pub(crate) mod rounds;
pub(crate) mod settings;
pub(crate) mod table;
pub(crate) mod upstream;

/// A bench handles no error: any error ends the run.
pub(crate) type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;
