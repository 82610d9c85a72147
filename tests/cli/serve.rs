//! Commands that run until they are told to stop.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use crate::support::portico;

const LOCAL: [&str; 4] = ["--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"];

/// Starts the command and waits for a line of its log that contains `sign`; gives the lines up to it.
fn start(command: &mut Command, sign: &str) -> (Child, BufReader<std::process::ChildStderr>, String) {
    let mut child = command
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    let mut log = BufReader::new(child.stderr.take().expect("it is piped"));
    let mut text = String::new();
    while !text.contains(sign) {
        assert_ne!(
            log.read_line(&mut text).expect("text"),
            0,
            "the log ended: {text}"
        );
    }
    (child, log, text)
}

fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill")
        .args(["-s", name, &child.id().to_string()])
        .status();
    assert!(sent.expect("kill runs").success());
}

#[test]
fn serve_ends_well_on_either_signal() {
    for name in ["TERM", "INT"] {
        let needed = [
            "serve",
            "--upstream-url=http://127.0.0.1:9",
            "--license=CANARY",
            "--drain-delay=0s",
        ];
        let mut command = portico(&[&needed[..], &LOCAL].concat());
        let (mut child, mut log, mut text) = start(command.env("RUST_LOG", "trace"), "not ready: ");
        signal(&child, name);
        std::io::Read::read_to_string(&mut log, &mut text).expect("text");
        assert_eq!(child.wait().expect("it ends").code(), Some(0), "{text}");
        assert!(text.contains("listening") && text.contains("stopped"), "{text}");
        assert!(!text.contains("CANARY"), "{text}");
    }
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let needed = [
        "serve",
        "--upstream-url=http://127.0.0.1:9",
        "--license=x",
        "--drain-delay=20s",
    ];
    let mut command = portico(&[&needed[..], &LOCAL].concat());
    let (mut child, mut log, mut text) = start(&mut command, "not ready: ");
    signal(&child, "TERM");
    while !text.contains("stopping") {
        assert_ne!(
            log.read_line(&mut text).expect("text"),
            0,
            "the log ended: {text}"
        );
    }
    signal(&child, "TERM");
    assert_eq!(child.wait().expect("it ends").code(), Some(1));
}

#[test]
fn a_drain_that_is_shorter_than_a_call_is_warned_of() {
    for (timeout, short) in [("--drain-timeout=10s", false), ("--drain-timeout=9s", true)] {
        let needed = ["serve", "--upstream-url=http://127.0.0.1:9", "--license=x"];
        let mut command = portico(&[&needed[..], &LOCAL, &["--drain-delay=5s", timeout]].concat());
        let (mut child, mut log, mut text) = start(&mut command, "not ready: ");
        signal(&child, "TERM");
        signal(&child, "INT");
        std::io::Read::read_to_string(&mut log, &mut text).expect("text");
        child.wait().expect("it ends");
        let warned = text
            .lines()
            .filter(|line| line.contains("a stop waits less"))
            .count();
        assert_eq!(warned, usize::from(short), "{text}");
        let values = "drain_timeout=9s default_deadline=10s";
        assert_eq!(text.contains(values), short, "{text}");
    }
}

#[test]
fn demo_and_sandbox_end_well() {
    let demo = ["demo", "--sandbox-listen", "127.0.0.1:0"];
    let (mut child, _log, _) = start(
        &mut portico(&[&demo[..], &LOCAL].concat()),
        "ready: the upstream answers",
    );
    signal(&child, "TERM");
    assert_eq!(child.wait().expect("it ends").code(), Some(0));

    let sandbox = ["sandbox", "--sandbox-listen", "127.0.0.1:0"];
    let (mut child, _log, _) = start(&mut portico(&sandbox), "the sandbox is listening");
    signal(&child, "TERM");
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
}

#[test]
fn the_log_is_json_when_asked_for() {
    let needed = [
        "serve",
        "--upstream-url=http://127.0.0.1:9",
        "--license=x",
        "--log-format=json",
    ];
    let mut command = portico(&[&needed[..], &LOCAL, &["--drain-delay=0s"]].concat());
    let (mut child, _log, text) = start(&mut command, "listening");
    let line: serde_json::Value = serde_json::from_str(text.trim()).expect("a line of JSON");
    assert_eq!(line["fields"]["upstream"], "http://127.0.0.1:9");
    signal(&child, "TERM");
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
}
