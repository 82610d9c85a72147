//! What holds whatever goes wrong: nothing is sent twice, and nobody is told a lie.

use proptest::prelude::*;
use tokio::task::JoinSet;

use super::*;

/// How long a list takes, at most.
const LOOK: Duration = Duration::from_millis(100);

fn fates() -> impl Strategy<Value = Fate> {
    let made = prop_oneof![
        1 => Just(NEVER),
        2 => Just(AT_ONCE),
        4 => (0..3200_u64).prop_map(|after| Some(Duration::from_millis(after))),
    ];
    let answer = prop_oneof![
        Just(Said::Truth),
        Just(Said::Reset),
        Just(Said::Nothing),
        Just(Said::BadGateway),
    ];
    (made, answer).prop_map(|(made, answer)| Fate { made, answer })
}

/// Sound lists, and in one of two cases others as well.
fn lists() -> impl Strategy<Value = (bool, Vec<Listed>)> {
    let slowly = || (0..=100_u64).prop_map(|after| Listed::Slowly(Duration::from_millis(after)));
    let sound = prop::collection::vec(slowly(), 1..8);
    let any = prop_oneof![
        4 => slowly(),
        1 => Just(Listed::Failed),
        1 => Just(Listed::Unreachable),
        1 => Just(Listed::Nothing),
        1 => Just(Listed::Foreign),
    ];
    let any = prop::collection::vec(any, 1..8);
    prop_oneof![
        sound.prop_map(|lists| (true, lists)),
        any.prop_map(|lists| (false, lists))
    ]
}

/// Changes of what nobody else changes, to be made after so many milliseconds.
fn requests() -> impl Strategy<Value = Vec<(u64, usize)>> {
    prop::collection::vec((0..2000_u64, 0..4_usize), 1..6)
}

/// The change with this number, by its name or record.
fn change(number: usize, kind: usize) -> (Change, String, i32) {
    let i_c_ext = i32::try_from(number + 10).expect("few changes");
    let name = format!("Name-{number}");
    let id_of = text(&format!("30{number}"));
    let new = NewExtension {
        id: id_of.clone(),
        ..new(&name)
    };
    let change = match kind {
        0 => Change::Add(new),
        1 => Change::AddGetIdentity(new),
        2 => Change::Update(Replacement {
            i_customer: id(1),
            i_c_ext: id(i_c_ext.into()),
            name: text(&name),
            id: id_of,
            i_account: number.is_multiple_of(2).then(|| account(7)),
        }),
        _ => delete(i_c_ext.into()),
    };
    (change, name, i_c_ext)
}

async fn holds(
    fates: Vec<Fate>,
    (is_sound, lists): (bool, Vec<Listed>),
    requests: Vec<(u64, usize)>,
) -> Result<(), TestCaseError> {
    let there = (0..8).map(|number| record(number + 10, &format!("10{number}"), "Desk", 6));
    let upstream = Upstream::with(there)
        .changing(fates)
        .listing(move |number| lists[number % lists.len()]);
    let changes = changes(&upstream);
    let mut tasks = JoinSet::new();
    for (number, (after, kind)) in requests.iter().copied().enumerate() {
        let (changes, upstream) = (changes.clone(), upstream.clone());
        tasks.spawn(async move {
            sleep(Duration::from_millis(after)).await;
            let caller = caller();
            let (change, name, i_c_ext) = change(number, kind);
            let told = changes.make(&caller, change).await;
            let sent = upstream.number_of(&name, i_c_ext);
            let made = sent.and_then(|sent| upstream.made(sent));
            (told, sent, made, caller.context.deadline.expect("a deadline"))
        });
    }
    let all = tasks.join_all().await;
    prop_assert!(upstream.sent() <= all.len(), "something was sent twice");
    sleep(DEADLINE * 2).await;
    for (told, sent, made, deadline) in all {
        match told {
            Ok(_) => prop_assert!(made.is_some(), "told as made, and is not"),
            Err(error) if error.kind() == Kind::OutcomeUnknown => {
                prop_assert!(sent.is_some(), "told as sent, and was not");
                let could_be_seen = made.is_some_and(|made| made + LOOK * 3 + MOMENT < deadline);
                prop_assert!(!(is_sound && could_be_seen), "it could be seen: {error:?}");
            }
            Err(error) => {
                let made_at_last = sent.and_then(|sent| upstream.made(sent));
                prop_assert!(made_at_last.is_none(), "told as not made: {error:?}");
            }
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn nobody_is_told_a_lie(
        fates in prop::collection::vec(fates(), 6),
        lists in lists(),
        requests in requests(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .expect("a runtime");
        runtime.block_on(holds(fates, lists, requests))?;
    }
}
