//! Portico: a gRPC gateway in front of the Porta Plus 2 web services.

pub mod codec;
pub mod convert;
pub mod proto;
pub mod sandbox;
pub mod upstream;
pub mod wire;
