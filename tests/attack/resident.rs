//! What answers cost that are as large as they may be, one at a time: the most memory that the process ever held.
//!
//! The binary runs in a process of its own, whose memory is nobody else's. Linux only: it is read from `/proc`.
#![cfg(target_os = "linux")]

use std::process::Stdio;

use portico::proto::v1::active_calls_response::Event;
use portico::proto::v1::customer_extension_service_client::CustomerExtensionServiceClient;
use portico::proto::v1::{ActiveCallsRequest, ReplyRequest};
use portico::upstream::budget::MAX_ROWS;
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStderr, Command};
use tonic::Code;
use tonic::transport::Channel;

use crate::support::{Answer, Upstream, row, soon};

/// The cap of bodies.
const CAP: usize = 16 * 1024 * 1024;

/// In KiB.
const MOST: u64 = 200 * 1024;

/// `portico serve` until this is dropped.
struct Process {
    child: Child,
    grpc: String,
    /// Kept, so that it can be written to.
    _log: Lines<BufReader<ChildStderr>>,
}

impl Process {
    async fn serving(upstream: &str) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_portico"))
            .args([
                "serve",
                "--license=LIC",
                "--listen=127.0.0.1:0",
                "--admin-listen=127.0.0.1:0",
            ])
            .arg(format!("--upstream-url={upstream}"))
            .env_clear()
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("the binary runs");
        let mut log = BufReader::new(child.stderr.take().expect("it is piped")).lines();
        let grpc = loop {
            let line = soon("the address", log.next_line()).await.expect("text");
            let line = line.expect("it says where it listens");
            if let Some((_, rest)) = line.split_once(" grpc=") {
                break rest.split(' ').next().unwrap_or_default().to_owned();
            }
        };
        Self {
            child,
            grpc,
            _log: log,
        }
    }

    async fn client(&self) -> CustomerExtensionServiceClient<Channel> {
        let client = CustomerExtensionServiceClient::connect(format!("http://{}", self.grpc)).await;
        client.expect("it listens").max_decoding_message_size(4 * CAP)
    }

    /// The most memory that it ever held, in KiB.
    fn high_water(&self) -> u64 {
        let id = self.child.id().expect("it runs");
        let status = std::fs::read_to_string(format!("/proc/{id}/status")).expect("Linux has it");
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let number = line.and_then(|line| line.trim().strip_suffix(" kB"));
        number.and_then(|number| number.parse().ok()).expect("a number")
    }
}

/// A list of `count` rows with these members, the last with as much text as brings all to `len` bytes.
fn list(count: usize, members: &str, len: usize) -> String {
    let fill = (len / count).saturating_sub(members.len() + 4);
    let row = format!("{{{members}:{}}}", "x".repeat(fill));
    format!("[{}]", vec![row; count].join(","))
}

/// The cells of lists of rows, as many as are read; texts are short, so that there are many, but for one in each.
fn full() -> [String; 3] {
    let (calls, statuses) = (MAX_ROWS / 2 + 1, MAX_ROWS / 4 + 1);
    let extensions = MAX_ROWS - calls - statuses;
    [
        list(
            calls,
            "CLI:a,CLD:a,AccountID:a,CallId:a,CallType:a,product:a,Note",
            CAP / 2,
        ),
        list(
            extensions,
            "id:a,name:a,account_id:a,firstname:a,lastname:a,Note",
            CAP / 4,
        ),
        list(
            statuses,
            "id:a,name:a,account_id:a,note:a,Email:a,CLD:a,CLI:a,profile_url",
            CAP / 5,
        ),
    ]
}

/// Bodies a little under the cap, and whether they are answers.
fn bodies() -> [(&'static str, String, bool); 6] {
    let empty = list(CAP / 3 - 1_000, "", 0).replace("{:}", "{}");
    let names: Vec<_> = (0..CAP / 8 - 1_000).map(|column| column.to_string()).collect();
    let header = format!("FeatureName,{}\n", names.join(","));
    let wide = row("[],[],,False,[],LIC,0,").replace("FeatureName\n", &header);
    let statuses = list(
        MAX_ROWS,
        "id:a,name:a,account_id:a,note:a,Email:a,CLD:a,CLI:a,profile_url",
        CAP - CAP / 16,
    );
    let [calls, extensions, mixed] = full();
    // One doubled quote has the text of the cell copied.
    let quoted = calls.replacen("CLI:a", "CLI:\"\"\"\"", 1);
    let (commas, text) = (",".repeat(CAP - 1_000), "x".repeat(CAP - 1_000));
    [
        (
            "empty rows",
            row(&format!("[],[],,False,\"{empty}\",LIC,0,")),
            false,
        ),
        ("columns", wide, false),
        ("cells", row(&format!("[],[],,False,[],LIC,0{commas}")), false),
        (
            "an echo",
            row(&format!("[],[],,False,[],\"\"\"{text}\",0,")),
            true,
        ),
        (
            "statuses",
            row(&format!("[],[],,False,\"{statuses}\",LIC,0,")),
            true,
        ),
        (
            "all lists",
            row(&format!(
                "\"{quoted}\",\"{extensions}\",,False,\"{mixed}\",LIC,0,"
            )),
            true,
        ),
    ]
}

/// A gzipped body of 16 KiB that is 16 MiB of `{},` used to cost 5.2 GB.
#[tokio::test]
async fn no_body_under_the_cap_costs_more_than_200_mib() {
    let bodies = bodies();
    let answers = bodies.iter().map(|(_, body, _)| Answer::csv(body));
    let upstream = Upstream::answering(answers).await;
    let gateway = Process::serving(&upstream.url).await;
    let mut client = gateway.client().await;
    for (what, body, is_answer) in &bodies {
        assert!(
            (CAP - CAP / 8..=CAP).contains(&body.len()),
            "{what}: {} bytes",
            body.len()
        );
        let request = ReplyRequest {
            i_customer: 1,
            ..ReplyRequest::default()
        };
        let heard = soon(what, client.reply(request)).await;
        assert_eq!(
            heard.as_ref().err().map(tonic::Status::code),
            (!is_answer).then_some(Code::Unknown),
            "{what}"
        );
        let most = gateway.high_water();
        assert!(most < MOST, "{what} cost {most} KiB");
    }
}

/// The second poll shows other calls than the first, so that for a time both are held, and what is told of them. It used to
/// cost 300 MiB.
#[tokio::test]
async fn nor_does_a_watch_of_such_bodies() {
    let shows = |id: char| {
        let members = format!("CLI:{id},CLD:a,AccountID:a,CallId:a,CallType:a,product:a,Note");
        let calls = list(MAX_ROWS, &members, CAP - CAP / 16);
        row(&format!("\"{calls}\",[],,False,[],LIC,0,"))
    };
    let answers = ['a', 'b'].map(|id| Answer::csv(shows(id)));
    let upstream = Upstream::answering(answers.into_iter().chain([Answer::Hang])).await;
    let gateway = Process::serving(&upstream.url).await;
    let request = ActiveCallsRequest {
        i_customer: 1,
        ..ActiveCallsRequest::default()
    };
    let watch = gateway.client().await.active_calls(request).await;
    let mut watch = watch.expect("it opens").into_inner();
    let mut told = 0;
    while told < 2 * MAX_ROWS {
        let event = soon("an event", watch.message()).await;
        let event = event.expect("the watch does not fail").expect("nor end");
        if let Some(Event::Snapshot(part)) = event.event {
            told += part.calls.len();
        }
    }
    let most = gateway.high_water();
    assert!(most < MOST, "it cost {most} KiB");
    upstream.used_up().await;
}
