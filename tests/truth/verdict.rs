//! What was told against what was done: pure functions, each of which can find a lie.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use tokio::time::Instant;
use tonic::Code;

use super::callers::{Kind, Outcome, Told};
use super::proxy::Arrival;

/// A change that was made so long before its caller's deadline could have been seen.
const ENOUGH: Duration = Duration::from_millis(800);

/// How many were told what.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) ok: usize,
    /// By the reason.
    pub(crate) refused: BTreeMap<String, usize>,
    pub(crate) unknown: usize,
    pub(crate) broken: usize,
    /// Whose answers were lost, and that are told to be made.
    pub(crate) made_although_lost: usize,
    pub(crate) asked_again: usize,
}

impl Tally {
    pub(crate) fn of(told: &[Told], history: &[Arrival]) -> Self {
        let mut tally = Self::default();
        let arrivals = by_tag(told, history);
        for told in told {
            tally.asked_again += usize::from(told.again.is_some());
            match &told.outcome {
                Outcome::Ok(_) => {
                    tally.ok += 1;
                    let lost = arrivals
                        .get(&*told.tag)
                        .is_some_and(|all| all.iter().any(|one| one.is_lost));
                    tally.made_although_lost += usize::from(lost);
                }
                Outcome::Refused(Code::Unknown, _) => tally.unknown += 1,
                Outcome::Refused(_, reason) => *tally.refused.entry(reason.clone()).or_default() += 1,
                Outcome::Broken => tally.broken += 1,
            }
        }
        tally
    }
}

/// The arrivals of each change.
fn by_tag<'t, 'a>(told: &'t [Told], history: &'a [Arrival]) -> HashMap<&'t str, Vec<&'a Arrival>> {
    let mut names = HashMap::new();
    let mut deletions = HashMap::new();
    for arrival in history {
        let mut values = arrival.path.trim_end_matches(".csv").split('/').skip(4);
        if arrival.path.starts_with("/DeleteCust") {
            let tag = format!("/{}.csv", values.next().unwrap_or_default());
            deletions.entry(tag).or_insert_with(Vec::new).push(arrival);
        } else if let Some(name) = values.find(|value| value.starts_with('t')) {
            names
                .entry(name.to_owned())
                .or_insert_with(Vec::new)
                .push(arrival);
        }
    }
    let of = |told: &'t Told| {
        let all = match told.kind {
            Kind::Add | Kind::Update => &names,
            Kind::Delete => &deletions,
        };
        (&*told.tag, all.get(&told.tag).cloned().unwrap_or_default())
    };
    told.iter().map(of).collect()
}

/// Everything that was told and is not so.
pub(crate) fn lies(told: &[Told], history: &[Arrival]) -> Vec<String> {
    let arrivals = by_tag(told, history);
    let mut by_change: HashMap<&str, Vec<&Told>> = HashMap::new();
    for told in told {
        by_change.entry(&told.tag).or_default().push(told);
    }
    let none = Vec::new();
    let mut lies = Vec::new();
    for (tag, told) in by_change {
        let arrived = arrivals.get(tag).unwrap_or(&none);
        let found = match told[..] {
            [told] => [Some(&told.outcome), told.again.as_ref()]
                .into_iter()
                .flatten()
                .find_map(|outcome| lie(told, outcome, arrived)),
            _ => lie_of_twins(&told, arrived),
        };
        lies.extend(found.map(|lie| format!("{lie}: {told:?}, {arrived:?}")));
    }
    lies
}

/// What is not so of changes that are the same and were asked for one after another: adds under different ids, of which none
/// may be told another's record, and deletions that were not sent at first.
fn lie_of_twins(told: &[&Told], arrived: &[&Arrival]) -> Option<&'static str> {
    let outcomes = |told: &Told| [Some(told.outcome.clone()), told.again.clone()];
    let may_be_sent = |told: &&&Told| outcomes(told).iter().flatten().any(|outcome| !is_unsent(outcome));
    if arrived.len() > told.iter().filter(may_be_sent).count() {
        return Some("it was sent more often than it was asked for");
    }
    let is_done = |expected: u16, text: &str| {
        let done = arrived.iter().filter_map(|arrival| arrival.done.as_ref());
        done.into_iter()
            .any(|(status, body, _)| *status == expected && body.contains(text))
    };
    let mut added = HashSet::new();
    for told in told {
        match &told.outcome {
            Outcome::Ok(Some(id)) if !is_done(200, &format!("i_c_ext:{id}")) => {
                return Some("it is told to be made and was not");
            }
            Outcome::Ok(None) if told.kind == Kind::Delete && !is_done(200, "True") => {
                return Some("it is told to be done and was not");
            }
            Outcome::Ok(Some(id)) if !added.insert(id) => return Some("two are told the same record"),
            Outcome::Refused(Code::AlreadyExists, _) if !is_done(409, "") => {
                return Some("the service did not refuse it");
            }
            _ => {}
        }
    }
    None
}

fn lie(told: &Told, outcome: &Outcome, arrived: &[&Arrival]) -> Option<&'static str> {
    if told.is_forgotten && told.again.is_some() {
        return None;
    }
    if arrived.len() > 1 {
        return Some("it was sent more than once");
    }
    let done = arrived.first().and_then(|arrival| arrival.done.as_ref());
    let is_made =
        done.is_some_and(|(status, body, _)| *status == 200 && !is_nothing_deleted(told.kind, body));
    match outcome {
        Outcome::Ok(_) if !is_made => Some("it is told to be made and was not"),
        Outcome::Ok(Some(id))
            if !done.is_some_and(|(_, body, _)| body.contains(&format!("i_c_ext:{id}"))) =>
        {
            Some("it is told to be another record")
        }
        Outcome::Ok(_) | Outcome::Broken => None,
        Outcome::Refused(Code::Unknown, _) => {
            let could_be_seen = done.is_some_and(|(.., at)| *at + ENOUGH < told.until);
            // Asked again, it is looked for once. An add that was joined is looked for until the deadline of the one with less
            // time; then it may have to wait for its place.
            let is_first = *outcome == told.outcome;
            let may_have_waited = told.is_joined && told.kind == Kind::Add;
            let is_excused = !is_first || may_have_waited;
            (is_made && could_be_seen && !is_excused).then_some("it was made, and could have been seen")
        }
        Outcome::Refused(Code::NotFound | Code::AlreadyExists | Code::Aborted, _) => {
            let is_answer = done.is_some_and(|(status, body, _)| {
                [404, 409].contains(status) || is_nothing_deleted(told.kind, body)
            });
            (!is_answer).then_some("the service did not refuse it")
        }
        Outcome::Refused(..) => {
            // An id whose change was not sent is free: asked for again, it is sent.
            let is_sent_later = told.again.as_ref().is_some_and(|again| !is_unsent(again))
                || told.is_joined && !is_unsent(&told.outcome);
            (!arrived.is_empty() && !is_sent_later).then_some("it is told not to be sent and was")
        }
    }
}

/// Whether it is told that nothing was sent.
fn is_unsent(outcome: &Outcome) -> bool {
    use Code::{Aborted, AlreadyExists, NotFound, Unknown};
    matches!(outcome, Outcome::Refused(code, _) if ![Aborted, AlreadyExists, NotFound, Unknown].contains(code))
}

/// A deletion is answered with 200 whatever it finds.
fn is_nothing_deleted(kind: Kind, body: &str) -> bool {
    kind == Kind::Delete && !body.contains("True")
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATH: &str = "/AddCustomerExtension/x/1/t1x1t/t1x1t/0.csv";

    fn told(outcome: Outcome) -> Told {
        Told {
            tag: "t1x1t".to_owned(),
            kind: Kind::Add,
            outcome,
            until: Instant::now() + Duration::from_secs(2),
            again: None,
            is_joined: false,
            is_forgotten: false,
        }
    }

    fn arrival(status: Option<u16>) -> Arrival {
        Arrival {
            path: PATH.to_owned(),
            done: status.map(|status| (status, "{i_c_ext:7,id:t1x1t}".to_owned(), Instant::now())),
            is_lost: true,
        }
    }

    fn refused(code: Code) -> Outcome {
        Outcome::Refused(code, String::new())
    }

    #[test]
    fn the_truth_is_no_lie() {
        for (outcome, arrivals) in [
            (Outcome::Ok(Some(7)), vec![arrival(Some(200))]),
            (refused(Code::Unknown), vec![arrival(None)]),
            (refused(Code::AlreadyExists), vec![arrival(Some(409))]),
            (refused(Code::Unavailable), vec![]),
            (Outcome::Broken, vec![arrival(Some(200))]),
        ] {
            let found = lies(&[told(outcome)], &arrivals);
            assert!(found.is_empty(), "{found:?}");
        }
        let again = Told {
            again: Some(Outcome::Ok(Some(7))),
            ..told(refused(Code::DeadlineExceeded))
        };
        assert!(lies(&[again], &[arrival(Some(200))]).is_empty());
    }

    #[test]
    fn lies_about_twins_are_found() {
        let unknown = || told(refused(Code::Unknown));
        let added = |id| told(Outcome::Ok(Some(id)));
        for (twins, arrivals, is_true) in [
            (
                [unknown(), added(7)],
                vec![arrival(None), arrival(Some(200))],
                true,
            ),
            ([unknown(), unknown()], vec![arrival(None)], true),
            (
                [unknown(), told(refused(Code::AlreadyExists))],
                vec![arrival(Some(200)), arrival(Some(409))],
                true,
            ),
            (
                [added(7), added(7)],
                vec![arrival(Some(200)), arrival(None)],
                false,
            ),
            (
                [unknown(), added(8)],
                vec![arrival(None), arrival(Some(200))],
                false,
            ),
            (
                [unknown(), told(refused(Code::AlreadyExists))],
                vec![arrival(Some(200)), arrival(None)],
                false,
            ),
            ([unknown(), unknown()], vec![arrival(None); 3], false),
        ] {
            let found = lies(&twins, &arrivals);
            assert_eq!(found.is_empty(), is_true, "{twins:?}: {found:?}");
        }
    }

    #[test]
    fn each_lie_is_found() {
        for (outcome, arrivals) in [
            (Outcome::Broken, vec![arrival(Some(200)), arrival(None)]),
            (Outcome::Ok(Some(7)), vec![arrival(None)]),
            (Outcome::Ok(Some(7)), vec![arrival(Some(409))]),
            (Outcome::Ok(Some(8)), vec![arrival(Some(200))]),
            (refused(Code::Unknown), vec![arrival(Some(200))]),
            (refused(Code::AlreadyExists), vec![arrival(Some(200))]),
            (refused(Code::NotFound), vec![]),
            (refused(Code::Unavailable), vec![arrival(None)]),
            (refused(Code::DeadlineExceeded), vec![arrival(Some(200))]),
        ] {
            let found = lies(&[told(outcome.clone())], &arrivals);
            assert_eq!(found.len(), 1, "{outcome:?}: {found:?}");
        }
    }
}
