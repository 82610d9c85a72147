//! A stop in the middle of calls: what was sent is never called unsent, however little time the stop leaves.

use std::collections::BTreeSet;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::header::CONTENT_TYPE;
use http::{Method, Request};
use portico::proto::v1::customer_extension_service_client::CustomerExtensionServiceClient;
use portico::proto::v1::{
    ActiveCallsRequest, AddExtensionRequest, DeleteExtensionRequest, GetFilteringDataRequest,
};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::Command;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tonic::transport::Channel;
use tonic::{Code, Status};

use crate::support::{
    Answer, Gateway, Log, PAGE, SERVICE, Setup, Upstream, listener, reason, retry_delay, row, soon,
};

/// What the callers hear, by the name of their call.
type Calls = JoinSet<(&'static str, Result<(), Status>)>;

fn setup(drain_timeout: Duration) -> Setup {
    let mut setup = Setup::default();
    setup.server.drain_timeout = drain_timeout;
    setup
}

async fn add(gateway: &Gateway, calls: &mut Calls) {
    let mut client = gateway.client().await;
    let request = AddExtensionRequest {
        i_customer: 1,
        name: "Sales".to_owned(),
        id: "201".to_owned(),
        i_account: 0,
        request_id: String::new(),
    };
    calls.spawn(async move { ("add", client.add_extension(request).await.map(drop)) });
}

async fn delete(gateway: &Gateway, calls: &mut Calls) {
    let mut client = gateway.client().await;
    // Changes of one customer wait for each other.
    let request = DeleteExtensionRequest {
        i_customer: 2,
        i_c_ext: 5001,
        request_id: String::new(),
    };
    calls.spawn(async move { ("delete", client.delete_extension(request).await.map(drop)) });
}

async fn filter(gateway: &Gateway, calls: &mut Calls) {
    let mut client = gateway.client().await;
    let request = GetFilteringDataRequest { i_customer: 1 };
    calls.spawn(async move { ("filter", client.get_filtering_data(request).await.map(drop)) });
}

/// Completes when the upstream has read as many requests.
async fn read(upstream: &Upstream, count: usize) {
    let all = async {
        while upstream.asked().len() < count {
            tokio::task::yield_now().await;
        }
    };
    soon("the calls at the upstream", all).await;
}

/// What each caller has heard by now, in the order of the names: long before the upstream's time is up.
async fn heard(mut calls: Calls) -> Vec<(&'static str, Code, String)> {
    let mut heard = Vec::new();
    let mut next = async || timeout(Duration::from_secs(5), calls.join_next()).await;
    while let Some(ended) = next().await.expect("each call has ended") {
        let (name, answer) = ended.expect("it does not panic");
        heard.push(match answer {
            Ok(()) => (name, Code::Ok, String::new()),
            Err(status) => (name, status.code(), reason(&status)),
        });
    }
    heard.sort_unstable_by_key(|(name, ..)| *name);
    heard
}

/// What is heard of two changes and a read that the upstream has taken and does not answer.
fn cut() -> Vec<(&'static str, Code, String)> {
    vec![
        ("add", Code::Unknown, "OUTCOME_UNKNOWN".to_owned()),
        ("delete", Code::Unknown, "OUTCOME_UNKNOWN".to_owned()),
        ("filter", Code::Unavailable, "SHUTTING_DOWN".to_owned()),
    ]
}

/// Callers used to see a closed connection, which is what a call that was never sent looks like.
#[tokio::test]
async fn a_change_that_outlasts_the_drain_has_an_unknown_outcome() {
    let log = Log::capture();
    let upstream = Upstream::without_lists([Answer::Hang, Answer::Hang, Answer::Hang]).await;
    let mut gateway = Gateway::serving(&upstream.url, setup(Duration::from_millis(100))).await;
    let mut calls = Calls::new();
    add(&gateway, &mut calls).await;
    delete(&gateway, &mut calls).await;
    filter(&gateway, &mut calls).await;
    read(&upstream, 3).await;
    gateway.stop();
    gateway.ended().await;
    assert_eq!(heard(calls).await, cut());
    let text = log.text();
    assert!(text.contains("stopped with calls in flight"), "{text}");
    assert!(text.contains("changes=2 reads=1"), "{text}");
}

#[tokio::test]
async fn a_second_request_to_stop_answers_at_once() {
    let upstream = Upstream::without_lists([Answer::Hang, Answer::Hang, Answer::Hang]).await;
    let mut setup = setup(Duration::from_secs(3600));
    setup.server.drain_delay = Duration::from_secs(3600);
    let mut gateway = Gateway::serving(&upstream.url, setup).await;
    let mut calls = Calls::new();
    add(&gateway, &mut calls).await;
    delete(&gateway, &mut calls).await;
    filter(&gateway, &mut calls).await;
    read(&upstream, 3).await;
    gateway.stop();
    assert_eq!(gateway.page("/readyz").await.0, 503, "the first request is heard");
    gateway.stop();
    gateway.ended().await;
    assert_eq!(heard(calls).await, cut());
}

/// Half an answer does not tell what the service said.
#[tokio::test]
async fn a_change_whose_answer_is_under_way_is_unknown_too() {
    let body = row(",,{i_c_ext:5001},False,,LIC,0,");
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\nContent-Length: {}\r\n\r\n{}",
        body.len(),
        &body[..body.len() - 10],
    );
    let upstream = Upstream::without_lists([Answer::Stall(head.into_bytes())]).await;
    let mut gateway = Gateway::serving(&upstream.url, setup(Duration::from_millis(100))).await;
    let mut calls = Calls::new();
    add(&gateway, &mut calls).await;
    read(&upstream, 1).await;
    gateway.stop();
    gateway.ended().await;
    assert_eq!(heard(calls).await, cut()[..1]);
}

#[tokio::test]
async fn a_change_that_is_answered_during_the_drain_is_told_as_it_was() {
    let (slow, url) = listener().await;
    let mut gateway = Gateway::start(&url, setup(Duration::from_secs(3600))).await;
    let mut calls = Calls::new();
    add(&gateway, &mut calls).await;
    let mut upstream = slow_upstream(slow).await;
    gateway.stop();
    let stopping = async { while gateway.page("/readyz").await.1 != "not ready: draining\n" {} };
    soon("the drain", stopping).await;
    answer(&mut upstream, &row(",,{i_c_ext:5001},False,,LIC,0,")).await;
    gateway.ended().await;
    assert_eq!(heard(calls).await, [("add", Code::Ok, String::new())]);
}

/// The connection on which the change has come in; the probe's are dropped.
async fn slow_upstream(listener: TcpListener) -> TcpStream {
    loop {
        let (mut stream, _) = soon("a request", listener.accept()).await.expect("a connection");
        let mut request = [0; 1024];
        let length = stream.read(&mut request).await.expect("a request");
        let request = String::from_utf8_lossy(&request[..length]);
        if request.contains("AddCustomerE") {
            return stream;
        }
        if request.contains("/GetCustomerExtensions/") {
            no_list(&mut stream).await;
        }
    }
}

/// What there is before a change cannot be known.
async fn no_list(stream: &mut TcpStream) {
    let answer = b"HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
    stream.write_all(answer).await.expect("the gateway reads");
}

async fn answer(stream: &mut TcpStream, body: &str) {
    let answer = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream
        .write_all(answer.as_bytes())
        .await
        .expect("the gateway reads");
}

/// An opening watch waits for its first poll; nothing of it can be unknown.
#[tokio::test]
async fn a_watch_that_is_being_opened_is_told_that_the_gateway_stops() {
    let upstream = Upstream::answering([Answer::Hang]).await;
    let mut gateway = Gateway::serving(&upstream.url, setup(Duration::from_secs(3600))).await;
    let mut client = gateway.client().await;
    let mut opening = JoinSet::new();
    let request = ActiveCallsRequest {
        i_customer: 1,
        ..ActiveCallsRequest::default()
    };
    opening.spawn(async move { client.active_calls(request).await.map(drop) });
    read(&upstream, 1).await;
    gateway.stop();
    gateway.ended().await;
    let ended = opening.join_next().await.expect("a watch");
    let status = ended.expect("it does not panic").expect_err("no poll has ended");
    assert_eq!(
        (status.code(), reason(&status)),
        (Code::Unavailable, "DRAINING".to_owned())
    );
    assert!(retry_delay(&status).is_some());
}

/// No call has been made of it, so there is nothing to answer.
#[tokio::test]
async fn a_request_that_never_ends_does_not_hold_the_end() {
    let upstream = Upstream::answering([]).await;
    let mut gateway = Gateway::serving(&upstream.url, setup(Duration::from_secs(3600))).await;
    let stream = TcpStream::connect(gateway.grpc)
        .await
        .expect("the gateway listens");
    let (mut requests, connection) = h2::client::handshake(stream).await.expect("HTTP/2");
    let mut tasks = JoinSet::new();
    tasks.spawn(connection);
    let request = Request::builder()
        .method(Method::POST)
        .uri(format!("http://gateway/{SERVICE}/DeleteExtension"))
        .header(CONTENT_TYPE, "application/grpc");
    let request = request.body(()).expect("a request");
    let (_answer, _body) = requests.send_request(request, false).expect("it is sent");
    gateway.stop();
    gateway.stop();
    gateway.ended().await;
}

/// The address after `name=` in a line of the log.
fn address(line: &str, name: &str) -> Option<String> {
    let (_, rest) = line.split_once(&format!(" {name}="))?;
    rest.split_whitespace().next().map(str::to_owned)
}

#[cfg(unix)]
#[tokio::test]
async fn two_signals_end_the_binary_at_once_and_its_callers_know_it() {
    let upstream = Upstream::without_lists([Answer::Hang]).await;
    let mut portico = Command::new(env!("CARGO_BIN_EXE_portico"))
        .env_clear()
        .args(["serve", "--license=x", "--upstream-url", &upstream.url])
        .args(["--listen=127.0.0.1:0", "--admin-listen=127.0.0.1:0"])
        .args(["--drain-delay=1h", "--drain-timeout=1h"])
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("the binary runs");
    let mut log = BufReader::new(portico.stderr.take().expect("it is piped")).lines();
    let mut line_with = async |what: &str| loop {
        let line = soon(what, log.next_line()).await.expect("text").expect("a line");
        if line.contains(what) {
            return line;
        }
    };
    let signal = async || {
        let pid = portico.id().expect("it runs").to_string();
        let kill = Command::new("kill").args(["-s", "TERM", &pid]).status().await;
        assert!(kill.expect("kill runs").success());
    };

    let grpc = address(&line_with("listening").await, "grpc").expect("an address");
    let client = CustomerExtensionServiceClient::connect(format!("http://{grpc}")).await;
    let mut client = client.expect("the gateway listens");
    let mut calls = JoinSet::new();
    let request = DeleteExtensionRequest {
        i_customer: 1,
        i_c_ext: 5001,
        request_id: String::new(),
    };
    calls.spawn(async move { ("delete", client.delete_extension(request).await.map(drop)) });
    read(&upstream, 1).await;
    signal().await;
    line_with("stopping").await;
    signal().await;
    assert_eq!(heard(calls).await, cut()[1..2]);
    line_with("changes=1 reads=0").await;
    let ended = soon("the end of the process", portico.wait()).await;
    assert_eq!(ended.expect("it ends").code(), Some(1));
}

/// An upstream that notes the name of each added extension, and answers some of them after some time.
async fn noting_upstream(listener: TcpListener, noted: Arc<Mutex<BTreeSet<String>>>) {
    let mut connections = JoinSet::new();
    loop {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        let noted = Arc::clone(&noted);
        connections.spawn(async move {
            let mut request = [0; 1024];
            let length = stream.read(&mut request).await.unwrap_or(0);
            let request = String::from_utf8_lossy(&request[..length]).into_owned();
            if request.contains("/GetCustomerExtensions/") {
                return no_list(&mut stream).await;
            }
            let Some((_, rest)) = request.split_once("/change") else {
                // The probe.
                return answer(&mut stream, PAGE).await;
            };
            let number: u64 = rest.split('/').next().expect("a name").parse().expect("a number");
            noted.lock().expect("no panic").insert(number.to_string());
            if number.is_multiple_of(3) {
                std::future::pending::<()>().await;
            }
            for _ in 0..number % 7 * 50 {
                tokio::task::yield_now().await;
            }
            let body = row(",,{i_c_ext:5001},False,,LIC,0,");
            answer(&mut stream, &body).await;
        });
    }
}

/// Adds extensions one after another until it hears that it cannot; notes what it hears of each.
async fn adding(mut client: CustomerExtensionServiceClient<Channel>, first: u64) -> Vec<(String, Status)> {
    let mut failed = Vec::new();
    for number in (first..).step_by(ADDERS) {
        let request = AddExtensionRequest {
            // Changes of one customer wait for each other.
            i_customer: i64::try_from(first).expect("a small number"),
            name: format!("change{number}"),
            id: "201".to_owned(),
            i_account: 0,
            request_id: String::new(),
        };
        if let Err(status) = client.add_extension(request).await {
            failed.push((number.to_string(), status));
            break;
        }
    }
    failed
}

const ADDERS: usize = 16;

/// Not one change that the upstream has seen is called anything but made or unknown.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn at_whatever_moment_a_stop_meets_a_change_what_was_sent_is_not_called_unsent() {
    let mut cut_off = 0;
    for round in 0..20 {
        let (upstream, url) = listener().await;
        let noted = Arc::default();
        let mut upstreams = JoinSet::new();
        upstreams.spawn(noting_upstream(upstream, Arc::clone(&noted)));
        let mut gateway = Gateway::serving(&url, setup(Duration::from_micros(round * 300))).await;
        let mut adders = JoinSet::new();
        for first in 0..ADDERS as u64 {
            adders.spawn(adding(gateway.client().await, first * 3 + 1));
        }
        let busy = async {
            while noted.lock().expect("no panic").len() < ADDERS {
                tokio::task::yield_now().await;
            }
        };
        soon("changes", busy).await;
        gateway.stop();
        gateway.ended().await;
        while let Some(failed) = soon("the end of the adders", adders.join_next()).await {
            for (number, status) in failed.expect("it does not panic") {
                let was_sent = noted.lock().expect("no panic").contains(&number);
                assert!(
                    !was_sent || status.code() == Code::Unknown,
                    "{number}: {status:?}"
                );
                cut_off += usize::from(was_sent);
            }
        }
    }
    assert!(cut_off > 0, "no stop has met a change");
}
