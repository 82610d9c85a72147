//! Compiles the contract in `proto/` without `protoc`, and keeps its descriptors for reflection.

use std::{env, error::Error, fs, path::PathBuf};

use protox::prost::Message;

const PROTO: &str = "proto/porta/customerextension/v1/customer_extension.proto";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=proto");

    let descriptors = protox::compile([PROTO], ["proto"])?;
    let out = PathBuf::from(env::var("OUT_DIR")?);
    fs::write(out.join("descriptors.bin"), descriptors.encode_to_vec())?;

    tonic_prost_build::configure()
        .extern_path(".google.rpc.Status", "::tonic_types::pb::Status")
        .compile_fds(descriptors)?;
    Ok(())
}
