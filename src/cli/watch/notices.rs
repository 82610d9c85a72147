//! Notices that the gateway is away or back, each given once, for the outputs that are not a table.

use std::time::{Duration, SystemTime};

use super::text::clean;
use super::words::{Now, span};
use crate::client::{Cause, Freshness, Update};

/// What was said last.
#[derive(Debug, Default)]
pub(super) struct Notices {
    away: Option<(SystemTime, String)>,
}

impl Notices {
    /// What there is to say about the gateway after an update.
    pub(super) fn of_update(&mut self, update: &Update) -> Option<String> {
        self.of_freshness(update.state.freshness(), Now::read())
    }

    fn of_freshness(&mut self, freshness: &Freshness, now: Now) -> Option<String> {
        let Freshness::Away(away) = freshness else {
            let (since, _) = self.away.take()?;
            let gone = now.wall.duration_since(since).unwrap_or_default();
            return Some(format!("gateway back after {}", span(gone)));
        };
        let wait = away.retry_at.map(|at| at.saturating_duration_since(now.instant));
        // A planned change of connection takes milliseconds.
        let is_brief = away.cause.is_planned() && wait.is_none_or(|wait| wait < Duration::from_secs(1));
        if away.cause == Cause::Starting || is_brief {
            return None;
        }
        let cause = clean(&away.cause.to_string()).into_owned();
        if self.away.as_ref().is_some_and(|(_, said)| *said == cause) {
            return None;
        }
        let again = wait.map_or(String::new(), |wait| format!(", trying again in {}", span(wait)));
        let notice = format!("gateway away ({cause}){again}; what was shown last may no longer be so");
        self.away = Some((away.since, cause));
        Some(notice)
    }
}
