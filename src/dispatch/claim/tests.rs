//! What lists show of changes, and what they do not.

use super::*;
use crate::upstream::Transport;
use crate::upstream::operation::{AddExtension, AddExtensionGetIdentity, DeleteExtension};
use crate::upstream::value::{Id, OptionalId, Text};

fn text(text: &str) -> Text {
    Text::parse(text, Transport::Routes).expect("a text")
}

fn id(id: i64) -> Id {
    Id::parse(id).expect("an id")
}

fn account(id: i64) -> OptionalId {
    OptionalId::parse(id).expect("an account")
}

/// A record with this number; its name follows from its account.
fn record(i_c_ext: i32, number: &str, i_account: i32) -> Extension {
    Extension {
        i_c_ext,
        id: Some(number.to_owned()),
        name: Some(format!("of {i_account}")),
        i_account,
        ..Extension::default()
    }
}

fn new(number: &str, i_account: i64) -> NewExtension {
    NewExtension {
        i_customer: id(1),
        name: text(&format!("of {i_account}")),
        id: text(number),
        i_account: account(i_account),
    }
}

fn update(i_c_ext: i64, number: &str, i_account: i64) -> Order {
    let NewExtension {
        i_customer,
        name,
        id: number,
        i_account,
    } = new(number, i_account);
    Order::Update(UpdateExtension {
        i_customer,
        i_c_ext: id(i_c_ext),
        name,
        id: number,
        i_account,
    })
}

fn delete(i_c_ext: i64) -> Order {
    Order::Delete(DeleteExtension {
        i_customer: id(1),
        i_c_ext: id(i_c_ext),
    })
}

fn happened(record: Extension) -> Verdict {
    Verdict::Happened(Changed::Record(record))
}

#[test]
fn an_add_is_the_one_new_record_with_its_values() {
    let before = [record(1, "101", 7), record(2, "102", 8)];
    let one = || record(1, "101", 7);
    for order in [
        Order::Add(AddExtension(new("201", 9))),
        Order::AddGetIdentity(AddExtensionGetIdentity(new("201", 9))),
    ] {
        let claim = Claim::new(order, Some(&before));
        assert!(claim.can_be_seen());
        let ours = record(3, "201", 9);
        for (list, expected) in [
            (vec![one(), ours.clone()], happened(ours.clone())),
            (vec![one(), ours.clone(), ours.clone()], happened(ours.clone())),
            (
                vec![one(), record(4, "202", 9), ours.clone()],
                happened(ours.clone()),
            ),
            (
                vec![one(), record(4, "201", 8), ours.clone()],
                happened(ours.clone()),
            ),
            (vec![one()], Verdict::Not(Shows::Absent)),
            (vec![one(), record(3, "202", 9)], Verdict::Not(Shows::Absent)),
            // It was there before, under another number.
            (vec![one(), record(2, "201", 9)], Verdict::Not(Shows::Absent)),
            (vec![one(), record(0, "201", 9)], Verdict::Not(Shows::Absent)),
            (vec![one(), record(3, "201", 8)], Verdict::Not(Shows::Different)),
            (
                vec![one(), ours.clone(), record(4, "201", 9)],
                Verdict::Not(Shows::Present),
            ),
        ] {
            assert_eq!(claim.look(list.clone()), expected, "{list:?}");
        }
    }
}

#[test]
fn another_name_is_another_record() {
    let claim = Claim::new(Order::Add(AddExtension(new("201", 9))), Some(&[]));
    let named = Extension {
        name: Some("Sales".to_owned()),
        ..record(3, "201", 9)
    };
    assert_eq!(claim.look(vec![named]), Verdict::Not(Shows::Different));
    let unnamed = Extension {
        name: None,
        ..record(3, "201", 9)
    };
    assert_eq!(claim.look(vec![unnamed]), Verdict::Not(Shows::Different));
}

#[test]
fn an_update_is_its_record_with_the_values() {
    let claim = Claim::new(update(2, "202", 9), None);
    assert!(claim.can_be_seen());
    let others = || vec![record(1, "202", 9), record(3, "202", 9)];
    let with = |record| [others(), vec![record]].concat();
    for (list, expected) in [
        (with(record(2, "202", 9)), happened(record(2, "202", 9))),
        (others(), Verdict::Not(Shows::Absent)),
        (with(record(2, "102", 9)), Verdict::Not(Shows::Different)),
        (with(record(2, "202", 8)), Verdict::Not(Shows::Different)),
    ] {
        assert_eq!(claim.look(list.clone()), expected, "{list:?}");
    }
    let renamed = Extension {
        name: Some("Sales".to_owned()),
        ..record(2, "202", 9)
    };
    assert_eq!(claim.look(with(renamed)), Verdict::Not(Shows::Different));
}

#[test]
fn a_deletion_is_the_record_that_was_there_and_is_not() {
    let before = [record(1, "101", 7), record(2, "102", 8)];
    let claim = Claim::new(delete(2), Some(&before));
    assert!(claim.can_be_seen());
    let gone = Verdict::Happened(Changed::Deleted);
    assert_eq!(claim.look(vec![record(1, "101", 7)]), gone);
    assert_eq!(claim.look(before.to_vec()), Verdict::Not(Shows::Present));
    // Whatever else there is, it is not gone.
    assert_eq!(
        claim.look(vec![record(2, "102", 8)]),
        Verdict::Not(Shows::Present)
    );

    let never_there = Claim::new(delete(3), Some(&before));
    assert_eq!(never_there.look(before.to_vec()), Verdict::Not(Shows::Absent));
}

#[test]
fn without_a_list_before_nothing_is_known_as_new_or_gone() {
    for order in [Order::Add(AddExtension(new("201", 9))), delete(2)] {
        assert!(!Claim::new(order, None).can_be_seen());
    }
}

/// A list does not say whose it is.
#[test]
fn a_list_that_has_nothing_in_common_with_the_one_before_is_another_customers() {
    let add = || Order::Add(AddExtension(new("201", 9)));
    let (ours, theirs) = (record(3, "201", 9), record(66, "601", 6));
    let before = [record(1, "101", 7), record(2, "102", 8)];
    for (order, before, list) in [
        (add(), &before[..], vec![ours.clone()]),
        (add(), &before[..], vec![]),
        (add(), &[], vec![ours.clone(), theirs.clone()]),
        (delete(2), &before[..], vec![theirs.clone()]),
        (delete(2), &before[..], vec![]),
        (delete(2), &before[1..], vec![theirs.clone()]),
    ] {
        let claim = Claim::new(order, Some(before));
        assert_eq!(claim.look(list.clone()), Verdict::Foreign, "{claim:?}, {list:?}");
    }
    let first = Claim::new(add(), Some(&[]));
    assert_eq!(first.look(vec![ours.clone()]), happened(ours));
    let last = Claim::new(delete(2), Some(&before[1..]));
    assert_eq!(last.look(vec![]), Verdict::Happened(Changed::Deleted));
}

#[test]
fn an_answer_with_a_record_that_was_there_is_not_that_to_an_add() {
    let before = [record(1, "101", 7)];
    let add = Claim::new(Order::Add(AddExtension(new("201", 9))), Some(&before));
    assert!(add.is_refuted_by(&Changed::Record(record(1, "201", 9))));
    assert!(!add.is_refuted_by(&Changed::Record(record(2, "201", 9))));
    let update = Claim::new(update(1, "201", 9), Some(&before));
    assert!(!update.is_refuted_by(&Changed::Record(record(1, "201", 9))));
}
