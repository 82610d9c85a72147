//! `--access-log`: a line of JSON for each RPC, on standard output.

use std::io::{BufRead as _, BufReader, Read};
use std::process::{Child, ChildStderr, Command, Stdio};

use portico::proto::v1::customer_extension_service_client::CustomerExtensionServiceClient;
use portico::proto::v1::{ActiveCallsRequest, ListExtensionsRequest};
use portico::sandbox::{self, Sandbox};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tonic::transport::Endpoint;
use tonic::{Code, Request};

use crate::support::portico;

/// A customer whose number is in no other number of a line.
const CUSTOMER: i64 = 1_837_465_921;

/// Starts a gateway in front of `upstream`; gives it, its log from then on, and where it serves gRPC.
fn start(upstream: &str) -> (Child, BufReader<ChildStderr>, String) {
    let mut child = portico(&["serve", "--upstream-url", upstream, "--license=CANARY"])
        .args(["--listen=127.0.0.1:0", "--admin-listen=127.0.0.1:0"])
        .args(["--drain-delay=0s", "--log-format=json", "--access-log"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    let mut log = BufReader::new(child.stderr.take().expect("it is piped"));
    let mut line = String::new();
    log.read_line(&mut line).expect("text");
    let listening: Value = serde_json::from_str(&line).expect("a line of JSON");
    let grpc = listening["fields"]["grpc"].as_str().expect("an address");
    (child, log, format!("http://{grpc}"))
}

fn signal(child: &Child) {
    let sent = Command::new("kill")
        .args(["-s", "TERM", &child.id().to_string()])
        .status();
    assert!(sent.expect("kill runs").success());
}

/// The access log, when the process has ended with this code; its log follows.
fn ended(mut child: Child, mut log: impl Read, code: i32) -> String {
    let (mut text, mut rest) = (String::new(), String::new());
    let stdout = child.stdout.take().expect("it is piped");
    { stdout }.read_to_string(&mut text).expect("text");
    log.read_to_string(&mut rest).expect("text");
    assert_eq!(child.wait().expect("it ends").code(), Some(code), "{rest}");
    text
}

#[tokio::test]
async fn each_rpc_is_a_line_of_json_without_the_customer() {
    let (child, log, grpc) = start("http://127.0.0.1:9");
    let client = CustomerExtensionServiceClient::connect(grpc).await;
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

    signal(&child);
    let text = ended(child, log, 0);
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

/// Its connection is closed at the end with its answer unread: the RPC ends by that, and is told all the same.
#[tokio::test]
async fn an_rpc_that_is_cut_at_the_end_is_a_line_too() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let upstream = format!("http://{}", listener.local_addr().expect("an address"));
    let mut tasks = JoinSet::new();
    let sandbox = Sandbox::new(sandbox::Params::default());
    tasks.spawn(sandbox::run(listener, sandbox, std::future::pending()));
    let (child, log, grpc) = start(&upstream);
    // Of its answer only a byte is ever taken.
    let endpoint = Endpoint::from_shared(grpc)
        .expect("a URL")
        .initial_stream_window_size(1);
    let channel = endpoint.connect().await.expect("it listens");
    let watch = ActiveCallsRequest {
        i_customer: 1,
        ..ActiveCallsRequest::default()
    };
    let mut client = CustomerExtensionServiceClient::new(channel);
    let _unread = client.active_calls(watch).await.expect("it opens");
    signal(&child);
    signal(&child);
    let text = tokio::task::spawn_blocking(move || ended(child, log, 1))
        .await
        .expect("no panic");
    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).expect("a line of JSON"))
        .collect();
    let method = "porta.customerextension.v1.CustomerExtensionService/ActiveCalls";
    assert_eq!(lines.len(), 1, "{text}");
    assert_eq!(
        (&lines[0]["rpc.method"], &lines[0]["portico.rpc.end"]),
        (&method.into(), &"reset".into())
    );
}
