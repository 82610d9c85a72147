//! The RPC contract, compiled from `proto/`: messages and client, and their descriptors for reflection.
//!
//! The contract itself, with the meaning of every field, is `proto/porta/customerextension/v1/customer_extension.proto`.

pub(crate) mod json;

use prost::Message as _;
use prost_types::FileDescriptorSet;

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

/// The encoded `FileDescriptorSet` of the contract and all that it imports.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));

/// The methods in an encoded `FileDescriptorSet`, each as `package.Service/Method`.
///
/// # Errors
///
/// If the bytes are not a `FileDescriptorSet`.
pub fn methods(descriptors: &[u8]) -> Result<Vec<String>, prost::DecodeError> {
    let set = FileDescriptorSet::decode(descriptors)?;
    let mut names = Vec::new();
    for file in &set.file {
        for service in &file.service {
            for method in &service.method {
                names.push(format!("{}.{}/{}", file.package(), service.name(), method.name()));
            }
        }
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_have_their_full_names() {
        let methods = methods(DESCRIPTORS).expect("descriptors");
        assert_eq!(methods.len(), 11);
        let service = "porta.customerextension.v1.CustomerExtensionService/";
        assert!(methods.iter().all(|method| method.starts_with(service)));
        assert!(methods.iter().any(|method| method.ends_with("/ActiveCalls")));
    }

    #[test]
    fn what_is_no_set_of_descriptors_is_an_error() {
        methods(b"\xff").expect_err("an error");
    }
}
