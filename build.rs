//! Compiles the contract in `proto/` without `protoc`, and keeps its descriptors for reflection.
//!
//! The server is generated without the RPC `ActiveCalls`: its answers are frames that many streams share, and generated
//! code would encode each message for each stream. `src/service/watching.rs` serves it.
//!
//! The messages that a command prints can be written as JSON (`src/proto/json.rs`).

use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs};

use protox::prost::Message;

const PROTO: &str = "porta/customerextension/v1/customer_extension.proto";
const SERVED_BY_HAND: &str = "ActiveCalls";

/// The messages that are written as JSON, and their fields that are times.
const AS_JSON: [(&str, &[&str]); 2] = [
    ("ActiveCall", &["connect_time", "disconnect_time"]),
    ("ExtensionStatus", &[]),
];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=proto");

    let mut descriptors = protox::compile([Path::new("proto").join(PROTO)], ["proto"])?;
    let out = PathBuf::from(env::var("OUT_DIR")?);
    fs::write(out.join("descriptors.bin"), descriptors.encode_to_vec())?;

    let builder =
        || tonic_prost_build::configure().extern_path(".google.rpc.Status", "::tonic_types::pb::Status");
    let mut messages = builder().build_server(false);
    for (message, times) in AS_JSON {
        messages = messages.message_attribute(message, "#[derive(serde::Serialize)]");
        for time in times {
            messages = messages.field_attribute(
                format!("{message}.{time}"),
                "#[serde(serialize_with = \"crate::proto::json::time\")]",
            );
        }
    }
    messages.compile_fds(descriptors.clone())?;

    for service in descriptors.file.iter_mut().flat_map(|file| &mut file.service) {
        service.method.retain(|method| method.name() != SERVED_BY_HAND);
    }
    let server = out.join("server");
    fs::create_dir_all(&server)?;
    builder()
        .build_client(false)
        .codec_path("crate::service::codec::Codec")
        .extern_path(".porta.customerextension.v1", "crate::proto::v1")
        .out_dir(server)
        .compile_fds(descriptors)?;
    Ok(())
}
