//! An upstream that answers once too often on a kept connection, so that later answers go to others' questions.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use portico::proto::v1::active_calls_response::Event;
use portico::proto::v1::customer_extension_service_client::CustomerExtensionServiceClient;
use portico::proto::v1::{
    ActiveCallsRequest, ActiveCallsResponse, ListActiveCallsRequest, ListOnlineAccountsRequest, ReplyRequest,
    UpdateExtensionRequest,
};
use portico::server;
use portico::upstream::{Transport, client, http};
use portico::watch;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch as latest};
use tokio::task::JoinSet;
use tonic::transport::Channel;
use tonic::{Code, Response, Status, Streaming};

use crate::support::{Gateway, PAGE, Setup, listener, reason, row, single, soon};

type Client = CustomerExtensionServiceClient<Channel>;

/// When an answer is given a second time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Again {
    /// In the same breath.
    AtOnce,
    /// Right after the first time. Without `TCP_NODELAY` it waits in the kernel for the gateway's acknowledgement, which may
    /// come with the next request only.
    RightAfter,
    /// On the connection when nothing is asked, once the test says so.
    WhenIdle,
    /// In the place of the answer to the next request, whose own comes in the place of that to the one after it.
    InsteadOfTheNext,
}

/// An upstream that keeps connections, each request of which it answers with rows that name the customer.
struct Upstream {
    url: String,
    seen: Arc<Seen>,
    idle: latest::Sender<()>,
    /// A line for each connection that the gateway has closed.
    closed: mpsc::UnboundedReceiver<()>,
    _tasks: JoinSet<()>,
}

#[derive(Default)]
struct Seen {
    /// The requests on each connection, without those of the probe.
    requests: Mutex<Vec<usize>>,
    /// How many answers were another's.
    shifted: latest::Sender<usize>,
}

impl Upstream {
    async fn answering(again: Again) -> Self {
        let (listener, url) = listener().await;
        let seen = Arc::new(Seen::default());
        let (idle, _) = latest::channel(());
        let (tell, closed) = mpsc::unbounded_channel();
        let mut tasks = JoinSet::new();
        tasks.spawn(accept(listener, again, seen.clone(), idle.clone(), tell));
        Self {
            url,
            seen,
            idle,
            closed,
            _tasks: tasks,
        }
    }

    /// How many requests each connection took that took any.
    fn requests(&self) -> Vec<usize> {
        let requests = self.seen.requests.lock().expect("no panic");
        requests.iter().copied().filter(|&count| count > 0).collect()
    }

    /// Waits until so many answers were another's.
    async fn shifted(&self, count: usize) {
        let mut shifted = self.seen.shifted.subscribe();
        let enough = shifted.wait_for(|&shifted| shifted >= count);
        soon("answers to others' questions", enough)
            .await
            .expect("it is there");
    }
}

async fn accept(
    listener: TcpListener,
    again: Again,
    seen: Arc<Seen>,
    idle: latest::Sender<()>,
    closed: mpsc::UnboundedSender<()>,
) {
    let mut connections = JoinSet::new();
    for number in 0.. {
        let Ok((stream, _)) = listener.accept().await else {
            return;
        };
        seen.requests.lock().expect("no panic").push(0);
        let (seen, idle, closed) = (seen.clone(), idle.subscribe(), closed.clone());
        let nodelay = again != Again::RightAfter;
        stream.set_nodelay(nodelay).expect("a socket");
        connections.spawn(async move {
            // The gateway may leave at any time.
            let _ = serve(stream, number, again, &seen, idle).await;
            let _ = closed.send(());
        });
    }
}

async fn serve(
    mut stream: TcpStream,
    number: usize,
    again: Again,
    seen: &Seen,
    mut idle: latest::Receiver<()>,
) -> std::io::Result<()> {
    let mut last = Vec::new();
    let mut request = Vec::new();
    loop {
        tokio::select! {
            read = stream.read_buf(&mut request) => if read? == 0 {
                return Ok(());
            },
            Ok(()) = idle.changed() => {
                stream.write_all(&last).await?;
                continue;
            }
        }
        if !is_whole(&request) {
            continue;
        }
        let asked = String::from_utf8(std::mem::take(&mut request)).expect("ASCII");
        if asked.starts_with("GET /csv/metadata") {
            stream.write_all(&answer(PAGE)).await?;
            continue;
        }
        if again == Again::InsteadOfTheNext && asked.starts_with("GET /GetCustomerExtensions/") {
            // Nobody can look what became of a change.
            stream
                .write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
                .await?;
            continue;
        }
        seen.requests.lock().expect("no panic")[number] += 1;
        let own = answer(&body(&asked));
        match again {
            Again::WhenIdle => stream.write_all(&own).await?,
            Again::RightAfter => {
                stream.write_all(&own).await?;
                stream.write_all(&own).await?;
            }
            Again::AtOnce => stream.write_all(&own.repeat(2)).await?,
            Again::InsteadOfTheNext if last.is_empty() => stream.write_all(&own).await?,
            Again::InsteadOfTheNext => {
                seen.shifted.send_modify(|shifted| *shifted += 1);
                stream.write_all(&last).await?;
            }
        }
        last = own;
    }
}

fn is_whole(request: &[u8]) -> bool {
    let text = std::str::from_utf8(request).expect("ASCII");
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return false;
    };
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    body.len() >= length.map_or(0, |length| length.parse().expect("a length"))
}

fn answer(body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\nContent-Length: {length}\r\n\r\n{body}")
        .into_bytes()
}

/// A sound body: one row each of all that there is, of the customer and record that the path or the form names.
fn body(asked: &str) -> String {
    let path = asked.split(' ').nth(1).expect("a path");
    let mut values = path.trim_end_matches(".csv").split('/').skip(3);
    let form = asked
        .split(['&', '\n'])
        .find_map(|member| member.strip_prefix("ICustomer="));
    let customer = form.or_else(|| values.next()).expect("a customer");
    let record = values.next().filter(|value| value.parse::<i32>().is_ok());
    let record = record.unwrap_or("7");
    row(&format!(
        "\"[{{ICustomer:{customer},CallId:of-{customer},IAccount:7}}]\",[],\"{{i_c_ext:{record},id:101}}\",True,\
         \"[{{i_c_ext:7,id:101,i_customer:{customer}}}]\",LIC,0,"
    ))
}

const CUSTOMERS: [i64; 2] = [66, 2];

/// What a call hears.
#[derive(Debug, PartialEq, Eq)]
enum Told {
    /// Rows that name these customers, or the record that was updated.
    Rows(BTreeSet<i64>),
    Failure(Code, String),
}

impl<R: IntoIterator<Item = i64>> From<Result<R, Status>> for Told {
    fn from(answer: Result<R, Status>) -> Self {
        match answer {
            Ok(rows) => Self::Rows(rows.into_iter().collect()),
            Err(status) => Self::Failure(status.code(), reason(&status)),
        }
    }
}

fn only(id: i64) -> Told {
    Told::Rows(BTreeSet::from([id]))
}

fn wrong() -> Told {
    Told::Failure(Code::Internal, "UPSTREAM_WRONG_CUSTOMER".to_owned())
}

fn unknown() -> Told {
    Told::Failure(Code::Unknown, "OUTCOME_UNKNOWN".to_owned())
}

async fn calls(client: &mut Client, i_customer: i64) -> Told {
    let request = ListActiveCallsRequest {
        i_customer,
        product_ids: Vec::new(),
    };
    let answer = client.list_active_calls(request).await.map(Response::into_inner);
    Told::from(answer.map(|answer| {
        let calls = answer.calls.into_iter().map(|call| call.i_customer);
        let statuses = answer.extension_statuses.into_iter();
        calls.chain(statuses.map(|status| status.i_customer))
    }))
}

async fn online(client: &mut Client, i_customer: i64) -> Told {
    let request = ListOnlineAccountsRequest { i_customer };
    let answer = client.list_online_accounts(request).await;
    let statuses = answer.map(|answer| answer.into_inner().extension_statuses.into_iter());
    Told::from(statuses.map(|statuses| statuses.map(|status| status.i_customer)))
}

async fn update(client: &mut Client, i_customer: i64, i_c_ext: i64) -> Told {
    let request = UpdateExtensionRequest {
        i_customer,
        i_c_ext,
        name: "Sales".to_owned(),
        id: "101".to_owned(),
        i_account: Some(0),
        request_id: String::new(),
    };
    let answer = client.update_extension(request).await;
    let extension = answer.map(|answer| answer.into_inner().extension.into_iter());
    Told::from(extension.map(|extension| extension.map(|extension| extension.i_c_ext)))
}

async fn reply(client: &mut Client, i_customer: i64) -> Told {
    let request = ReplyRequest {
        i_customer,
        ..ReplyRequest::default()
    };
    let calls = client
        .reply(request)
        .await
        .map(|answer| answer.into_inner().calls.into_iter());
    Told::from(calls.map(|calls| calls.map(|call| call.i_customer)))
}

/// `hyper` closes the connection: it does not even go back to those that are kept.
#[tokio::test]
async fn two_answers_at_once_are_the_last_on_their_connection() {
    let upstream = Upstream::answering(Again::AtOnce).await;
    let gateway = Gateway::serving(&upstream.url, Transport::Routes).await;
    let mut client = gateway.client().await;
    for i_customer in CUSTOMERS.repeat(150) {
        assert_eq!(calls(&mut client, i_customer).await, only(i_customer));
    }
    assert_eq!(upstream.requests(), [1; 300]);
}

#[tokio::test]
async fn bytes_that_nobody_asked_for_close_an_idle_connection() {
    let mut upstream = Upstream::answering(Again::WhenIdle).await;
    let gateway = Gateway::serving(&upstream.url, Transport::Routes).await;
    let mut client = gateway.client().await;
    for i_customer in CUSTOMERS.repeat(10) {
        assert_eq!(calls(&mut client, i_customer).await, only(i_customer));
        assert_eq!(online(&mut client, i_customer).await, only(i_customer));
        upstream.idle.send_replace(());
        soon("the end of the connection", upstream.closed.recv()).await;
    }
    assert_eq!(upstream.requests(), [2; 20]);
}

#[tokio::test]
async fn an_answer_that_waited_in_the_kernel_is_not_told_to_another_customer() {
    let upstream = Upstream::answering(Again::RightAfter).await;
    let gateway = Gateway::serving(&upstream.url, Transport::Routes).await;
    let mut client = gateway.client().await;
    for i_customer in CUSTOMERS.repeat(150) {
        let told = calls(&mut client, i_customer).await;
        assert!(
            told == only(i_customer) || told == wrong(),
            "{i_customer}: {told:?}"
        );
    }
}

/// This was seen: 300 of 300 calls of customer 2 got the rows of customer 66.
#[tokio::test]
async fn no_call_gets_the_rows_of_another_customer() {
    let upstream = Upstream::answering(Again::InsteadOfTheNext).await;
    let gateway = Gateway::serving(&upstream.url, Transport::Routes).await;
    let mut client = gateway.client().await;
    for turn in 0..75 {
        assert_eq!(calls(&mut client, 66).await, only(66), "{turn}");
        assert_eq!(calls(&mut client, 2).await, wrong(), "{turn}");
        // The connection is gone: the next one is sound.
        assert_eq!(online(&mut client, 2).await, only(2), "{turn}");
        assert_eq!(online(&mut client, 66).await, wrong(), "{turn}");
    }
    assert_eq!(upstream.requests(), [2; 150]);
}

#[tokio::test]
async fn calls_of_two_customers_at_a_time_get_their_own_rows_or_none() {
    let upstream = Upstream::answering(Again::InsteadOfTheNext).await;
    let gateway = Gateway::serving(&upstream.url, Transport::Routes).await;
    let client = gateway.client().await;
    let mut failed = 0;
    for _ in 0..10 {
        let mut tasks = JoinSet::new();
        for i_customer in CUSTOMERS.repeat(15) {
            let mut client = client.clone();
            tasks.spawn(async move { (calls(&mut client, i_customer).await, i_customer) });
        }
        for (told, i_customer) in soon("the calls", tasks.join_all()).await {
            assert!(
                told == only(i_customer) || told == wrong(),
                "{i_customer}: {told:?}"
            );
            failed += usize::from(told == wrong());
        }
    }
    assert!(failed > 0, "no connection was used again");
}

/// What was sent may have been done, but its own answer was not seen.
#[tokio::test]
async fn a_change_with_the_answer_to_another_is_of_unknown_outcome() {
    let upstream = Upstream::answering(Again::InsteadOfTheNext).await;
    let gateway = Gateway::serving(&upstream.url, Transport::Routes).await;
    let mut client = gateway.client().await;
    assert_eq!(update(&mut client, 66, 5001).await, only(5001));
    // Known by its rows.
    assert_eq!(update(&mut client, 2, 5001).await, unknown());
    assert_eq!(update(&mut client, 2, 5002).await, only(5002));
    // Known by its record.
    assert_eq!(update(&mut client, 2, 5003).await, unknown());
    assert_eq!(update(&mut client, 2, 5004).await, only(5004));
    assert_eq!(reply(&mut client, 66).await, unknown());
    assert_eq!(reply(&mut client, 66).await, only(66));
}

/// A watch that has begun, as soon as it can: no poll may have shown the customer's own rows in time.
async fn watch(client: &mut Client, i_customer: i64) -> Streaming<ActiveCallsResponse> {
    let request = ActiveCallsRequest {
        i_customer,
        ..ActiveCallsRequest::default()
    };
    loop {
        match client.active_calls(request.clone()).await {
            Ok(stream) => return stream.into_inner(),
            Err(status) => assert_eq!(reason(&status), "WATCH_NO_POLL"),
        }
    }
}

/// The customers of all rows that a watch tells until it ends.
async fn watched(mut stream: Streaming<ActiveCallsResponse>) -> BTreeSet<i64> {
    let mut customers = BTreeSet::new();
    while let Ok(Some(event)) = stream.message().await {
        let (calls, statuses) = match event.event {
            Some(Event::Snapshot(snapshot)) => (snapshot.calls, snapshot.extension_statuses),
            Some(Event::Delta(delta)) => ([delta.started, delta.updated].concat(), delta.extension_statuses),
            _ => continue,
        };
        customers.extend(calls.iter().map(|call| call.i_customer));
        customers.extend(statuses.iter().map(|status| status.i_customer));
    }
    customers
}

/// A gateway that polls without a break.
async fn polling(upstream: &Upstream) -> Gateway {
    let setup = Setup {
        server: server::Params {
            watch: watch::Params {
                interval: Duration::from_millis(10),
                ..watch::Params::default()
            },
            ..Setup::default().server
        },
        ..Setup::default()
    };
    Gateway::serving(&upstream.url, setup).await
}

#[tokio::test]
async fn no_watch_shows_the_rows_of_another_customer() {
    let upstream = Upstream::answering(Again::InsteadOfTheNext).await;
    let mut gateway = polling(&upstream).await;
    let client = gateway.client().await;
    let mut begins = JoinSet::new();
    for i_customer in CUSTOMERS {
        let mut client = client.clone();
        begins.spawn(async move { (i_customer, watch(&mut client, i_customer).await) });
    }
    let mut tasks = JoinSet::new();
    for (i_customer, stream) in soon("the beginning of the watches", begins.join_all()).await {
        tasks.spawn(async move { (i_customer, watched(stream).await) });
    }
    upstream.shifted(30).await;
    gateway.stop();
    for (i_customer, customers) in soon("the end of the watches", tasks.join_all()).await {
        assert_eq!(customers, BTreeSet::from([i_customer]));
    }
    gateway.ended().await;
}

#[tokio::test]
async fn a_poll_with_the_answer_to_another_is_the_last_on_its_connection() {
    let upstream = Upstream::answering(Again::InsteadOfTheNext).await;
    let mut gateway = polling(&upstream).await;
    let mut client = gateway.client().await;
    assert_eq!(calls(&mut client, 66).await, only(66));
    let mut tasks = JoinSet::new();
    tasks.spawn(watched(watch(&mut client, 2).await));
    // The first poll is told the rows of 66. The others are only told those of the poll before.
    upstream.shifted(3).await;
    gateway.stop();
    let customers = soon("the end of the watch", tasks.join_all()).await;
    assert_eq!(customers, [BTreeSet::from([2])]);
    assert_eq!(upstream.requests()[0], 2);
    gateway.ended().await;
}

#[tokio::test]
async fn without_reuse_each_request_has_a_connection_of_its_own() {
    let mut upstream = Upstream::answering(Again::InsteadOfTheNext).await;
    let setup = Setup {
        client: client::Params {
            http: http::Params {
                reuse_connections: false,
                ..http::Params::default()
            },
            ..single()
        },
        ..Setup::default()
    };
    let gateway = Gateway::serving(&upstream.url, setup).await;
    let mut client = gateway.client().await;
    // The one of the probe.
    soon("the end of its connection", upstream.closed.recv()).await;
    for i_customer in CUSTOMERS.repeat(10) {
        assert_eq!(calls(&mut client, i_customer).await, only(i_customer));
        soon("the end of its connection", upstream.closed.recv()).await;
    }
    assert_eq!(upstream.requests(), [1; 20]);
}
