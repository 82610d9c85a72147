//! `--access-log`: a line of JSON for each RPC, on standard output.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Command, Stdio};

use portico::proto::v1::ListExtensionsRequest;
use portico::proto::v1::customer_extension_service_client::CustomerExtensionServiceClient;
use serde_json::{Value, json};
use tonic::{Code, Request};

use crate::support::portico;

/// A customer whose number is in no other number of a line.
const CUSTOMER: i64 = 1_837_465_921;

#[tokio::test]
async fn each_rpc_is_a_line_of_json_without_the_customer() {
    let mut child = portico(&[
        "serve",
        "--upstream-url=http://127.0.0.1:9",
        "--license=CANARY",
        "--listen=127.0.0.1:0",
        "--admin-listen=127.0.0.1:0",
        "--drain-delay=0s",
        "--log-format=json",
        "--access-log",
    ])
    .stdout(Stdio::piped())
    .stderr(Stdio::piped())
    .spawn()
    .expect("the binary runs");
    let mut log = BufReader::new(child.stderr.take().expect("it is piped"));
    let mut line = String::new();
    log.read_line(&mut line).expect("text");
    let listening: Value = serde_json::from_str(&line).expect("a line of JSON");
    let grpc = listening["fields"]["grpc"].as_str().expect("an address");

    let client = CustomerExtensionServiceClient::connect(format!("http://{grpc}")).await;
    let mut client = client.expect("it listens");
    for i_customer in [0, CUSTOMER] {
        let mut request = Request::new(ListExtensionsRequest {
            i_customer,
            product_ids: Vec::new(),
        });
        let metadata = request.metadata_mut();
        let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        metadata.insert("traceparent", parent.parse().expect("metadata"));
        let id = "5f1d2a34-0b1c-4d5e-8f90-a1b2c3d4e5f6";
        metadata.insert("x-request-id", id.parse().expect("metadata"));
        let status = client.list_extensions(request).await.expect_err("it fails");
        let expected = if i_customer == 0 {
            Code::InvalidArgument
        } else {
            Code::Unavailable
        };
        assert_eq!(status.code(), expected);
    }
    drop(client);

    let signal = Command::new("kill")
        .args(["-s", "TERM", &child.id().to_string()])
        .status();
    assert!(signal.expect("kill runs").success());
    let mut text = String::new();
    let stdout = child.stdout.take();
    stdout
        .expect("it is piped")
        .read_to_string(&mut text)
        .expect("text");
    let mut rest = String::new();
    log.read_to_string(&mut rest).expect("text");
    assert_eq!(child.wait().expect("it ends").code(), Some(0), "{rest}");

    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).expect("a line of JSON"))
        .collect();
    let codes: Vec<_> = lines
        .iter()
        .map(|line| &line["rpc.response.status_code"])
        .collect();
    assert_eq!(codes, ["INVALID_ARGUMENT", "UNAVAILABLE"], "{text}");
    for line in &lines {
        let method = "porta.customerextension.v1.CustomerExtensionService/ListExtensions";
        assert_eq!(line["rpc.method"], method);
        assert_eq!(line["portico.rpc.end"], "finished");
        assert_eq!(line["network.peer.address"], "127.0.0.1");
        assert_eq!(line["request_id"], "5f1d2a34-0b1c-4d5e-8f90-a1b2c3d4e5f6");
        assert_eq!(line["trace_id"], "4bf92f3577b34da6a3ce929d0e0e4736");
        assert!(
            line["duration_ms"].is_number() && line["time"].is_string(),
            "{line}"
        );
    }
    assert_eq!(lines[0].get("upstream_ms"), None, "the upstream was not asked");
    assert_ne!(lines[1].get("upstream_ms"), Some(&json!(null)));
    assert!(
        !text.contains(&CUSTOMER.to_string()) && !text.contains("CANARY"),
        "{text}"
    );
}
