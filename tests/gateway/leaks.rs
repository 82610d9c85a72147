//! Nothing that is somebody's gets out of the built binary: no licence, customer, number, name, or text of the upstream is in a
//! span, a metric, a line of either log, a page, or a status, at `RUST_LOG=trace` and whatever the upstream does.

use std::convert::Infallible;
use std::io::{BufRead as _, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use http_body_util::{BodyExt as _, Full};
use portico::proto::v1::customer_extension_service_client::CustomerExtensionServiceClient;
use portico::proto::v1::{
    ActiveCallsRequest, AddExtensionGetIdentityRequest, AddExtensionRequest, DeleteExtensionRequest,
    GetFilteringDataRequest, ListActiveCallsRequest, ListExtensionsRequest, ListOnlineAccountsRequest,
    ListUnavailableExtensionsRequest, ReplyRequest, UpdateExtensionRequest,
};
use prost::encoding::encode_varint;
use serde_json::Value;
use tokio::task::JoinSet;
use tonic::body::Body;
use tonic::server::Grpc;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Channel, Identity, Server, ServerTlsConfig};
use tonic::{Request, Response, Status};
use tonic_prost::ProstCodec;
use tower::service_fn;

use crate::secrets::{LICENSE, TOLD, indiscreet};
use crate::support::{Answer, Upstream, listener, row, soon};

const CUSTOMER: i64 = 1_837_465_921;
const NUMBER: &str = "15557654321";
const NAME: &str = "Zaphod-Beeblebrox";

/// Fails if what is somebody's is in `bytes`, and says after what.
fn assert_silent(what: &str, bytes: &[u8]) {
    // In what a collector gets, a number may be no text.
    let mut number = Vec::new();
    encode_varint(CUSTOMER.unsigned_abs(), &mut number);
    let customer = CUSTOMER.to_string();
    for secret in [LICENSE, "CANARY", TOLD, &customer, NUMBER, NAME, "Zaphod"]
        .map(str::as_bytes)
        .into_iter()
        .chain([&*number])
    {
        if let Some(at) = bytes.windows(secret.len()).position(|part| part == secret) {
            let before = String::from_utf8_lossy(&bytes[at.saturating_sub(300)..at]);
            panic!("{} is in {what}, after {before:?}", secret.escape_ascii());
        }
    }
}

/// A collector behind TLS that keeps the bytes of all that it is sent, and a file with who vouches for it.
async fn collect(tasks: &mut JoinSet<()>) -> (String, PathBuf, Arc<Mutex<Vec<u8>>>) {
    let (listener, _) = listener().await;
    let port = listener.local_addr().expect("an address").port();
    let own = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("collector-{port}.pem"));
    std::fs::write(&file, own.cert.pem()).expect("the file is written");
    let identity = Identity::from_pem(own.cert.pem(), own.signing_key.serialize_pem());
    let tls = ServerTlsConfig::new().identity(identity);
    let server = Server::builder().tls_config(tls).expect("an identity");
    let collected = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&collected);
    let export = service_fn(move |request: http::Request<Body>| {
        let kept = Arc::clone(&kept);
        async move {
            let (head, body) = request.into_parts();
            let bytes = body.collect().await.expect("a body").to_bytes();
            kept.lock().expect("no panic").extend_from_slice(&bytes);
            let request = http::Request::from_parts(head, Full::new(bytes));
            // Both messages without their fields.
            let mut grpc = Grpc::new(ProstCodec::<(), ()>::default());
            let take = service_fn(async |_: Request<()>| Ok::<_, Status>(Response::new(())));
            Ok::<_, Infallible>(grpc.unary(take, request).await)
        }
    });
    tasks.spawn(async move {
        let incoming = TcpIncoming::from(listener);
        server
            .serve_with_incoming(export, incoming)
            .await
            .expect("it serves");
    });
    (format!("https://localhost:{port}"), file, collected)
}

/// A process that does not outlive its test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It has ended already, if all is well.
        let _ = self.0.kill();
    }
}

/// The binary, and what it says.
struct Portico {
    child: Running,
    grpc: String,
    admin: String,
    log: JoinHandle<Vec<u8>>,
    access_log: JoinHandle<Vec<u8>>,
}

impl Portico {
    fn start(upstream: &str, transport: &str, collector: &str, authorities: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_portico"))
            .env_clear()
            .envs([("RUST_LOG", "trace"), ("PORTICO_LICENSE", LICENSE)])
            .env("OTEL_EXPORTER_OTLP_CERTIFICATE", authorities)
            .args([
                "serve",
                "--upstream-url",
                upstream,
                "--upstream-transport",
                transport,
            ])
            .args([
                "--listen=127.0.0.1:0",
                "--admin-listen=127.0.0.1:0",
                "--drain-delay=0s",
            ])
            .args([
                "--upstream-timeout=200ms",
                "--poll-interval=50ms",
                "--log-format=json",
            ])
            .args(["--access-log", "--otlp-endpoint", collector])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary runs");
        let mut log = BufReader::new(child.stderr.take().expect("it is piped"));
        let mut said = String::new();
        let listening = loop {
            let mut line = String::new();
            assert_ne!(log.read_line(&mut line).expect("text"), 0, "{said}");
            said.push_str(&line);
            let line: Value = serde_json::from_str(&line).expect("a line of JSON");
            if line["fields"]["message"] == "listening" {
                break line;
            }
        };
        let address = |of: &str| format!("http://{}", listening["fields"][of].as_str().expect("an address"));
        let said = said.into_bytes();
        let access_log = child.stdout.take().expect("it is piped");
        Self {
            grpc: address("grpc"),
            admin: address("admin"),
            log: thread::spawn(move || rest(log, said)),
            access_log: thread::spawn(move || rest(access_log, Vec::new())),
            child: Running(child),
        }
    }

    async fn page(&self, path: &str) -> Vec<u8> {
        let page = reqwest::get(format!("{}{path}", self.admin))
            .await
            .expect("a page");
        page.bytes().await.expect("a body").to_vec()
    }

    /// Stops it; gives its log and its access log.
    fn stop(mut self) -> (Vec<u8>, Vec<u8>) {
        let Running(child) = &mut self.child;
        let pid = child.id().to_string();
        let signal = Command::new("kill").args(["-s", "TERM", &pid]).status();
        assert!(signal.expect("kill runs").success());
        let logs = [self.log, self.access_log].map(|log| log.join().expect("no panic"));
        assert_eq!(child.wait().expect("it ends").code(), Some(0));
        logs.into()
    }
}

/// `said`, and all that follows.
fn rest(mut from: impl Read, mut said: Vec<u8>) -> Vec<u8> {
    from.read_to_end(&mut said).expect("it is readable");
    said
}

/// A request of a caller who is as indiscreet in the metadata.
fn request<T>(message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.set_timeout(Duration::from_millis(300));
    for name in ["x-request-id", "user-agent", "x-customer-id", "tracestate"] {
        let value = format!("name={NAME} {NUMBER} {CUSTOMER}");
        request
            .metadata_mut()
            .insert(name, value.parse().expect("metadata"));
    }
    // A part of a trace, so that its state is taken, too.
    let parent = format!(
        "00-{:032x}-{:016x}-01",
        rand::random::<u128>(),
        rand::random::<u64>()
    );
    request
        .metadata_mut()
        .insert("traceparent", parent.parse().expect("metadata"));
    request
}

/// Each RPC but the watch; the statuses of those that failed, with the bytes of their details.
async fn call_each(client: &mut CustomerExtensionServiceClient<Channel>) -> Vec<u8> {
    let i_customer = CUSTOMER;
    let (name, id) = (NAME.to_owned(), NUMBER.to_owned());
    let product_ids = vec![NUMBER.to_owned()];
    let mut told = Vec::new();
    macro_rules! call {
        ($method:ident, $request:expr) => {
            if let Err(status) = client.$method(request($request)).await {
                told.extend_from_slice(format!("{status:?}\n").as_bytes());
                told.extend_from_slice(status.details());
            }
        };
    }
    call!(
        list_extensions,
        ListExtensionsRequest {
            i_customer,
            product_ids: product_ids.clone()
        }
    );
    call!(
        list_unavailable_extensions,
        ListUnavailableExtensionsRequest { i_customer }
    );
    call!(get_filtering_data, GetFilteringDataRequest { i_customer });
    call!(list_online_accounts, ListOnlineAccountsRequest { i_customer });
    call!(
        list_active_calls,
        ListActiveCallsRequest {
            i_customer,
            product_ids
        }
    );
    let request_id = String::new();
    call!(
        add_extension,
        AddExtensionRequest {
            i_customer,
            name: name.clone(),
            id: id.clone(),
            i_account: CUSTOMER,
            request_id: request_id.clone(),
        }
    );
    call!(
        add_extension_get_identity,
        AddExtensionGetIdentityRequest {
            i_customer,
            name: name.clone(),
            id: id.clone(),
            i_account: CUSTOMER,
            request_id: request_id.clone(),
        }
    );
    call!(
        update_extension,
        UpdateExtensionRequest {
            i_customer,
            i_c_ext: CUSTOMER,
            name: name.clone(),
            id: id.clone(),
            i_account: Some(0),
            request_id: request_id.clone(),
        }
    );
    call!(
        delete_extension,
        DeleteExtensionRequest {
            i_customer,
            i_c_ext: CUSTOMER,
            request_id
        }
    );
    call!(
        reply,
        ReplyRequest {
            i_customer,
            name,
            id,
            feature_name: NAME.to_owned(),
            ..ReplyRequest::default()
        }
    );
    // What is refused names its field, and not what was in it.
    let refused = AddExtensionRequest {
        i_customer: CUSTOMER * 2,
        name: format!("{NAME}\n").repeat(20),
        id: NUMBER.repeat(30),
        request_id: NAME.to_owned(),
        ..AddExtensionRequest::default()
    };
    call!(add_extension, refused);
    told
}

/// Watches the customer's calls of a product, again and again.
async fn watch(mut client: CustomerExtensionServiceClient<Channel>, product: String) {
    loop {
        let watch = ActiveCallsRequest {
            i_customer: CUSTOMER,
            product_ids: vec![product.clone()],
            ..ActiveCallsRequest::default()
        };
        if let Ok(stream) = client.active_calls(request(watch)).await {
            let mut stream = stream.into_inner();
            while let Ok(Some(_)) = stream.message().await {}
        }
    }
}

/// A sound answer about the customer, with all that must not get out.
fn sound() -> Answer {
    let call = format!("{{CLI:{NUMBER},CLD:{NUMBER},ICustomer:{CUSTOMER},CallId:{TOLD},Note:{NAME}}}");
    let extension = format!("{{i_c_ext:{CUSTOMER},id:{NUMBER},name:{NAME}}}");
    let status = format!("{{i_c_ext:{CUSTOMER},id:{NUMBER},name:{NAME},i_customer:{CUSTOMER}}}");
    Answer::csv(row(&format!(
        "\"[{call}]\",\"[{extension}]\",\"{extension}\",True,\"[{status}]\",{LICENSE},0,{NAME}"
    )))
}

async fn nothing_leaks(transport: &str) {
    // Some failures at a time: the breaker is to let each be met.
    let answers: Vec<_> = indiscreet()
        .into_iter()
        .chain([Answer::Hang])
        .flat_map(|answer| [answer, sound(), sound()])
        .collect();
    let each = answers.len();
    let upstream = Upstream::endless(answers).await;
    let mut tasks = JoinSet::new();
    let (collector, authorities, collected) = collect(&mut tasks).await;
    let portico = Portico::start(&upstream.url, transport, &collector, &authorities);
    let channel = Channel::from_shared(portico.grpc.clone()).expect("a URL");
    let channel = channel.connect().await.expect("it listens");
    let mut client = CustomerExtensionServiceClient::new(channel);

    let mut statuses = Vec::new();
    while upstream.asked().len() < 2 * each {
        statuses.extend(soon("the answers", call_each(&mut client)).await);
    }
    for feed in 0..10 {
        tasks.spawn(watch(client.clone(), feed.to_string()));
    }
    soon("the polls", upstream.asked_for(4 * each)).await;
    for path in ["/metrics", "/readyz", "/livez"] {
        assert_silent(path, &portico.page(path).await);
    }
    let feeds = String::from_utf8(portico.page("/feeds").await).expect("text");
    assert_silent("/feeds", feeds.replace(&CUSTOMER.to_string(), "").as_bytes());
    drop(client);
    let (log, access_log) = portico.stop();

    assert_silent("a status", &statuses);
    assert_silent("the log", &log);
    assert_silent("the access log", &access_log);
    let collected = collected.lock().expect("no panic").clone();
    assert_silent("what the collector got", &collected);
    // All of them were looked at.
    for (what, bytes, sign) in [
        ("a status", &statuses, "UPSTREAM_"),
        ("the log", &log, "the call to the upstream failed"),
        ("the log", &log, "a feed starts"),
        ("the access log", &access_log, "/DeleteExtension"),
        ("what the collector got", &collected, "url.template"),
        ("what the collector got", &collected, "portico.polls"),
    ] {
        assert!(
            String::from_utf8_lossy(bytes).contains(sign),
            "no {sign} in {what}"
        );
    }
    let log = String::from_utf8_lossy(&log);
    for kind in [
        "conflict",
        "elapsed",
        "failed",
        "interrupted",
        "license_rejected",
        "no_operation",
        "not_csv",
        "not_http",
        "rate_limited",
        "refused",
        "unavailable",
        "undecodable",
        "unexpected_status",
    ] {
        assert!(
            log.contains(&format!(r#""error.type":"{kind}""#)),
            "nothing was {kind}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_gets_out_of_the_binary_over_either_transport() {
    tokio::join!(nothing_leaks("routes"), nothing_leaks("reply"));
}
