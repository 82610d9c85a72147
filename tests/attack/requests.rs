//! Requests that are none: each wrong thing has one status, whatever the RPC and the protocol, and the upstream hears nothing.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use h2::client::SendRequest;
use http::{HeaderMap, HeaderValue, Method, Request};
use portico::upstream::Transport;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tonic::{Code, Status};

use crate::support::{Gateway, RunningSandbox, SERVICE, reason, soon};

/// Each RPC of the contract: reads, changes, the watch.
const RPCS: [&str; 11] = [
    "ListExtensions",
    "ListUnavailableExtensions",
    "GetFilteringData",
    "ListOnlineAccounts",
    "ListActiveCalls",
    "ActiveCalls",
    "AddExtension",
    "AddExtensionGetIdentity",
    "UpdateExtension",
    "DeleteExtension",
    "Reply",
];

const MALFORMED: (Code, &str) = (Code::InvalidArgument, "MALFORMED_REQUEST");
const UNSUPPORTED: (Code, &str) = (Code::Unimplemented, "UNSUPPORTED_REQUEST");
const UNKNOWN: (Code, &str) = (Code::Unimplemented, "UNKNOWN_METHOD");
/// `i_customer` is 0.
const INVALID: (Code, &str) = (Code::InvalidArgument, "INVALID_REQUEST");

/// A message with this flag, on the wire.
fn message(flag: u8, bytes: &[u8]) -> Vec<u8> {
    let length = u32::try_from(bytes.len()).expect("a length").to_be_bytes();
    [&[flag], &length[..], bytes].concat()
}

/// Bodies, what is wrong with each, and the status of that.
fn bodies() -> Vec<(&'static str, Vec<u8>, (Code, &'static str))> {
    let sound = message(0, &[]);
    vec![
        ("nothing but its fields", sound.clone(), INVALID),
        ("no message", vec![], MALFORMED),
        ("half a prefix", sound[..3].to_vec(), MALFORMED),
        ("a cut message", vec![0, 0, 0, 0, 9, 8, 1], MALFORMED),
        ("a length of 4 GiB", vec![0, 255, 255, 255, 255, 8, 1], MALFORMED),
        ("two messages", [&sound[..], &sound].concat(), MALFORMED),
        ("more after it", [&sound[..], &[0]].concat(), MALFORMED),
        ("a tag that is none", message(0, &[0]), MALFORMED),
        ("another wire type", message(0, &[10, 1, 65]), MALFORMED),
        ("a cut field", message(0, &[8]), MALFORMED),
        ("a compression", message(1, &[]), UNSUPPORTED),
        ("a flag that is none", message(2, &[]), MALFORMED),
        (
            "a message too large",
            message(0, &vec![0; 64 * 1024 + 1]),
            MALFORMED,
        ),
    ]
}

/// A connection that sends any bytes as a request.
struct Raw {
    requests: SendRequest<Bytes>,
    _tasks: JoinSet<Result<(), h2::Error>>,
}

impl Raw {
    async fn connect(gateway: &Gateway) -> Self {
        let stream = TcpStream::connect(gateway.grpc)
            .await
            .expect("the gateway listens");
        let (requests, connection) = h2::client::handshake(stream).await.expect("HTTP/2");
        let mut tasks = JoinSet::new();
        tasks.spawn(connection);
        Self {
            requests,
            _tasks: tasks,
        }
    }

    /// The headers of the answer to this request, which must have a status in them.
    async fn headers(&self, method: Method, path: &str, encoding: &str, body: Vec<u8>) -> HeaderMap {
        let mut requests = self.requests.clone().ready().await.expect("a connection");
        let request = Request::builder()
            .method(method)
            .uri(format!("http://gateway/{path}"))
            .header("content-type", "application/grpc")
            .header("te", "trailers")
            .header("grpc-encoding", encoding)
            .body(())
            .expect("a request");
        let (answer, mut sending) = requests.send_request(request, false).expect("it is sent");
        // What is too large is answered before all of it is read.
        let _ = sending.send_data(Bytes::from(body), true);
        let answer = soon("an answer", answer).await.expect("an answer");
        answer.into_parts().0.headers
    }

    async fn status(&self, method: Method, path: &str, body: Vec<u8>) -> (Code, String) {
        told(&self.headers(method, path, "identity", body).await)
    }
}

fn told(headers: &HeaderMap) -> (Code, String) {
    let status = Status::from_header_map(headers).expect("a status without an answer");
    (status.code(), reason(&status))
}

fn owned((code, reason): (Code, &str)) -> (Code, String) {
    (code, reason.to_owned())
}

#[tokio::test]
async fn each_wrong_thing_has_one_status_whatever_the_rpc() {
    let sandbox = RunningSandbox::recorded().await;
    let gateway = Gateway::serving(&sandbox.url, Transport::Routes).await;
    let raw = Raw::connect(&gateway).await;
    for rpc in RPCS {
        for (what, body, expected) in bodies() {
            let path = format!("{SERVICE}/{rpc}");
            let heard = raw.status(Method::POST, &path, body).await;
            assert_eq!(heard, owned(expected), "{what} to {rpc}");
        }
        let heard = raw
            .status(Method::GET, &format!("{SERVICE}/{rpc}"), message(0, &[]))
            .await;
        assert_eq!(heard, owned(UNSUPPORTED), "GET of {rpc}");
    }
    assert_eq!(sandbox.seen(), []);
}

#[tokio::test]
async fn over_grpc_web_it_is_the_same() {
    let sandbox = RunningSandbox::recorded().await;
    let gateway = Gateway::serving(&sandbox.url, Transport::Routes).await;
    let web = reqwest::Client::new();
    for rpc in RPCS {
        for (what, body, expected) in bodies() {
            for text in [false, true] {
                let (kind, body) = if text {
                    (
                        "application/grpc-web-text",
                        BASE64_STANDARD.encode(&body).into_bytes(),
                    )
                } else {
                    ("application/grpc-web", body.clone())
                };
                let request = web
                    .post(format!("http://{}/{SERVICE}/{rpc}", gateway.grpc))
                    .header("content-type", kind)
                    .body(body);
                let answer = request.send().await.expect("an answer");
                assert_eq!(
                    told(answer.headers()),
                    owned(expected),
                    "{what} to {rpc} as {kind}"
                );
            }
        }
    }
    assert_eq!(sandbox.seen(), []);
}

#[tokio::test]
async fn a_method_that_is_not_there_has_a_status_of_its_own() {
    let sandbox = RunningSandbox::recorded().await;
    let gateway = Gateway::serving(&sandbox.url, Transport::Routes).await;
    let raw = Raw::connect(&gateway).await;
    for path in [
        &format!("{SERVICE}/ListExtension"),
        &format!("{SERVICE}/listextensions"),
        &format!("{SERVICE}/"),
        SERVICE,
        "grpc.health.v1.Health/Delete",
        "another.Service/Method",
        "",
    ] {
        let heard = raw.status(Method::POST, path, message(0, &[])).await;
        assert_eq!(heard, owned(UNKNOWN), "{path}");
    }
}

#[tokio::test]
async fn compression_is_refused_for_what_it_is_and_not_for_its_name() {
    let sandbox = RunningSandbox::recorded().await;
    let gateway = Gateway::serving(&sandbox.url, Transport::Routes).await;
    let raw = Raw::connect(&gateway).await;
    for rpc in RPCS {
        let path = format!("{SERVICE}/{rpc}");
        let plain = raw.headers(Method::POST, &path, "gzip", message(0, &[])).await;
        assert_eq!(told(&plain), owned(INVALID), "{rpc}");
        let packed = raw.headers(Method::POST, &path, "gzip", message(1, &[])).await;
        assert_eq!(told(&packed), owned(UNSUPPORTED), "{rpc}");
        let instead = HeaderValue::from_static("identity");
        assert_eq!(packed.get("grpc-accept-encoding"), Some(&instead), "{rpc}");
    }
}

#[tokio::test]
async fn of_two_messages_none_is_taken() {
    let sandbox = RunningSandbox::recorded().await;
    let gateway = Gateway::serving(&sandbox.url, Transport::Routes).await;
    let raw = Raw::connect(&gateway).await;
    // `i_customer` is 1, and `i_c_ext` 1001 or 1002.
    let delete = |record: [u8; 2]| message(0, &[8, 1, 16, record[0], record[1]]);
    let both = [delete([0xe9, 7]), delete([0xea, 7])].concat();
    let heard = raw
        .status(Method::POST, &format!("{SERVICE}/DeleteExtension"), both)
        .await;
    assert_eq!(heard, owned(MALFORMED));
    assert_eq!(sandbox.seen(), []);
}
