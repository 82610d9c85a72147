//! The stand-in upstream: answers `ListActiveCalls` for any customer with two dozen calls, of which the next state changes
//! as many as asked for.
//!
//! Orders: `free` answers every poll at once with the present state; `hold` answers none until `change`, which moves to
//! the next state and is answered with the time at which the answer was written; `polls` is answered with their count.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use portico::codec::csv::{self, Style};
use portico::wire::{ActiveCall, Answer, Time};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use super::harness::Result;
use super::harness::process::{Role, clock, listen, orders};
use super::harness::upstream::{Connection, PAGE};

/// The argument that makes this binary the upstream.
pub(super) const ROLE: &str = "upstream-role";

/// The calls of a customer.
const CALLS: usize = 24;

/// A part of the path of a poll that the path of the probe does not have.
const POLL: &[u8] = b"ActiveCalls";

/// What is answered.
#[derive(Clone, Copy, Debug)]
struct Orders {
    state: u64,
    held: bool,
}

/// What all connections share.
#[derive(Debug)]
struct Shared {
    changing: usize,
    orders: watch::Sender<Orders>,
    polls: AtomicU64,
    written: mpsc::UnboundedSender<()>,
}

/// Starts the role in a process of its own, in which `changing` calls change each time.
pub(super) async fn start(changing: usize) -> Result<Role> {
    Role::start(&[ROLE, &changing.to_string()]).await
}

/// Runs the role.
pub(super) async fn run(changing: usize) -> Result<()> {
    let listener = listen().await?;
    let (written, mut told) = mpsc::unbounded_channel();
    let shared = Arc::new(Shared {
        changing,
        orders: watch::Sender::new(Orders {
            state: 1,
            held: false,
        }),
        polls: AtomicU64::new(0),
        written,
    });
    let mut connections = JoinSet::new();
    let mut lines = orders();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                connections.spawn(serve(shared.clone(), accepted?.0));
            }
            line = lines.next_line() => match line?.as_deref() {
                Some("free") => {
                    shared.orders.send_modify(|orders| orders.held = false);
                    println!();
                }
                Some("hold") => {
                    shared.orders.send_modify(|orders| orders.held = true);
                    println!();
                }
                Some("polls") => println!("{}", shared.polls.load(Ordering::Relaxed)),
                Some("change") => {
                    shared.orders.send_modify(|orders| orders.state += 1);
                    told.recv().await.ok_or("no connection")?;
                    println!("{}", clock().as_nanos());
                }
                Some(_) => return Err("no such order".into()),
                None => return Ok(()),
            }
        }
    }
}

async fn serve(shared: Arc<Shared>, socket: TcpStream) -> Result<()> {
    let mut connection = Connection::new(socket)?;
    let mut orders = shared.orders.subscribe();
    let mut answered = None;
    while let Some(head) = connection.request().await? {
        if !head.windows(POLL.len()).any(|window| window == POLL) {
            connection.answer(PAGE).await?;
            continue;
        }
        shared.polls.fetch_add(1, Ordering::Relaxed);
        let now = *orders
            .wait_for(|orders| !orders.held || answered != Some(orders.state))
            .await?;
        answered = Some(now.state);
        connection.answer(&body(now.state, shared.changing)?).await?;
        if now.held {
            shared.written.send(())?;
        }
    }
    Ok(())
}

/// The body of a state: what a host of today writes.
fn body(state: u64, changing: usize) -> Result<Vec<u8>> {
    let calls = (0..CALLS).map(|index| {
        let changes = if index < changing { state } else { 0 };
        call(index, changes)
    });
    let answer = Answer {
        calls: Some(calls.collect()),
        license: Some("none".to_owned()),
        ..Answer::default()
    };
    Ok(csv::one_to_vec(&answer, Style::V5)?)
}

/// A call whose length is that of a real one.
fn call(index: usize, changes: u64) -> ActiveCall {
    let text = |text: &str| Some(text.to_owned());
    let number = i32::try_from(index).unwrap_or_default();
    ActiveCall {
        i_env: 3,
        cli: Some(format!("+4930901820{index:03}")),
        cld: Some(format!("+4989636480{index:03}")),
        account_id: Some(format!("4930901820{index:03}")),
        connect_time: Time::utc(1_770_000_000, 0),
        // Nobody's: the same bytes for each customer.
        i_customer: 0,
        call_id: Some(format!("6f1ed002ab55{index:04}-4f9c1d3e@pbx.example.com")),
        i_account: 40_000 + number,
        call_count: 1,
        duration_mins: text("00:12"),
        call_type: text("Outgoing"),
        vendor_id: 17,
        vendor_name: text("Carrier Services Wholesale"),
        connection_name: text("Carrier Services Wholesale, termination, Frankfurt 2"),
        i_connection: 311,
        gateway_id: text("fra2-sbc-07.example.net"),
        product: text("Hosted PBX Business 2026"),
        note: Some(format!(
            "forwarded by the hunt group of the second floor, turn {changes:08}"
        )),
        subscriber_first_name: text("Wilhelmine"),
        subscriber_last_name: text("Obermeier-Schulz"),
        extension_number: Some(format!("{:04}", 2_000 + index)),
        ..ActiveCall::default()
    }
}
