//! Looking at the list of extensions, again and again, for a change that was sent.
//!
//! ```text
//!   look ─ 50 ms ─ look ─ 100 ms ─ look … at most 1 s apart …      look ── look ─ look  deadline
//!                                          closer and closer, the last one is answered before ┘
//! ```

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::{Instant, sleep};

use super::asking::Asking;
use super::change::Changed;
use super::claim::{Claim, Verdict};
use super::failed_read::FailedRead;
use crate::upstream::operation::ListExtensions;
use crate::upstream::value::Id;
use crate::upstream::{Context, Error, Lane, Seen};
use crate::wire::Extension;

/// From the first look to the next; it doubles.
const FIRST_PAUSE: Duration = Duration::from_millis(50);

/// The least, however slow a look was.
const LEAST_PAUSE: Duration = Duration::from_millis(20);

/// The longest time from one look to the next.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// A look has half of the time that is left, so that one that hangs is not the only one; but not less than this.
const FAIR_TIME: Duration = Duration::from_secs(1);

/// How long before the deadline a look must be answered for its answer to be told.
const MARGIN: Duration = Duration::from_millis(5);

/// Looks for what a change claims.
#[derive(Debug)]
pub(super) struct Looks<'a> {
    asking: &'a Asking,
    context: &'a Context,
    claim: &'a Claim,
    deadline: Instant,
    seen: Seen,
}

/// Lists the customer's extensions.
///
/// # Errors
///
/// As [`Asking::ask`].
pub(super) async fn list(
    asking: &Asking,
    context: &Context,
    i_customer: Id,
) -> Result<Vec<Extension>, Error> {
    let list = ListExtensions {
        i_customer,
        products: None,
    };
    asking.ask(context, list, |extensions| extensions).await
}

impl<'a> Looks<'a> {
    /// Looks until `deadline`, on the terms of `context`.
    pub(super) fn new(asking: &'a Asking, context: &'a Context, claim: &'a Claim, deadline: Instant) -> Self {
        Self {
            asking,
            context,
            claim,
            deadline,
            seen: Seen::NotAsked,
        }
    }

    /// What the last look has shown.
    pub(super) fn seen(&self) -> Seen {
        self.seen
    }

    /// Looks until it is seen that the change has happened; `None` if that cannot be seen, or not any more.
    pub(super) async fn until_happened(&mut self) -> Option<Changed> {
        self.until(|_| false).await
    }

    /// Looks until a list was read: `None` if it does not show that the change has happened, or none was.
    pub(super) async fn once(&mut self) -> Option<Changed> {
        self.until(|seen| seen != Seen::NotAsked).await
    }

    /// Looks until it is seen that the change has happened, or until what was seen is enough.
    async fn until(&mut self, is_enough: impl Fn(Seen) -> bool) -> Option<Changed> {
        if !self.claim.can_be_seen() {
            return None;
        }
        let mut pause = FIRST_PAUSE;
        let mut took = Duration::ZERO;
        loop {
            let asked = Instant::now();
            match self.look().await {
                Ok(Some(changed)) => return Some(changed),
                Ok(None) if is_enough(self.seen) => return None,
                Ok(None) => took = took.max(asked.elapsed()),
                Err(FailedRead::NoList) => return None,
                Err(FailedRead::Down | FailedRead::Unread) => {}
            }
            // What happens late is to be seen, too: closer and closer, one look is as late as it can be answered if it takes as
            // long as any did, and those after it if they do not.
            let left = self.deadline.saturating_duration_since(Instant::now());
            if left <= MARGIN {
                return None;
            }
            let rest = left.saturating_sub(took * 2 + MARGIN).max(LEAST_PAUSE);
            let pause_now = pause.mul_f64(rand::random_range(0.5..1.0));
            sleep(pause_now.min(left / 2).min(rest)).await;
            pause = LONGEST_PAUSE.min(pause * 2);
        }
    }

    /// Looks once. What a list shows that cannot be believed is not noted.
    async fn look(&mut self) -> Result<Option<Changed>, FailedRead> {
        let now = Instant::now();
        let left = self.deadline.saturating_duration_since(now);
        let context = Context {
            deadline: Some(self.deadline.min(now + FAIR_TIME.max(left / 2))),
            lane: Lane::Look,
            ..self.context.clone()
        };
        let list = list(self.asking, &context, self.claim.order().i_customer()).await;
        let list = list.map_err(|error| FailedRead::of(error.kind()))?;
        match self.claim.look(list) {
            Verdict::Happened(changed) => return Ok(Some(changed)),
            Verdict::Not(shows) => {
                let at = Timestamp::now();
                self.seen = Seen::Listed { shows, at };
            }
            Verdict::Foreign => {}
        }
        Ok(None)
    }
}
