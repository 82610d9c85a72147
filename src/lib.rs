//! Portico: a gRPC gateway in front of the Porta Plus 2 web services.

pub mod calls;
pub mod codec;
pub mod convert;
pub mod lifecycle;
pub mod proto;
pub mod sandbox;
pub mod service;
pub mod telemetry;
pub mod upstream;
pub mod wire;
