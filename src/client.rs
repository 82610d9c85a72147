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
//! that there are no calls; not to know is [`State::calls`] being `None`.
//!
//! Uses only [`crate::proto`] of this crate.

mod call_set;
mod fold;
mod state;

pub use self::call_set::{CallSet, Change};
pub use self::fold::{Fold, Note, OutOfStep};
pub use self::state::{Away, Cause, Freshness, State, Trouble};
