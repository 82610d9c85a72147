//! The watch for consumers: follows a customer's live calls through a gateway, across every break.
//!
//! ```text
//!   CallWatcher ── owns ──▶ task:  dial ─▶ ActiveCalls ─▶ Fold ─▶ State
//!        │                           ▲                             │
//!        │                           └── backoff ◀── any break     │
//!        └── current(), changed() ◀────────────────────────────────┘
//! ```
//!
//! Level-triggered, as the watch itself: a consumer is told how the state differs from the state it was told before. A
//! slow consumer gets fewer and larger steps, never a longer queue; what is kept is the present state and the one last
//! told.
//!
//! The last known state stays through every break and says that it is not live. An empty set of calls always means
//! that there are no calls; as long as they are not known, [`State::calls`] is `None`.
//!
//! ```no_run
//! use portico::client::{self, CallWatcher, Change, Params, Query};
//!
//! # async fn watch() -> Result<(), Box<dyn std::error::Error>> {
//! let endpoint = client::endpoint("http://127.0.0.1:50051".parse()?);
//! let mut watcher = CallWatcher::connect(endpoint, Query::customer(1), Params::default());
//! loop {
//!     // Ends with the status that makes watching pointless, such as NOT_FOUND.
//!     let update = watcher.changed().await?;
//!     for change in update.changes {
//!         match change {
//!             Change::Started(call) => println!("{} calls {}", call.cli, call.cld),
//!             Change::Ended(call) => println!("{} has hung up", call.cli),
//!             Change::Freshness(freshness) => println!("the calls are {freshness}"),
//!             _ => {}
//!         }
//!     }
//! }
//! # }
//! ```
//!
//! Uses only [`crate::proto`] of this crate.

mod backoff;
mod call_set;
mod endpoint;
mod fold;
mod freshness;
mod params;
mod session;
mod state;
mod watcher;

pub use self::call_set::{CallSet, Change};
pub use self::endpoint::endpoint;
pub use self::fold::{Fold, Note, OutOfStep};
pub use self::freshness::{Away, Cause, Freshness, Trouble};
pub use self::params::{Params, Query};
pub use self::state::State;
pub use self::watcher::{CallWatcher, Update};
