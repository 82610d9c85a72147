//! Answers that come by connections one of which has brought another's meanwhile: they may be anybody's.

use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::routing::get;
use portico::proto::v1::active_calls_response::Event;
use portico::proto::v1::customer_extension_service_client::CustomerExtensionServiceClient;
use portico::proto::v1::{
    ActiveCallsRequest, AddExtensionRequest, DeleteExtensionRequest, ListActiveCallsRequest,
    ListUnavailableExtensionsRequest,
};
use portico::upstream::{Transport, client, http};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tonic::transport::Channel;
use tonic::{Code, Status};

use crate::support::{Gateway, PAGE, Setup, listener, reason, row, single, soon};

type Client = CustomerExtensionServiceClient<Channel>;

/// Customer 1 is shown the rows of customer 66 at once; the answers to all others wait until they are let go.
struct Upstream {
    url: String,
    /// The path of each request whose answer waits.
    asked: mpsc::UnboundedReceiver<String>,
    go: watch::Sender<bool>,
    _tasks: JoinSet<()>,
}

impl Upstream {
    async fn start() -> Self {
        let (tell, asked) = mpsc::unbounded_channel();
        let (go, gone) = watch::channel(false);
        let routes = Router::new()
            .route("/csv/metadata", get(PAGE))
            .fallback(move |request: Request| answer(request, tell.clone(), gone.clone()));
        let (listener, url) = listener().await;
        let mut tasks = JoinSet::new();
        tasks.spawn(async {
            axum::serve(listener, routes).await.expect("it serves");
        });
        Self {
            url,
            asked,
            go,
            _tasks: tasks,
        }
    }
}

async fn answer(
    request: Request,
    tell: mpsc::UnboundedSender<String>,
    mut go: watch::Receiver<bool>,
) -> Result<([(&'static str, &'static str); 1], String), StatusCode> {
    let path = request.uri().path().to_owned();
    let customer = path.trim_end_matches(".csv").split('/').nth(3);
    if path.starts_with("/GetCustomerExtensions/") {
        // Nobody can look what became of a change.
        return Err(StatusCode::NOT_FOUND);
    }
    let customer = customer.unwrap_or_default().to_owned();
    let is_first = customer == "1";
    if !is_first {
        tell.send(path).expect("the test listens");
        go.wait_for(|&go| go).await.expect("the test goes on");
    }
    let named = if is_first { "66" } else { &customer };
    let body = row(&format!(
        "\"[{{ICustomer:{named},CallId:own}}]\",\"[{{i_c_ext:7,id:101}}]\",\"{{i_c_ext:7,id:101}}\",True,[],LIC,0,"
    ));
    Ok(([("content-type", "text/csv")], body))
}

/// Has a call go on beside the test, until dropped.
fn background<T: Send + 'static>(call: impl Future<Output = T> + Send + 'static) -> JoinSet<T> {
    let mut tasks = JoinSet::new();
    tasks.spawn(call);
    tasks
}

/// What the call ends with.
async fn ended<T: 'static>(what: &str, mut call: JoinSet<T>) -> T {
    let ended = soon(what, call.join_next()).await.expect("a call");
    ended.expect("no panic")
}

async fn calls_of_1(client: &mut Client) -> Status {
    let request = ListActiveCallsRequest {
        i_customer: 1,
        product_ids: Vec::new(),
    };
    client
        .list_active_calls(request)
        .await
        .expect_err("another's rows")
}

fn assert_wrong(status: &Status) {
    assert_eq!(
        (status.code(), &*reason(status)),
        (Code::Internal, "UPSTREAM_WRONG_CUSTOMER")
    );
}

/// They name no customer, so nothing else gives them away.
#[tokio::test]
async fn what_was_in_flight_on_connections_that_are_given_up_is_not_believed() {
    let mut upstream = Upstream::start().await;
    let gateway = Gateway::serving(&upstream.url, Transport::Routes).await;
    let mut client = gateway.client().await;
    let [mut lists, mut deletions, mut additions] = [client.clone(), client.clone(), client.clone()];
    let list = background(async move {
        let request = ListUnavailableExtensionsRequest { i_customer: 2 };
        lists.list_unavailable_extensions(request).await
    });
    // Changes of one customer wait for each other.
    let delete = background(async move {
        let request = DeleteExtensionRequest {
            i_customer: 3,
            i_c_ext: 7,
            request_id: String::new(),
        };
        deletions.delete_extension(request).await
    });
    let add = background(async move {
        let request = AddExtensionRequest {
            i_customer: 2,
            name: "Sales".to_owned(),
            id: "101".to_owned(),
            ..AddExtensionRequest::default()
        };
        additions.add_extension(request).await
    });
    for _ in 0..3 {
        soon("a request", upstream.asked.recv()).await;
    }
    assert_wrong(&calls_of_1(&mut client).await);
    upstream.go.send_replace(true);

    let listed = ended("the list", list).await;
    assert_wrong(&listed.expect_err("it may be another's"));
    let told = ended("the deletion", delete).await;
    assert_eq!(reason(&told.expect_err("it may be another's")), "OUTCOME_UNKNOWN");
    let told = ended("the add", add).await;
    assert_eq!(reason(&told.expect_err("it may be another's")), "OUTCOME_UNKNOWN");

    let request = ListUnavailableExtensionsRequest { i_customer: 2 };
    client
        .list_unavailable_extensions(request)
        .await
        .expect("the next connections are believed");
}

#[tokio::test]
async fn what_has_a_connection_of_its_own_is_believed_whatever_others_bring() {
    let mut upstream = Upstream::start().await;
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
    let mut lists = client.clone();
    let list = background(async move {
        let request = ListUnavailableExtensionsRequest { i_customer: 2 };
        lists.list_unavailable_extensions(request).await
    });
    soon("a request", upstream.asked.recv()).await;
    assert_wrong(&calls_of_1(&mut client).await);
    upstream.go.send_replace(true);
    let listed = ended("the list", list).await;
    listed.expect("it is its own");
}

/// The bytes of a poll that was not believed come again: they show the calls now, and do not pass for known ones.
#[tokio::test]
async fn a_watch_opens_with_what_comes_after_a_poll_that_was_not_believed() {
    let mut upstream = Upstream::start().await;
    let mut setup = Setup::default();
    setup.server.watch.interval = Duration::from_millis(10);
    let gateway = Gateway::serving(&upstream.url, setup).await;
    let mut client = gateway.client().await;
    let mut watches = client.clone();
    let watching = background(async move {
        let request = ActiveCallsRequest {
            i_customer: 2,
            ..ActiveCallsRequest::default()
        };
        let mut stream = watches.active_calls(request).await?.into_inner();
        loop {
            let event = stream.message().await?.expect("it goes on");
            if let Some(Event::Snapshot(snapshot)) = event.event {
                return Ok::<_, Status>(snapshot.calls.len());
            }
        }
    });
    soon("a poll", upstream.asked.recv()).await;
    assert_wrong(&calls_of_1(&mut client).await);
    upstream.go.send_replace(true);
    let calls = ended("a snapshot", watching).await;
    assert_eq!(calls.expect("it opens"), 1);
    assert_eq!(
        upstream.asked.len(),
        1,
        "the first answer was not believed, the second was"
    );
}
