//! The RPC contract, compiled from `proto/`: messages, server and client, and their descriptors for reflection.
//!
//! The contract itself, with the meaning of every field, is `proto/porta/customerextension/v1/customer_extension.proto`.

/// Package `porta.customerextension.v1`.
#[allow(
    clippy::pedantic,
    missing_docs,
    unreachable_pub,
    reason = "generated; the comments of the proto become the docs"
)]
pub mod v1 {
    tonic::include_proto!("porta.customerextension.v1");
}

/// The encoded `FileDescriptorSet` of the contract and all that it imports.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));
