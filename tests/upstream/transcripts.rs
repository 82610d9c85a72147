//! The recorded exchanges with a real host, replayed against the sandbox over a real socket.
//!
//! Every request is sent with its exact target, in order, to a fresh sandbox. Status, `Content-Type`,
//! `Content-Disposition`, `X-Powered-By` and body must be the recorded ones, the body byte for byte. Excepted are
//! the bodies that cannot be the same: pages for people, which carry the time, a dump of the host's own stack, and
//! the body of the answer to `HEAD`, which the recorded host sent against the rules of HTTP.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use portico::sandbox::{ErrorForm, Params, Sandbox, run};
use serde::Deserialize;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinSet;

const ROW: &str = include_str!("../data/transcripts-a.jsonl");
const TABLE: &str = include_str!("../data/transcripts-b.jsonl");

/// How many exchanges of a recording have a body that is compared.
const COMPARED: usize = 72;

/// The headers that are compared, missing ones included.
const HEADERS: [&str; 3] = ["content-type", "content-disposition", "x-powered-by"];

#[derive(Deserialize)]
struct Exchange {
    name: String,
    request: Request,
    response: Response,
}

#[derive(Deserialize)]
struct Request {
    method: String,
    target: String,
    headers: BTreeMap<String, String>,
    #[serde(default)]
    body: Option<String>,
}

#[derive(Deserialize)]
struct Response {
    status: u16,
    headers: BTreeMap<String, String>,
    body: String,
}

impl Response {
    fn header(&self, name: &str) -> Option<&str> {
        let found = self
            .headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }
}

#[tokio::test]
async fn a_host_that_tells_errors_by_an_empty_row() {
    replay(ROW, ErrorForm::Row).await;
}

#[tokio::test]
async fn a_host_that_tells_errors_by_a_table() {
    replay(TABLE, ErrorForm::Table).await;
}

async fn replay(recording: &str, error_form: ErrorForm) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let address = listener.local_addr().expect("it is bound");
    let sandbox = Sandbox::new(Params {
        error_form,
        ..Params::default()
    });
    let (stop, stopped) = oneshot::channel::<()>();
    let mut server = JoinSet::new();
    server.spawn(run(listener, sandbox.clone(), async { drop(stopped.await) }));

    let (mut wrong, mut compared, mut sent) = (Vec::new(), 0, 0);
    for line in recording.lines() {
        let Exchange {
            name,
            request,
            response: recorded,
        } = serde_json::from_str(line).expect("the recording is sound");
        let answered = send(address, &request).await;
        sent += 1;
        if answered.status != recorded.status {
            wrong.push(format!(
                "{name}: status {} instead of {}",
                answered.status, recorded.status
            ));
        }
        for header in HEADERS {
            if answered.header(header) != recorded.header(header) {
                wrong.push(format!("{name}: another {header}: {:?}", answered.header(header)));
            }
        }
        if is_comparable(&request, &recorded) {
            compared += 1;
            if answered.body != recorded.body {
                wrong.push(format!(
                    "{name}: body\n  {:?}\ninstead of\n  {:?}",
                    answered.body, recorded.body
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!((sent, compared), (76, COMPARED));
    assert_eq!(sandbox.stats().requests, 76);

    stop.send(()).expect("the server runs");
    server
        .join_next()
        .await
        .expect("there is a server")
        .expect("it did not panic");
}

fn is_comparable(request: &Request, recorded: &Response) -> bool {
    let is_page = recorded.header("content-type") == Some("text/html");
    let is_dump = recorded.body.contains("System.NotImplementedException");
    !is_page && !is_dump && request.method != "HEAD"
}

/// One exchange on a connection of its own, with nothing between the recording and the wire.
async fn send(address: SocketAddr, request: &Request) -> Response {
    let Request {
        method,
        target,
        headers,
        body,
    } = request;
    let body = body.as_deref().unwrap_or_default();
    let headers: Vec<String> = headers
        .iter()
        .map(|(name, value)| format!("{name}: {value}\r\n"))
        .collect();
    let text = format!(
        "{method} {target} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n{}Content-Length: {}\r\n\r\n{body}",
        headers.concat(),
        body.len()
    );

    let mut stream = TcpStream::connect(address).await.expect("the sandbox listens");
    stream
        .write_all(text.as_bytes())
        .await
        .expect("the request is taken");
    let mut answer = String::new();
    stream
        .read_to_string(&mut answer)
        .await
        .expect("the answer is UTF-8 and ends");
    parse(&answer)
}

fn parse(answer: &str) -> Response {
    let (head, body) = answer.split_once("\r\n\r\n").expect("the head ends");
    let mut lines = head.lines();
    let status = lines
        .next()
        .and_then(|line| line.split(' ').nth(1))
        .expect("there is a status");
    let headers = lines.filter_map(|line| line.split_once(": "));
    Response {
        status: status.parse().expect("the status is a number"),
        headers: headers
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
        body: body.to_owned(),
    }
}
