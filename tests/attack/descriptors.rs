//! A process that has few descriptors, or none left.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use portico::proto::v1::ListExtensionsRequest;
use portico::proto::v1::customer_extension_service_client::CustomerExtensionServiceClient;
use rustix::process::{Pid, Resource, Rlimit, prlimit};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::task::JoinSet;

use crate::peer::closed;
use crate::support::{RunningSandbox, soon};

/// `portico serve` as a process of its own.
struct Served {
    child: Child,
    grpc: SocketAddr,
    admin: SocketAddr,
    log: Arc<Mutex<String>>,
    _tasks: JoinSet<()>,
}

impl Served {
    /// Over `sandbox`, by a shell that says `first`.
    async fn start(sandbox: &RunningSandbox, first: &str) -> Self {
        let mut child = Command::new("sh")
            .args(["-c", &format!("{first} exec \"$0\" \"$@\"")])
            .arg(env!("CARGO_BIN_EXE_portico"))
            .args(["serve", "--license=x", "--upstream-url", &sandbox.url])
            .args([
                "--log-format=json",
                "--listen=127.0.0.1:0",
                "--admin-listen=127.0.0.1:0",
            ])
            .env_clear()
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("it runs");
        let mut lines = BufReader::new(child.stderr.take().expect("it is piped")).lines();
        let line = soon("a line of the log", lines.next_line()).await.expect("text");
        let line: serde_json::Value = serde_json::from_str(&line.expect("a line")).expect("JSON");
        let address = |name: &str| {
            let text = line["fields"][name].as_str().expect("an address");
            text.parse().expect("an address")
        };
        let (grpc, admin) = (address("grpc"), address("admin"));
        let log = Arc::new(Mutex::new(String::new()));
        let mut tasks = JoinSet::new();
        let writer = Arc::clone(&log);
        tasks.spawn(async move {
            while let Ok(Some(line)) = lines.next_line().await {
                let mut log = writer.lock().expect("no panic");
                log.push_str(&line);
                log.push('\n');
            }
        });
        let served = Self {
            child,
            grpc,
            admin,
            log,
            _tasks: tasks,
        };
        served.says("ready: the upstream answers").await;
        served
    }

    /// How many lines of the log have this in them.
    fn said(&self, what: &str) -> usize {
        self.log.lock().expect("no panic").matches(what).count()
    }

    /// Waits until the log has this in it.
    async fn says(&self, what: &str) {
        let said = async {
            while self.said(what) == 0 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        soon(what, said).await;
    }

    fn pid(&self) -> u32 {
        self.child.id().expect("it runs")
    }

    /// Allows descriptors below this number.
    fn allow(&self, descriptors: u64) {
        let pid = Pid::from_raw(self.pid().try_into().expect("a pid"));
        let limit = Rlimit {
            current: Some(descriptors),
            maximum: prlimit_now().maximum,
        };
        prlimit(pid, Resource::Nofile, limit).expect("a limit can be lowered");
    }

    /// The lowest number that no descriptor has: all below it are in use.
    fn first_free(&self) -> u64 {
        let open = std::fs::read_dir(format!("/proc/{}/fd", self.pid())).expect("a process");
        let numbers = open.map(|entry| entry.expect("an entry").file_name());
        let numbers: HashSet<u64> = numbers.filter_map(|name| name.to_str()?.parse().ok()).collect();
        (0..1 << 20)
            .find(|number| !numbers.contains(number))
            .expect("one is free")
    }

    /// Allows no other descriptors than those in use, once the connections of the client are closed on both sides.
    async fn exhaust(&self) {
        let (mut free, mut same) = (self.first_free(), 0);
        while same < 10 {
            tokio::time::sleep(Duration::from_millis(10)).await;
            let now = self.first_free();
            same = if now == free { same + 1 } else { 0 };
            free = now;
        }
        self.allow(free);
    }

    /// The processor time that it has used, in hundredths of a second.
    fn ticks(&self) -> u64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.pid())).expect("a process");
        let (_, after) = stat.rsplit_once(')').expect("a name");
        let fields: Vec<_> = after.split_whitespace().collect();
        fields[11..13]
            .iter()
            .map(|ticks| ticks.parse::<u64>().expect("a number"))
            .sum()
    }

    async fn is_alive(&self) -> bool {
        // A connection of its own: a kept one would need no descriptor.
        let client = reqwest::Client::new();
        let answer = client.get(format!("http://{}/livez", self.admin)).send();
        soon("an answer", answer)
            .await
            .is_ok_and(|answer| answer.status() == 200)
    }

    /// Whether calls are answered.
    async fn serves(&self) -> bool {
        let Ok(mut client) = CustomerExtensionServiceClient::connect(format!("http://{}", self.grpc)).await
        else {
            return false;
        };
        let request = ListExtensionsRequest {
            i_customer: 1,
            product_ids: vec![],
        };
        client.list_extensions(request).await.is_ok()
    }

    async fn serves_again(&self) {
        let again = async {
            while !self.serves().await {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        soon("calls are answered again", again).await;
    }
}

/// This process's own limit, whose maximum the other has from it.
fn prlimit_now() -> Rlimit {
    rustix::process::getrlimit(Resource::Nofile)
}

#[tokio::test]
async fn few_descriptors_allow_few_connections_and_no_more_are_taken() {
    let sandbox = RunningSandbox::recorded().await;
    let served = Served::start(&sandbox, "ulimit -n 64;").await;
    served
        .says("fewer connections are taken than --max-connections says")
        .await;
    let mut silent = Vec::new();
    for _ in 0..100 {
        silent.push(TcpStream::connect(served.grpc).await.expect("it listens"));
    }
    for over in &mut silent[32..] {
        assert_eq!(closed(over).await, b"");
    }
    assert!(served.is_alive().await, "the operator's port has its own");
    served.says("connections are closed at once").await;
    assert_eq!(
        served.said("connections are closed at once"),
        1,
        "one line for all"
    );
    assert_eq!(served.said("connections cannot be accepted"), 0);
    drop(silent);
    served.serves_again().await;
}

#[tokio::test]
async fn without_descriptors_it_is_alive_says_so_once_and_does_not_spin() {
    let sandbox = RunningSandbox::recorded().await;
    let served = Served::start(&sandbox, "").await;
    assert!(served.serves().await && served.is_alive().await);

    // None is left but the spare ones.
    served.exhaust().await;
    for _ in 0..20 {
        let mut socket = TcpStream::connect(served.grpc)
            .await
            .expect("the system takes it");
        assert_eq!(closed(&mut socket).await, b"");
        assert!(served.is_alive().await);
    }
    assert!(!served.serves().await);

    // Not even those.
    served.allow(3);
    let _waits = TcpStream::connect(served.grpc)
        .await
        .expect("the system takes it");
    let before = served.ticks();
    tokio::time::sleep(Duration::from_secs(1)).await;
    let used = served.ticks() - before;
    assert!(used < 20, "{used} of 100");

    served.allow(prlimit_now().current.expect("a limit"));
    served.serves_again().await;
    assert!(served.is_alive().await);
    assert_eq!(
        served.said("connections cannot be accepted"),
        2,
        "once for each port"
    );
}
