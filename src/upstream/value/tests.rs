//! The rules as tables.

use super::*;

#[test]
fn ids_are_the_upstreams_positive_integers() {
    for id in [1, 1001, 2_147_483_647] {
        assert!(Id::parse(id).is_ok(), "{id}");
    }
    for id in [0, -1, 2_147_483_648, i64::MIN, i64::MAX] {
        let range = Invalid::Range {
            min: 1,
            max: i32::MAX,
        };
        assert_eq!(Id::parse(id), Err(range), "{id}");
    }
}

#[test]
fn an_optional_id_may_be_zero_and_is_sent_then() {
    assert_eq!(
        OptionalId::parse(0).expect("none").to_member().as_deref(),
        Some("0")
    );
    for id in [-1, 2_147_483_648] {
        assert!(OptionalId::parse(id).is_err(), "{id}");
    }
}

#[test]
fn a_number_is_any_32_bits() {
    for number in [-2_147_483_648, -1, 0, 2_147_483_647] {
        let parsed = Number::parse(number).expect("32 bits");
        assert_eq!(parsed.to_member(), Some(number.to_string()));
    }
    assert!(Number::parse(2_147_483_648).is_err());
    assert!(Number::parse(-2_147_483_649).is_err());
}

#[test]
fn what_the_routes_do_not_carry_is_told_to_go_by_reply() {
    for (text, why) in [
        ("..", Invalid::Dots),
        ("a/b", Invalid::Slash),
        ("\0", Invalid::Control),
        ("%%😀", Invalid::PercentAndAstral),
        ("\u{200b}<?~_\u{200b}", Invalid::InvisibleAndPunctuation),
    ] {
        assert_eq!(Text::parse(text, Transport::Routes), Err(why), "{text:?}");
        assert!(why.to_string().contains("`reply`"), "{why}");
        let carried = Text::parse(text, Transport::Reply).expect("a form carries it");
        assert_eq!(carried.to_member().as_deref(), Some(text));
    }
}

#[test]
fn texts_of_1_to_250_characters_are_taken_whatever_their_bytes() {
    for transport in [Transport::Routes, Transport::Reply] {
        for text in [
            "x".repeat(250),
            "🎧".repeat(250),
            "...".to_owned(),
            " ".to_owned(),
        ] {
            assert!(Text::parse(&text, transport).is_ok(), "{text}");
        }
        assert_eq!(Text::parse("", transport), Err(Invalid::Empty));
        assert_eq!(Text::parse(&"🎧".repeat(251), transport), Err(Invalid::TooLong));
    }
}

#[test]
fn product_ids_are_joined_and_every_bad_one_is_told() {
    let parse = |ids: &[&str]| {
        let ids: Vec<_> = ids.iter().map(|id| (*id).to_owned()).collect();
        ProductIds::parse(&ids, Transport::Routes)
    };
    assert_eq!(parse(&[]), Ok(None));
    let two = parse(&["11", "12"]).expect("two ids");
    assert_eq!(two.to_member().as_deref(), Some("11,12"));
    let expected = vec![
        (Some(0), Invalid::Empty),
        (Some(2), Invalid::Comma),
        (Some(3), Invalid::Slash),
    ];
    assert_eq!(parse(&["", "11", "1,2", "a/b"]), Err(expected));
    let long = "1".repeat(125);
    assert_eq!(parse(&[&long, &long]), Err(vec![(None, Invalid::TooLong)]));
}

#[test]
fn no_refusal_repeats_the_value() {
    for transport in [Transport::Routes, Transport::Reply] {
        for text in ["CANARY/", "CANARY\n", &"CANARY".repeat(100)] {
            if let Err(why) = Text::parse(text, transport) {
                assert!(!format!("{why} {why:?}").contains("CANARY"));
            }
        }
    }
}

#[test]
fn flags_are_sent_as_the_oldest_host_reads_them_and_only_when_set() {
    assert_eq!(true.to_member().as_deref(), Some("True"));
    assert_eq!(false.to_member(), None);
    assert_eq!(None::<Id>.to_member(), None);
}
