//! What cannot be used is refused in one line, which never repeats a secret.

use std::net::TcpListener;

use crate::support::{assert_failed, portico, stderr, stdout};

const CANARY: &str = "CANARY-LICENCE-7f3a";

/// `portico serve` with what it needs, and `more`.
fn serve(more: &[&str]) -> std::process::Command {
    let needed = [
        "serve",
        "--upstream-url",
        "http://127.0.0.1:9",
        "--license",
        CANARY,
    ];
    let local = ["--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"];
    portico(&[&needed[..], &local, more].concat())
}

#[test]
fn a_port_that_is_taken() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    let why = "Address already in use (os error 98)";
    for (flag, purpose) in [("--listen", "gRPC"), ("--admin-listen", "the admin port")] {
        let other = if flag == "--listen" {
            "--admin-listen"
        } else {
            "--listen"
        };
        let command = portico(&[
            "serve",
            "--upstream-url=http://127.0.0.1:9",
            "--license=x",
            flag,
            &address,
            other,
            "127.0.0.1:0",
        ]);
        assert_failed(
            command,
            1,
            &format!("cannot listen on {address} for {purpose}: {why}"),
        );
    }
    let command = portico(&["sandbox", "--sandbox-listen", &address]);
    assert_failed(
        command,
        1,
        &format!("cannot listen on {address} for the sandbox: {why}"),
    );
}

#[test]
fn a_bad_upstream_url() {
    for (url, why) in [
        ("ftp://porta", "it must begin with http:// or https://"),
        ("porta.example.com", "it must begin with http:// or https://"),
        ("http://", "it is not a URL such as http://porta.example.com:8080"),
        (
            "http://user:CANARY@porta",
            "it must not contain a user or password",
        ),
        ("http://porta/?x=CANARY", "it must not have a query or fragment"),
        (
            "http://porta/a/../b",
            "its path must not have empty, \".\" or \"..\" segments",
        ),
    ] {
        let command = portico(&["serve", "--upstream-url", url, "--license", CANARY]);
        assert_failed(command, 2, &format!("--upstream-url: {why}"));
    }
}

#[test]
fn a_zone_that_is_none() {
    let line = "--upstream-timezone: no such zone; give an IANA name such as Europe/Berlin";
    assert_failed(serve(&["--upstream-timezone", "Europe/Atlantis"]), 2, line);
}

#[test]
fn a_collector_that_cannot_be_one() {
    let line = "--otlp-endpoint: must begin with http:// or https://";
    assert_failed(serve(&["--otlp-endpoint", "collector:4317"]), 2, line);

    for (name, value, line) in [
        (
            "OTEL_EXPORTER_OTLP_CERTIFICATE",
            "/no/such/file",
            "OTEL_EXPORTER_OTLP_CERTIFICATE: cannot read /no/such/file: No such file or directory (os error 2)",
        ),
        (
            "OTEL_EXPORTER_OTLP_CERTIFICATE",
            "Cargo.toml",
            "OTEL_EXPORTER_OTLP_CERTIFICATE: Cargo.toml holds no certificate in PEM",
        ),
        (
            "OTEL_TRACES_SAMPLER",
            "sometimes",
            "traces: OTEL_TRACES_SAMPLER must be always_on, always_off, traceidratio, or one of these after parentbased_",
        ),
    ] {
        let mut command = serve(&["--otlp-endpoint", "https://collector:4317"]);
        command.env(name, value);
        assert_failed(command, 2, line);
    }
}

#[test]
fn a_licence_file_that_cannot_be_read() {
    let command = portico(&[
        "serve",
        "--upstream-url=http://porta",
        "--license-file=/no/such/file",
    ]);
    let why = "cannot read /no/such/file: No such file or directory (os error 2)";
    assert_failed(command, 2, &format!("--license-file: {why}"));
}

#[test]
fn a_licence_that_the_transport_cannot_carry() {
    for license in ["CANARY/x", "..", ""] {
        let command = portico(&[
            "check",
            "--upstream-url=http://porta",
            &format!("--license={license}"),
        ])
        .output()
        .expect("the binary runs");
        let said = stderr(&command);
        assert_eq!(command.status.code(), Some(2));
        assert!(
            said.starts_with("error: --license: the licence must not "),
            "{said}"
        );
        assert_eq!(
            (said.lines().count(), said.contains("CANARY")),
            (1, false),
            "{said}"
        );
    }
}

#[test]
fn no_licence_and_two_licences() {
    let none = portico(&["serve", "--upstream-url=http://porta"])
        .output()
        .expect("the binary runs");
    assert_eq!(none.status.code(), Some(2));
    assert!(stderr(&none).contains("--license"), "{}", stderr(&none));
    assert_eq!(stderr(&none).lines().count(), 1);

    let both = serve(&["--license-file=/no/such/file"])
        .output()
        .expect("the binary runs");
    assert_eq!(both.status.code(), Some(2));
    assert!(stderr(&both).contains("cannot be used with"), "{}", stderr(&both));
    assert_eq!(
        (stderr(&both).lines().count(), stderr(&both).contains(CANARY)),
        (1, false)
    );
}

#[test]
fn no_upstream() {
    for command in ["serve", "check"] {
        let output = portico(&[command, "--license=x"])
            .output()
            .expect("the binary runs");
        assert_eq!(output.status.code(), Some(2));
        assert!(stderr(&output).contains("--upstream-url"), "{}", stderr(&output));
    }
}

#[test]
fn values_and_flags_that_mean_nothing() {
    for (more, part) in [
        (["--drain-delay", "soon"], "'--drain-delay <TIME>'"),
        (["--drain-timeout", "5"], "'--drain-timeout <TIME>'"),
        (
            ["--upstream-transport", "pigeon"],
            "'--upstream-transport <TRANSPORT>'",
        ),
        (["--log-format", "xml"], "'--log-format <FORMAT>'"),
        (
            ["--upstream-ca-file", "/no/such/file"],
            "--upstream-ca-file: cannot read the CA file",
        ),
        (
            ["--poll-concurrency", "0"],
            "--poll-concurrency: must be at least 1",
        ),
        (
            ["--max-connections", "0"],
            "--max-connections: must be at least 1",
        ),
        (["--watch-memory", "lots"], "'--watch-memory <SIZE>'"),
        (
            ["--watch-memory", "1023KiB"],
            "--watch-memory: must be at least 1MiB",
        ),
        (["--no-such-flag", "x"], "'--no-such-flag'"),
    ] {
        let output = serve(&more).output().expect("the binary runs");
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(part), "{said}");
        assert!(!said.contains(CANARY), "{said}");
    }
    let mut command = serve(&[]);
    command.env("RUST_LOG", "portico=loud");
    let output = command.output().expect("the binary runs");
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    assert!(
        stderr(&output).starts_with("error: RUST_LOG: "),
        "{}",
        stderr(&output)
    );
}

#[test]
fn help_never_shows_the_licence_of_the_environment() {
    for command in ["serve", "check", "demo", "sandbox"] {
        for help in ["--help", "-h"] {
            let output = portico(&[command, help]).env("PORTICO_LICENSE", CANARY).output();
            let output = output.expect("the binary runs");
            assert_eq!(output.status.code(), Some(0));
            assert!(stdout(&output).contains("Usage: portico"), "{}", stdout(&output));
            assert!(!stdout(&output).contains(CANARY), "{command} {help}");
        }
    }
    let serve = portico(&["serve", "--help"]).output().expect("the binary runs");
    for flag in [
        "--license",
        "--license-file",
        "--upstream-url",
        "PORTICO_LICENSE",
        "PORTICO_DRAIN_DELAY",
    ] {
        assert!(stdout(&serve).contains(flag), "{flag}");
    }
}
