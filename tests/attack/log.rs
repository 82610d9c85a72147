//! Standard error is a full pipe that nobody reads, and standard output the same one: only the log suffers.

use std::io::{self, PipeReader, Read as _};
use std::process::{Command, Stdio};

use axum::Router;
use portico::proto::v1::ListExtensionsRequest;
use portico::proto::v1::customer_extension_service_client::CustomerExtensionServiceClient;
use serde_json::Value;
use tokio::process::Child;
use tokio::task::JoinSet;
use tonic::transport::Channel;

use crate::support::{listener, soon};

/// The binary, and the end of a pipe into which it says everything.
struct Portico {
    child: Child,
    said: PipeReader,
    admin: String,
    client: CustomerExtensionServiceClient<Channel>,
}

/// Reads line by line up to the one with this message. Byte by byte: what follows is to stay in the pipe.
fn line(said: &mut PipeReader, message: &str) -> Value {
    loop {
        let mut line = Vec::new();
        while line.last() != Some(&b'\n') {
            let mut byte = [0];
            said.read_exact(&mut byte).expect("the log goes on");
            line.extend(byte);
        }
        let line: Value = serde_json::from_slice(&line).expect("a line of JSON");
        if line["fields"]["message"] == message {
            return line;
        }
    }
}

impl Portico {
    /// Starts it before an upstream that refuses connections, and reads what it says until it listens.
    async fn start(log: &str, drain_delay: &str) -> Self {
        Self::before("http://127.0.0.1:9", log, drain_delay).await
    }

    async fn before(upstream: &str, log: &str, drain_delay: &str) -> Self {
        let (mut said, to) = io::pipe().expect("a pipe");
        let mut command = Command::new(env!("CARGO_BIN_EXE_portico"));
        command
            .env_clear()
            .env("RUST_LOG", log)
            .args(["serve", "--upstream-url", upstream, "--license=x"])
            .args(["--listen=127.0.0.1:0", "--admin-listen=127.0.0.1:0"])
            .args(["--log-format=json", "--drain-delay", drain_delay])
            .stdout(Stdio::from(to.try_clone().expect("a descriptor")))
            .stderr(Stdio::from(to));
        let mut command = tokio::process::Command::from(command);
        let child = command.kill_on_drop(true).spawn().expect("the binary runs");
        // This process must not hold an end into which to write: the pipe would have no end.
        drop(command);
        let listening = line(&mut said, "listening");
        let address = |of: &str| listening["fields"][of].as_str().expect("an address").to_owned();
        let grpc = format!("http://{}", address("grpc"));
        let client = CustomerExtensionServiceClient::connect(grpc).await;
        Self {
            child,
            said,
            admin: address("admin"),
            client: client.expect("it listens"),
        }
    }

    async fn call(&mut self) {
        let request = ListExtensionsRequest {
            i_customer: 1,
            product_ids: vec![],
        };
        let call = self.client.list_extensions(request);
        soon("an answer", call).await.expect_err("no upstream");
    }

    /// Calls until far more has been logged than pipe and queue take.
    async fn fill(&mut self) {
        for _ in 0..FILL {
            self.call().await;
        }
    }

    async fn page(&self, path: &str) -> String {
        let page = reqwest::get(format!("http://{}{path}", self.admin));
        let page = soon("a page", page).await.expect("the operator's port answers");
        page.text().await.expect("a text")
    }

    /// Completes with the end of the process; gives its exit code.
    async fn ended(&mut self) -> Option<i32> {
        let ended = soon("the end", self.child.wait()).await;
        ended.expect("it ends").code()
    }

    async fn signal(&self) {
        let pid = self.child.id().expect("it runs").to_string();
        let mut kill = tokio::process::Command::new("kill");
        let kill = kill.args(["-s", "TERM", &pid]).status().await;
        assert!(kill.expect("kill runs").success());
    }
}

/// How many calls it takes. Each writes a few lines at level `trace`.
const FILL: usize = 6_000;

/// Calls, the operator's port and signals used to wait for the log, and so for ever.
#[tokio::test]
async fn a_log_that_nobody_reads_stops_nothing() {
    let mut portico = Portico::start("trace", "0s").await;
    portico.fill().await;
    assert_eq!(portico.page("/livez").await, "alive\n");
    portico.signal().await;
    assert_eq!(portico.ended().await, Some(0));
}

/// The line that says why must not block either.
#[tokio::test]
async fn a_second_signal_ends_it_although_nobody_reads_why() {
    let mut portico = Portico::start("trace", "1h").await;
    portico.fill().await;
    portico.signal().await;
    let is_heard = async { while portico.page("/readyz").await != "not ready: draining\n" {} };
    soon("the first signal", is_heard).await;
    portico.signal().await;
    assert_eq!(portico.ended().await, Some(1));
}

#[tokio::test]
async fn what_was_dropped_is_told_when_the_log_is_read_again() {
    let mut portico = Portico::start("trace", "0s").await;
    portico.fill().await;
    let Portico { child, mut said, .. } = portico;
    let reading = move || line(&mut said, "log lines were dropped: nobody read them in time");
    let told = tokio::task::spawn_blocking(reading);
    let told = soon("the number", told).await.expect("it does not panic");
    let number = |of: &str| told["fields"][of].as_u64().expect("a number");
    assert!(
        number("lines") > 0 && number("in_all") >= number("lines"),
        "{told}"
    );
    drop(child);
}

#[tokio::test]
async fn equal_warnings_are_a_line_and_a_number() {
    // The number is told whether or not its place is chosen.
    let chosen = "portico::cli=info,portico::dispatch=warn";
    // An upstream that answers, if nothing of use, is not left alone.
    let (listener, upstream) = listener().await;
    let mut tasks = JoinSet::new();
    tasks.spawn(async { axum::serve(listener, Router::new()).await.expect("it serves") });
    let mut portico = Portico::before(&upstream, chosen, "0s").await;
    for _ in 0..20 {
        portico.call().await;
    }
    portico.signal().await;
    assert_eq!(portico.ended().await, Some(0));
    let mut text = String::new();
    portico.said.read_to_string(&mut text).expect("text");
    let (mut lines, mut times) = (0, 0);
    for line in text.lines() {
        let line: Value = serde_json::from_str(line).expect("a line of JSON");
        let fields = &line["fields"];
        let message = fields["message"].as_str().expect("a message");
        if message == "the call to the upstream failed" {
            lines += 1;
        } else if message.starts_with("repeated: the call to the upstream failed operation=") {
            times += fields["times"].as_u64().expect("a number");
        }
    }
    // A window may end in the middle.
    assert!(lines <= 2, "{text}");
    assert_eq!(lines + times, 20, "{text}");
}
