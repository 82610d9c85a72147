//! The generated server of every RPC but `ActiveCalls`, whose answers are not encoded message by message.

#![allow(
    clippy::pedantic,
    missing_docs,
    unreachable_pub,
    reason = "generated; the comments of the proto become the docs"
)]

include!(concat!(env!("OUT_DIR"), "/server/porta.customerextension.v1.rs"));
