//! The vectors: small values and bodies, each with what they must be read as.

mod bodies;
mod forms;
mod refused;
mod values;
