//! The rules of the format that no recording shows: types, absence, places of errors.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use super::{Budget, Category, EmptyText, Error, MAX_DEPTH, for_each_within, from_str, to_string};

#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct Sample<'a> {
    #[serde(borrow)]
    text: Cow<'a, str>,
    note: Option<String>,
    number: i32,
    optional: Option<i32>,
    flag: bool,
    list: Vec<Sample<'a>>,
    #[serde(rename = "iAccount")]
    account: i32,
    i_account: i32,
}

fn refusal<'de, T: Deserialize<'de>>(text: &'de str) -> (Category, usize, String) {
    match from_str::<T>(text) {
        Ok(_) => panic!("{text} was read"),
        Err(error) => (error.category(), error.offset(), error.path()),
    }
}

#[test]
fn a_text_is_borrowed_unless_a_quote_is_doubled() {
    assert_eq!(from_str::<&str>("\"a,b\"").ok(), Some("a,b"));
    assert!(matches!(
        from_str::<Sample<'_>>("{text:a}"),
        Ok(Sample {
            text: Cow::Borrowed("a"),
            ..
        })
    ));
    assert_eq!(
        from_str::<Cow<'_, str>>("\"a\"\"b\"").ok().as_deref(),
        Some("a\"b")
    );
    assert!(
        from_str::<&str>("\"a\"\"b\"").is_err(),
        "what has to be changed cannot be lent"
    );
}

#[test]
fn an_empty_optional_text_is_there_and_an_absent_one_is_not() {
    for (text, note) in [
        ("{note:}", Some("")),
        ("{note:\"\"}", Some("")),
        ("{}", None),
        ("{note:null}", Some("null")),
    ] {
        assert_eq!(
            from_str::<Sample<'_>>(text).map(|sample| sample.note).ok(),
            Some(note.map(str::to_owned))
        );
    }
}

#[test]
fn nothing_is_a_default_in_a_member_and_none_in_a_list() {
    assert_eq!(
        from_str("{number:,flag:,list:,text:}").ok(),
        Some(Sample::default())
    );
    assert_eq!(from_str("{list:null}").ok(), Some(Sample::default()));
    assert_eq!(from_str("[,1,]").ok(), Some(vec![None, Some(1), None]));
    assert_eq!(
        refusal::<Vec<i32>>("[1,,3]"),
        (Category::Data, 3, "[1]".to_owned())
    );
    assert_eq!(
        refusal::<Sample<'_>>("{optional:}"),
        (Category::Data, 10, "optional".to_owned())
    );
}

#[test]
fn names_are_exact_first_and_then_of_any_case() {
    let sample: Sample<'_> = from_str("{IACCOUNT:1,I_Account:2}").expect("a sample");
    assert_eq!((sample.account, sample.i_account), (1, 2));
    assert_eq!(
        refusal::<Sample<'_>>("{i_account:1,I_Account:2}").0,
        Category::Duplicate
    );
}

#[test]
fn an_error_names_the_schema_and_not_the_input() {
    let text = "{LIST:[{},{number:secret}]}";
    assert_eq!(
        refusal::<Sample<'_>>(text),
        (Category::Data, 18, "list[1].number".to_owned())
    );
    let error = from_str::<Sample<'_>>(text).expect_err("no number");
    assert_eq!(
        error.to_string(),
        "list[1].number: expected an integer of 32 bits at byte 18"
    );
    for text in ["secret", "{secret:1}", "{secret}", "[secret]"] {
        let error = from_str::<Vec<Sample<'_>>>(text).expect_err("no list");
        assert!(!format!("{error} {error:?}").contains("secret"), "{error:?}");
    }
}

#[test]
fn nesting_is_bounded() {
    let deep = |levels: usize| "[".repeat(levels) + &"]".repeat(levels);
    let limit = usize::from(MAX_DEPTH);
    assert!(from_str::<IgnoredAny>(&deep(limit)).is_ok());
    assert_eq!(refusal::<IgnoredAny>(&deep(limit + 1)).0, Category::Depth);
    assert_eq!(refusal::<IgnoredAny>(&deep(100_000)).0, Category::Depth);
}

#[test]
fn a_type_that_no_wire_type_has_is_refused_whatever_the_text() {
    #[derive(Debug, Serialize, Deserialize)]
    enum Name {
        A,
    }
    #[derive(Debug, Serialize, Deserialize)]
    struct Inner(i32);

    assert_eq!(
        from_str::<serde_json::Value>("0044123").ok(),
        Some("0044123".into()),
        "nothing is guessed"
    );
    assert_eq!(refusal::<i64>("5").0, Category::Data);
    assert_eq!(refusal::<Name>("A").0, Category::Data);
    assert_eq!(refusal::<Inner>("5").0, Category::Data);
    assert_eq!(refusal::<(i32, i32)>("\"1,2\"").0, Category::Data);
    assert!(from_str::<BTreeMap<String, i32>>("{a:1}").is_err());

    let unsupported = "only texts, bool, i32, f64, options, lists and structs can be written at byte 0";
    let refused = |result: Result<String, Error>| result.expect_err("a refusal").to_string();
    for error in [
        refused(to_string(&5_i64, EmptyText::Quoted)),
        refused(to_string(&Name::A, EmptyText::Quoted)),
        refused(to_string(&vec![Inner(5)], EmptyText::Quoted)),
        refused(to_string(&(1, 2), EmptyText::Quoted)),
        refused(to_string(&BTreeMap::from([("a", 1)]), EmptyText::Quoted)),
    ] {
        assert_eq!(error, unsupported);
    }
}

#[test]
fn an_unknown_member_is_passed_over_with_all_it_holds() {
    let text = "{\"a:b\":[{c:[,1]},\"]\"],number:1,__type:\"X, Y\"}";
    assert_eq!(
        from_str::<Sample<'_>>(text).map(|sample| sample.number).ok(),
        Some(1)
    );
    assert_eq!(refusal::<Sample<'_>>("{other:[{c:1]}").0, Category::Syntax);
}

#[test]
fn a_member_without_a_value_is_left_out() {
    let text = to_string(
        &Sample {
            number: 1,
            ..Sample::default()
        },
        EmptyText::Omitted,
    )
    .expect("a sample");
    assert_eq!(text, "{text:,number:1,flag:False,list:[],iAccount:0,i_account:0}");
}

#[test]
fn lists_hold_as_many_elements_as_the_budget_allows_at_every_depth() {
    #[derive(Debug, Deserialize)]
    struct Nested {
        list: Vec<i32>,
    }

    let text = "[{list:[1,2]},{list:[3]}]";
    let enough = Budget {
        elements: 5,
        bytes: 2 * size_of::<Nested>() + 3 * size_of::<i32>(),
    };
    let read = |budget: &mut Budget| {
        let mut read = Vec::new();
        for_each_within(text, budget, |Nested { list }| read.push(list)).map(|()| read)
    };
    let mut budget = enough;
    assert_eq!(read(&mut budget).expect("enough"), [vec![1, 2], vec![3]]);
    assert_eq!((budget.elements, budget.bytes), (0, 0), "what is spent is gone");
    for short in [
        Budget {
            elements: 4,
            ..enough
        },
        Budget {
            bytes: enough.bytes - 1,
            ..enough
        },
    ] {
        let mut budget = short;
        let error = read(&mut budget).expect_err("not enough");
        assert_eq!(error.category(), Category::Budget);
        assert_eq!(
            (error.offset(), error.path()),
            (text.find('3').unwrap(), "[1].list".to_owned())
        );
        assert_eq!(budget, short);
    }
    assert!(from_str::<Vec<Nested>>(text).is_ok());
}
