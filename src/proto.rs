//! The RPC contract, compiled from `proto/`: messages, client and server, and their descriptors for reflection.
//!
//! The contract itself, with the meaning of every field, is `proto/porta/customerextension/v1/customer_extension.proto`.

/// Package `porta.customerextension.v1`: the messages and the client.
#[allow(
    clippy::pedantic,
    missing_docs,
    unreachable_pub,
    reason = "generated; the comments of the proto become the docs"
)]
pub mod v1 {
    tonic::include_proto!("porta.customerextension.v1");
}

/// The server of every RPC but `ActiveCalls`, whose answers are not encoded message by message.
#[allow(
    clippy::pedantic,
    missing_docs,
    unreachable_pub,
    reason = "generated; the comments of the proto become the docs"
)]
pub mod server {
    include!(concat!(env!("OUT_DIR"), "/server/porta.customerextension.v1.rs"));
}

/// The encoded `FileDescriptorSet` of the contract and all that it imports.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));
