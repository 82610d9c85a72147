//! Leaves an upstream alone that fails, and tries one call from time to time.
//!
//! One breaker for each licence. It is below the retries, so that each attempt counts and none is made while it is open. It
//! is asked twice: by the gate above the limit, so that nobody waits for a place only to be refused, and by the guard
//! below, because it may have turned while an exchange waited. What counts is a verdict on each exchange (ADR 15).

mod breakers;
mod gate;
mod guard;
mod params;
mod state;
mod verdict;

pub(super) use self::breakers::Breakers;
pub(super) use self::gate::GateLayer;
pub(super) use self::guard::GuardLayer;
pub use self::params::Params;

#[cfg(test)]
mod tests;
