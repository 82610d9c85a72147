//! Breaks of every kind, in paused time.

use std::time::Duration;

use portico::client::{Cause, Change, Freshness, Params, State};
use portico::proto::v1::goodbye::Reason;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

use crate::scripted_gateway::{Attempt, End, Watch, bookmark, delta, goodbye, snapshot, watch};

const HEARTBEAT: Duration = Duration::from_secs(15);

/// The keys of the calls that are known.
fn keys(state: &State) -> Option<Vec<&str>> {
    let set = state.calls()?;
    Some(set.calls().map(|call| call.key.as_str()).collect())
}

/// Waits until the watch is away for a reason that `cause` accepts, and gives the state then.
async fn away(watch: &mut Watch, cause: impl Fn(&Cause) -> bool) -> State {
    loop {
        let state = watch.watcher.changed().await.expect("not final").state;
        if matches!(state.freshness(), Freshness::Away(away) if cause(&away.cause)) {
            return state;
        }
    }
}

/// Waits until the watch is live.
async fn live(watch: &mut Watch) -> State {
    loop {
        let state = watch.watcher.changed().await.expect("not final").state;
        if state.freshness().is_live() {
            return state;
        }
    }
}

/// The time from one attempt to the next, and the token of the second.
async fn gap(watch: &mut Watch) -> (Duration, Vec<u8>) {
    let first = watch.asked.recv().await.expect("an attempt");
    let second = watch.asked.recv().await.expect("another attempt");
    (second.at - first.at, second.request.resume_token)
}

/// Whether `gap` is `after` and a wait of `delay`, shortened by up to half. Timers count whole milliseconds.
fn within(gap: Duration, after: Duration, delay: Duration) -> bool {
    let slack = Duration::from_millis(5);
    (after + delay / 2..=after + delay + slack).contains(&gap)
}

#[tokio::test(start_paused = true)]
async fn silence_before_the_first_bookmark_is_measured_by_the_heartbeat() {
    let script = vec![Attempt::Tell(vec![snapshot(1, &["a"])], End::Silence)];
    let mut watch = watch(script, Params::default());
    let state = away(&mut watch, |cause| matches!(cause, Cause::Silence(_))).await;
    assert_eq!(keys(&state), Some(vec!["a"]), "what is known stays");
    let (gap, token) = gap(&mut watch).await;
    let delay = Params::default().first_delay;
    assert!(within(gap, HEARTBEAT.mul_f64(2.5), delay), "{gap:?}");
    assert_eq!(token, b"1");
}

#[tokio::test(start_paused = true)]
async fn silence_after_a_bookmark_is_measured_by_what_it_promised() {
    let events = vec![snapshot(1, &["a"]), bookmark(1, Duration::from_secs(4))];
    let mut watch = watch(vec![Attempt::Tell(events, End::Silence)], Params::default());
    let (gap, _) = gap(&mut watch).await;
    let delay = Params::default().first_delay;
    assert!(within(gap, Duration::from_secs(10), delay), "{gap:?}");
}

#[tokio::test(start_paused = true)]
async fn a_gateway_that_never_answers_is_silence_too_and_nothing_is_known() {
    let mut watch = watch(vec![Attempt::Mute], Params::default());
    let state = away(&mut watch, |cause| matches!(cause, Cause::Silence(_))).await;
    assert_eq!(keys(&state), None);
    let (gap, token) = gap(&mut watch).await;
    let delay = Params::default().first_delay;
    assert!(within(gap, HEARTBEAT.mul_f64(2.5), delay), "{gap:?}");
    assert_eq!(token, b"");
}

#[tokio::test(start_paused = true)]
async fn a_final_status_ends_the_watch() {
    for code in [
        Code::InvalidArgument,
        Code::NotFound,
        Code::PermissionDenied,
        Code::Unimplemented,
    ] {
        let mut watch = watch(
            vec![Attempt::Refuse(Status::new(code, "never"))],
            Params::default(),
        );
        let state = away(&mut watch, |cause| matches!(cause, Cause::Status(..))).await;
        assert!(state.ended().is_some());
        for _ in 0..2 {
            let status = watch.watcher.changed().await.expect_err("it is over");
            assert_eq!((status.code(), status.message()), (code, "never"));
        }
        watch.asked.recv().await.expect("the only attempt");
        assert!(watch.asked.recv().await.is_none(), "{code:?} is asked again");
    }
}

#[tokio::test(start_paused = true)]
async fn a_final_status_after_calls_leaves_them_known() {
    let denied = Status::permission_denied("no more");
    let script = vec![Attempt::Tell(vec![snapshot(1, &["a"])], End::Status(denied))];
    let mut watch = watch(script, Params::default());
    let state = away(&mut watch, |cause| matches!(cause, Cause::Status(..))).await;
    assert_eq!(keys(&state), Some(vec!["a"]));
    let status = watch.watcher.changed().await.expect_err("it is over");
    assert_eq!(status.code(), Code::PermissionDenied);
}

#[tokio::test(start_paused = true)]
async fn a_token_that_is_refused_is_left_behind() {
    let script = vec![
        Attempt::Tell(vec![snapshot(1, &["a"])], End::Closed),
        Attempt::Refuse(Status::invalid_argument("the token is of another feed")),
        Attempt::Tell(vec![snapshot(1, &["b"])], End::Silence),
    ];
    let mut watch = watch(script, Params::default());
    loop {
        let state = live(&mut watch).await;
        assert!(keys(&state).is_some_and(|keys| !keys.is_empty()));
        if keys(&state) == Some(vec!["b"]) {
            break;
        }
    }
    let mut tokens = Vec::new();
    for _ in 0..3 {
        tokens.push(
            watch
                .asked
                .recv()
                .await
                .expect("three attempts")
                .request
                .resume_token,
        );
    }
    assert_eq!(tokens, [&b""[..], b"1", b""]);
}

#[tokio::test(start_paused = true)]
async fn a_goodbye_says_when_to_come_back() {
    let after = Duration::from_secs(7);
    let script = vec![
        Attempt::Tell(
            vec![snapshot(1, &["a"]), goodbye(1, Reason::Draining, after)],
            // A drained connection may stay open as long as it likes.
            End::Silence,
        ),
        Attempt::Tell(vec![bookmark(1, HEARTBEAT)], End::Silence),
    ];
    let mut watch = watch(script, Params::default());
    let state = away(&mut watch, |cause| *cause == Cause::Goodbye(Reason::Draining)).await;
    assert_eq!(keys(&state), Some(vec!["a"]));
    let state = live(&mut watch).await;
    assert_eq!(keys(&state), Some(vec!["a"]));
    let (gap, token) = gap(&mut watch).await;
    assert!(within(gap, after, Duration::ZERO), "{gap:?}");
    assert_eq!(token, b"1");
}

#[tokio::test(start_paused = true)]
async fn a_retry_info_is_kept_to_and_jittered() {
    let asked = Duration::from_secs(9);
    let details = ErrorDetails::with_retry_info(Some(asked));
    let status = Status::with_error_details(Code::ResourceExhausted, "full", details);
    let mut watch = watch(vec![Attempt::Refuse(status)], Params::default());
    let (gap, _) = gap(&mut watch).await;
    assert!(within(gap, asked, Params::default().first_delay), "{gap:?}");
}

#[tokio::test(start_paused = true)]
async fn breaks_in_a_row_are_met_with_longer_and_longer_waits() {
    let refuse = || Attempt::Refuse(Status::unavailable("not now"));
    let params = Params::default();
    let mut watch = watch((0..12).map(|_| refuse()).collect(), params.clone());
    let mut last = watch.asked.recv().await.expect("an attempt").at;
    let mut delay = params.first_delay;
    for _ in 0..12 {
        let at = watch.asked.recv().await.expect("another attempt").at;
        assert!(
            within(at - last, Duration::ZERO, delay),
            "{:?} of {delay:?}",
            at - last
        );
        (last, delay) = (at, (delay * 2).min(params.longest_delay));
    }
}

#[tokio::test(start_paused = true)]
async fn an_event_that_does_not_fit_is_not_applied_and_everything_is_asked_for() {
    let script = vec![
        Attempt::Tell(
            vec![snapshot(1, &["a", "b"]), delta(5, &[], &["a", "b"])],
            End::Silence,
        ),
        Attempt::Tell(vec![snapshot(7, &["a", "c"])], End::Silence),
    ];
    let mut watch = watch(script, Params::default());
    let state = away(&mut watch, |cause| *cause == Cause::OutOfStep).await;
    assert_eq!(keys(&state), Some(vec!["a", "b"]));
    let update = loop {
        let update = watch.watcher.changed().await.expect("not final");
        if update.state.freshness().is_live() {
            break update;
        }
    };
    let told: Vec<_> = update
        .changes
        .iter()
        .map(|change| match change {
            Change::Reset(_) => "reset".to_owned(),
            Change::Started(call) => format!("+{}", call.key),
            Change::Ended(call) => format!("-{}", call.key),
            Change::Freshness(freshness) => freshness.name().to_owned(),
            other => format!("{other:?}"),
        })
        .collect();
    assert_eq!(told, ["reset", "-b", "+c", "live"]);
    assert_eq!(gap(&mut watch).await.1, b"");
}

#[tokio::test(start_paused = true)]
async fn whoever_asks_seldom_is_told_the_difference() {
    let events = vec![
        snapshot(1, &["a"]),
        delta(1, &["b"], &[]),
        delta(2, &["c"], &["a"]),
        delta(3, &[], &["b"]),
    ];
    let mut watch = watch(vec![Attempt::Tell(events, End::Silence)], Params::default());
    // Nobody asks until the last event has come.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let update = watch.watcher.changed().await.expect("not final");
    let calls: Vec<_> = update
        .changes
        .iter()
        .filter(|change| !matches!(change, Change::Reset(_) | Change::Freshness(_)))
        .collect();
    assert!(
        matches!(calls[..], [Change::Started(call)] if call.key == "c"),
        "{calls:?}"
    );
    assert_eq!(update.state.version(), 4);
}

#[tokio::test(start_paused = true)]
async fn parts_of_a_snapshot_that_broke_off_never_show() {
    let mut part = snapshot(2, &["x"]);
    part.resume_token.clear();
    if let Some(portico::proto::v1::active_calls_response::Event::Snapshot(snapshot)) = &mut part.event {
        snapshot.more = true;
    }
    let script = vec![
        Attempt::Tell(vec![snapshot(1, &["a"])], End::Closed),
        Attempt::Tell(vec![part], End::Closed),
        Attempt::Tell(vec![snapshot(3, &["b"])], End::Silence),
    ];
    let mut watch = watch(script, Params::default());
    loop {
        let state = watch.watcher.changed().await.expect("not final").state;
        match keys(&state).as_deref() {
            Some(["b"]) => break,
            known => assert!(matches!(known, None | Some(["a"])), "{known:?}"),
        }
    }
    let mut tokens = Vec::new();
    for _ in 0..3 {
        tokens.push(
            watch
                .asked
                .recv()
                .await
                .expect("three attempts")
                .request
                .resume_token,
        );
    }
    assert_eq!(tokens, [&b""[..], b"1", b"1"]);
}

#[tokio::test(start_paused = true)]
async fn dropping_the_handle_ends_the_task() {
    let script = vec![Attempt::Tell(vec![snapshot(1, &["a"])], End::Silence)];
    let Watch { watcher, mut asked } = watch(script, Params::default());
    asked.recv().await.expect("an attempt");
    drop(watcher);
    assert!(asked.recv().await.is_none());
}
