//! Reflection, in both versions: older tools, grpcurl 1.8 and Python's reflection client among them, speak only v1alpha.

use tonic_reflection::server::{Builder, v1, v1alpha};

use super::error::Error;
use crate::proto;

/// `grpc.reflection.v1`.
pub(super) fn v1() -> Result<v1::ServerReflectionServer<impl v1::ServerReflection>, Error> {
    descriptors().build_v1().map_err(Error::Reflection)
}

/// `grpc.reflection.v1alpha`.
pub(super) fn v1alpha() -> Result<v1alpha::ServerReflectionServer<impl v1alpha::ServerReflection>, Error> {
    descriptors().build_v1alpha().map_err(Error::Reflection)
}

/// The descriptors of all services, and of what the details of statuses are.
fn descriptors() -> Builder<'static> {
    Builder::configure()
        .register_encoded_file_descriptor_set(proto::DESCRIPTORS)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(tonic_types::pb::FILE_DESCRIPTOR_SET)
}
