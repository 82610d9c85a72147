//! The parsers of the gateway and the types that they fill, without the gateway.
//!
//! They are the gateway's own files, built here once more: a dependency on the package would build its three hundred
//! dependencies for the fuzzer too. A crate that these files use needs a line in `Cargo.toml` here.

#![allow(dead_code, reason = "the rest of the gateway uses what is not used here")]

pub use self::gateway::{codec, wire};

// The attribute names the folder in which the files of the modules are.
#[path = "../../src"]
mod gateway {
    pub mod codec;
    pub mod wire;
}
