//! Clients that hurt: they open what they never use, ask for what they do not read, and break rules.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use h2::client::SendRequest;
use portico::proto::v1::{ActiveCallsRequest, ListExtensionsRequest};
use prost::Message;
use rand::seq::IndexedRandom as _;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{interval, sleep};
use tokio_util::sync::CancellationToken;

use super::findings::Findings;
use super::harness::Result;

/// A new attack begins as often.
const EVERY: Duration = Duration::from_millis(250);

/// How long an attacker stays, at most.
const STAY: Duration = Duration::from_secs(90);

/// How many attack at once, at most.
const ATTACKERS: usize = 200;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

#[derive(Clone, Copy, Debug)]
enum Attack {
    /// Fifty connections that say nothing.
    Silence,
    /// The beginning of HTTP/2 and nothing else.
    Preface,
    /// Half a request to the operator's port.
    HalfRequest,
    /// Watches that are never read.
    StuckWatches,
    /// Answers that are never read.
    Unread,
    /// Requests that are taken back at once.
    Resets,
    /// Messages that are none.
    Nonsense,
    /// Watches of a product each.
    ManyFeeds,
    /// A request without an end.
    Endless,
}

const ATTACKS: [Attack; 9] = [
    Attack::Silence,
    Attack::Preface,
    Attack::HalfRequest,
    Attack::StuckWatches,
    Attack::Unread,
    Attack::Resets,
    Attack::Nonsense,
    Attack::ManyFeeds,
    Attack::Endless,
];

/// Where to attack.
#[derive(Clone, Copy, Debug)]
struct Target {
    grpc: SocketAddr,
    admin: SocketAddr,
}

/// Starts the attackers; they leave when the trouble is over.
pub(crate) fn start(
    grpc: SocketAddr,
    admin: SocketAddr,
    findings: &Findings,
    over: &CancellationToken,
    tasks: &mut JoinSet<()>,
) {
    let (findings, over) = (findings.clone(), over.clone());
    tasks.spawn(async move {
        let mut attacks = JoinSet::new();
        let mut turn = interval(EVERY);
        while over.run_until_cancelled(turn.tick()).await.is_some() {
            while attacks.try_join_next().is_some() {}
            let attack = ATTACKS
                .choose(&mut rand::rng())
                .filter(|_| attacks.len() < ATTACKERS);
            if let Some(attack) = attack {
                findings.count("attacks");
                // That it fails is what is wanted.
                attacks.spawn(Target { grpc, admin }.attack(*attack));
            }
        }
        attacks.shutdown().await;
    });
}

impl Target {
    async fn attack(self, attack: Attack) -> Result<()> {
        match attack {
            Attack::Silence => {
                let mut open = Vec::new();
                for _ in 0..50 {
                    open.push(TcpStream::connect(self.grpc).await?);
                }
                sleep(STAY).await;
            }
            Attack::Preface => say(self.grpc, PREFACE).await?,
            Attack::HalfRequest => say(self.admin, b"GET /feeds HTTP/1.1\r\nHost: ").await?,
            Attack::StuckWatches => {
                // With the smallest of windows, so that next to nothing fits into it.
                let mut open = Connection::open(self.grpc, 16).await?;
                for customer in 1..=20 {
                    open.send("ActiveCalls", &watch(customer, None), true).await?;
                }
                sleep(STAY).await;
            }
            Attack::Unread => {
                let mut open = Connection::open(self.grpc, 16).await?;
                for i_customer in 1..=20 {
                    let request = ListExtensionsRequest {
                        i_customer,
                        product_ids: Vec::new(),
                    };
                    open.send("ListExtensions", &message(&request), true).await?;
                }
                sleep(STAY).await;
            }
            Attack::Resets => {
                let mut open = Connection::open(self.grpc, 65_535).await?;
                for _ in 0..500 {
                    open.send("ActiveCalls", &watch(1, None), true).await?;
                    open.answers.clear();
                }
            }
            Attack::Nonsense => {
                let mut open = Connection::open(self.grpc, 65_535).await?;
                for method in ["ListExtensions", "AddExtension", "ActiveCalls", "Nothing"] {
                    let nonsense: [u8; 32] = rand::random();
                    open.send(method, &nonsense, true).await?;
                }
                sleep(Duration::from_secs(1)).await;
            }
            Attack::ManyFeeds => {
                let mut open = Connection::open(self.grpc, 65_535).await?;
                let customer = rand::random_range(1..=20);
                for product in 0..500 {
                    open.send("ActiveCalls", &watch(customer, Some(product)), true)
                        .await?;
                }
                sleep(Duration::from_secs(5)).await;
            }
            Attack::Endless => {
                let mut open = Connection::open(self.grpc, 65_535).await?;
                open.send("AddExtension", &[0, 0, 0, 16], false).await?;
                sleep(STAY).await;
            }
        }
        Ok(())
    }
}

/// Says this and then nothing.
async fn say(to: SocketAddr, what: &[u8]) -> Result<()> {
    let mut stream = TcpStream::connect(to).await?;
    stream.write_all(what).await?;
    sleep(STAY).await;
    Ok(())
}

/// A connection whose answers nobody reads.
struct Connection {
    requests: SendRequest<Bytes>,
    answers: Vec<(h2::client::ResponseFuture, h2::SendStream<Bytes>)>,
    _task: JoinSet<()>,
}

impl Connection {
    async fn open(to: SocketAddr, window: u32) -> Result<Self> {
        let stream = TcpStream::connect(to).await?;
        let (requests, connection) = h2::client::Builder::new()
            .initial_window_size(window)
            .handshake(stream)
            .await?;
        let mut task = JoinSet::new();
        task.spawn(async move {
            let _ = connection.await;
        });
        Ok(Self {
            requests,
            answers: Vec::new(),
            _task: task,
        })
    }

    async fn send(&mut self, method: &str, body: &[u8], ends: bool) -> Result<()> {
        let path = format!("http://gateway/porta.customerextension.v1.CustomerExtensionService/{method}");
        let request = http::Request::post(path)
            .header("content-type", "application/grpc")
            .header("te", "trailers")
            .body(())?;
        let mut requests = self.requests.clone().ready().await?;
        let (answer, mut stream) = requests.send_request(request, false)?;
        stream.send_data(Bytes::copy_from_slice(body), ends)?;
        self.answers.push((answer, stream));
        Ok(())
    }
}

fn watch(i_customer: i64, product: Option<u32>) -> Vec<u8> {
    message(&ActiveCallsRequest {
        i_customer,
        product_ids: product.iter().map(ToString::to_string).collect(),
        ..ActiveCallsRequest::default()
    })
}

/// The message as gRPC frames it.
fn message(message: &impl Message) -> Vec<u8> {
    let body = message.encode_to_vec();
    let length = u32::try_from(body.len()).unwrap_or_default();
    [&[0], &length.to_be_bytes()[..], &body].concat()
}
