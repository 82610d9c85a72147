//! The breaker as a value, and against a model that recounts everything each time.

use proptest::prelude::*;

use super::*;

const SECOND: Duration = Duration::from_secs(1);
const WHY: Kind = Kind::Unavailable;
const FAILS: Verdict = Verdict::Fails(WHY);

fn params() -> Params {
    Params::default()
}

/// Lets a call through that ends so at once.
fn call(breaker: &mut Breaker, verdict: Verdict, now: Instant) -> Result<Option<Turned>, Open> {
    let ticket = breaker.admit(now)?;
    Ok(breaker.end(ticket, verdict, 1.0, now))
}

fn open(retry_after: Duration) -> Open {
    Open {
        retry_after,
        why: WHY,
    }
}

/// A breaker that opened at `now`.
fn opened(now: Instant) -> Breaker {
    let mut breaker = Breaker::new(params());
    for _ in 1..params().failures {
        assert_eq!(call(&mut breaker, FAILS, now), Ok(None));
    }
    let pause = params().pause;
    assert_eq!(
        call(&mut breaker, FAILS, now),
        Ok(Some(Turned::Open { pause, why: WHY }))
    );
    breaker
}

#[test]
fn failures_in_a_row_open_it_and_one_that_serves_begins_the_row_anew() {
    let now = Instant::now();
    let mut breaker = Breaker::new(params());
    for _ in 0..2 {
        for _ in 1..params().failures {
            assert_eq!(call(&mut breaker, FAILS, now), Ok(None));
            assert_eq!(call(&mut breaker, Verdict::Nothing, now), Ok(None));
        }
        assert_eq!(call(&mut breaker, Verdict::Serves, now), Ok(None));
    }
    opened(now);
}

#[test]
fn half_of_the_last_calls_open_it_if_there_were_enough() {
    let (mut breaker, start) = (Breaker::new(params()), Instant::now());
    for call_no in 0..19 {
        let verdict = if call_no % 2 == 0 { Verdict::Serves } else { FAILS };
        assert_eq!(call(&mut breaker, verdict, start), Ok(None), "{call_no}");
    }
    let later = call(&mut breaker, FAILS, start + params().window * 2);
    assert_eq!(later, Ok(None), "the others are too old");
    let mut breaker = Breaker::new(params());
    for call_no in 0..19 {
        let verdict = if call_no % 2 == 0 { Verdict::Serves } else { FAILS };
        assert_eq!(call(&mut breaker, verdict, start), Ok(None), "{call_no}");
    }
    let turned = call(&mut breaker, FAILS, start + params().window / 2);
    assert!(matches!(turned, Ok(Some(Turned::Open { .. }))), "{turned:?}");
}

#[test]
fn while_it_is_open_it_says_for_how_long_and_then_lets_one_through() {
    let now = Instant::now();
    let mut breaker = opened(now);
    assert_eq!(breaker.admit(now + SECOND), Err(open(4 * SECOND)));
    let tried = breaker.admit(now + params().pause).expect("one");
    assert_eq!(breaker.admit(now + params().pause), Err(open(WHILE_TRIED)));
    let turned = breaker.end(tried, Verdict::Serves, 1.0, now);
    assert_eq!(turned, Some(Turned::Closed));
    for _ in 0..3 {
        breaker.admit(now).expect("all");
    }
}

#[test]
fn each_failure_of_the_one_doubles_the_pause_up_to_the_longest() {
    let mut now = Instant::now();
    let mut breaker = opened(now);
    let (mut pause, mut pauses) = (params().pause, Vec::new());
    for _ in 0..5 {
        now += pause;
        match call(&mut breaker, FAILS, now) {
            Ok(Some(Turned::OpenAgain { pause: next, .. })) => pause = next,
            other => panic!("{other:?}"),
        }
        pauses.push(pause.as_secs());
    }
    assert_eq!(pauses, [10, 20, 40, 60, 60]);
}

#[test]
fn who_tells_nothing_gives_the_place_to_the_next() {
    let now = Instant::now();
    let mut breaker = opened(now);
    let now = now + params().pause;
    assert_eq!(call(&mut breaker, Verdict::Nothing, now), Ok(None));
    assert_eq!(call(&mut breaker, Verdict::Serves, now), Ok(Some(Turned::Closed)));
}

#[test]
fn what_was_let_through_before_a_turn_does_not_count_after_it() {
    let now = Instant::now();
    let mut breaker = Breaker::new(params());
    let old = breaker.admit(now).expect("closed");
    for _ in 0..params().failures {
        call(&mut breaker, FAILS, now).expect("closed");
    }
    assert_eq!(breaker.end(old, Verdict::Serves, 1.0, now), None);
    assert!(breaker.admit(now).is_err(), "it is still open");
    let now = now + params().pause;
    let tried = breaker.admit(now).expect("one");
    assert_eq!(breaker.end(old, FAILS, 1.0, now), None);
    assert_eq!(
        breaker.end(tried, Verdict::Serves, 1.0, now),
        Some(Turned::Closed)
    );
}

/// What is done to a breaker.
#[derive(Clone, Copy, Debug)]
enum Step {
    Admit,
    /// The call that was let through so many calls ago ends.
    End(usize, Verdict),
    Wait(u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let verdict = prop_oneof![
        2 => Just(Verdict::Serves),
        3 => Just(FAILS),
        1 => Just(Verdict::Nothing),
    ];
    let step = prop_oneof![
        6 => Just(Step::Admit),
        6 => (0..4_usize, verdict).prop_map(|(ago, verdict)| Step::End(ago, verdict)),
        1 => (0..7_000_u64).prop_map(Step::Wait),
    ];
    proptest::collection::vec(step, 1..300)
}

/// What is known of one: all that ended since it turned last, and whether it is open.
#[derive(Debug, Default)]
struct Model {
    ended: Vec<bool>,
    /// Until when it is open, and how often in a row it opened.
    open: Option<(Instant, u32)>,
    tried: Option<Ticket>,
}

impl Model {
    /// Whether one of the two rules opens a closed one.
    fn must_open(&self, params: Params) -> bool {
        let failed = self.ended.iter().filter(|served| !**served).count();
        let row = self.ended.iter().rev().take_while(|served| !**served).count();
        let last_failed = self.ended.last() == Some(&false);
        let half = self.ended.len() >= params.least as usize && failed * 2 >= self.ended.len();
        row >= params.failures as usize || last_failed && half
    }
}

/// Those that were let through before a turn do not count any more.
fn void(tickets: &mut [(Ticket, bool)]) {
    for (_, counts) in tickets {
        *counts = false;
    }
}

proptest! {
    #[test]
    fn it_does_as_its_model(steps in steps()) {
        // A window in which nothing is forgotten: that has a test of its own.
        let params = Params { window: Duration::from_secs(100_000), ..params() };
        let (mut breaker, mut model, mut now) = (Breaker::new(params), Model::default(), Instant::now());
        let mut tickets: Vec<(Ticket, bool)> = Vec::new();
        for step in steps {
            match step {
                Step::Wait(ms) => now += Duration::from_millis(ms),
                Step::Admit => match (breaker.admit(now), model.open) {
                    (Ok(ticket), None) => tickets.push((ticket, true)),
                    (Ok(ticket), Some((until, _))) => {
                        prop_assert!(now >= until && model.tried.is_none());
                        model.tried = Some(ticket);
                        void(&mut tickets);
                        tickets.push((ticket, true));
                    }
                    (Err(wait), Some((until, _))) => {
                        let left = until.saturating_duration_since(now);
                        prop_assert!(left == wait.retry_after || left.is_zero() && model.tried.is_some());
                    }
                    (Err(_), None) => prop_assert!(false, "a closed one refused"),
                },
                Step::End(ago, verdict) => {
                    if ago >= tickets.len() {
                        continue;
                    }
                    let (ticket, counts) = tickets.remove(tickets.len() - 1 - ago);
                    let turned = breaker.end(ticket, verdict, 1.0, now);
                    if !counts {
                        prop_assert_eq!(turned, None);
                        continue;
                    }
                    match (model.open, verdict) {
                        (Some(_), Verdict::Nothing) => {
                            model.tried = None;
                            prop_assert_eq!(turned, None);
                        }
                        (Some((_, times)), Verdict::Fails(_)) => {
                            let pause = (params.pause * 2_u32.pow(times)).min(params.max_pause);
                            prop_assert_eq!(turned, Some(Turned::OpenAgain { pause, why: WHY }));
                            model = Model { open: Some((now + pause, times + 1)), ..Model::default() };
                        }
                        (Some(_), Verdict::Serves) => {
                            prop_assert_eq!(turned, Some(Turned::Closed));
                            model = Model::default();
                        }
                        (None, Verdict::Nothing) => prop_assert_eq!(turned, None),
                        (None, Verdict::Serves | Verdict::Fails(_)) => {
                            model.ended.push(verdict == Verdict::Serves);
                            if model.must_open(params) {
                                prop_assert_eq!(turned, Some(Turned::Open { pause: params.pause, why: WHY }));
                                model = Model { open: Some((now + params.pause, 1)), ..Model::default() };
                                void(&mut tickets);
                            } else {
                                prop_assert_eq!(turned, None);
                            }
                        }
                    }
                }
            }
        }
    }
}
