//! Portico: a gRPC gateway in front of the Porta Plus 2 web services.

pub mod admin;
pub mod calls;
pub mod cli;
pub mod codec;
pub mod config;
pub mod convert;
pub mod layer;
pub mod lifecycle;
pub mod proto;
pub mod sandbox;
pub mod server;
pub mod service;
pub mod status;
pub mod telemetry;
pub mod upstream;
pub mod watch;
pub mod wire;
