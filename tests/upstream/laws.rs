//! Laws of the codec on generated values: what is written is read back, by this reader and by another, and no input
//! panics.

use portico::codec::csv::{self, Style};
use portico::codec::jsv::{self, EmptyText};
use portico::wire::{ActiveCall, Answer, Extension, ExtensionStatus, Time};
use proptest::prelude::*;
use serde::Serialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use std::fmt::Debug;

const STYLES: [Style; 4] = [Style::V3, Style::V3_WINDOWS, Style::V4, Style::V5];

/// Texts with everything that either layer treats specially, and what looks like another type.
fn troublesome() -> impl Strategy<Value = String> {
    prop_oneof![
        "[\",:{}\\[\\] \\r\\na\\\\é\u{200b}'\t]{0,12}",
        any::<String>(),
        prop::sample::select(vec![
            "null", "True", "0044123", "[]", "{}", "\u{feff}", "__type:x", ",", "\"\""
        ])
        .prop_map(str::to_owned),
    ]
}

fn maybe() -> impl Strategy<Value = Option<String>> {
    prop::option::of(troublesome())
}

/// Times that are read back as they were written: a midnight would lose its zone.
fn time() -> impl Strategy<Value = Time> {
    prop_oneof![
        Just(Time::default()),
        (-62_000_000_000_i64..253_000_000_000, 0_i32..1_000_000_000)
            .prop_filter("a midnight", |(seconds, nanos)| seconds % 86_400 != 0
                || *nanos >= 100)
            .prop_map(|(seconds, nanos)| Time::utc(seconds, nanos)),
        (
            1_i32..=9999,
            1_i32..=28,
            1_i32..=59,
            -14_i32..=14,
            1_i32..=9_999_999
        )
            .prop_map(|(year, day, second, hours, ticks)| {
                format!("{year:04}-02-{day:02}T12:34:{second:02}.{ticks:07}{hours:+03}:00")
                    .parse()
                    .expect("a time")
            }),
    ]
}

prop_compose! {
    fn extension()(
        numbers in any::<[i32; 2]>(),
        texts in prop::collection::vec(maybe(), 8),
    ) -> Extension {
        let [i_c_ext, i_account] = numbers;
        let mut texts = texts.into_iter();
        let mut text = || texts.next().flatten();
        Extension {
            i_c_ext, i_account,
            id: text(), name: text(), account_id: text(), first_name: text(), last_name: text(), note: text(),
            product_name: text(), phone_number: text(),
        }
    }
}

prop_compose! {
    fn call()(
        numbers in any::<[i32; 7]>(),
        texts in prop::collection::vec(maybe(), 15),
        connect_time in time(),
        disconnect_time in time(),
    ) -> ActiveCall {
        let [i_env, i_customer, i_account, call_count, vendor_id, i_connection, i_dial_rule_cld] = numbers;
        let mut texts = texts.into_iter();
        let mut text = || texts.next().flatten();
        ActiveCall {
            i_env, i_customer, i_account, call_count, vendor_id, i_connection, i_dial_rule_cld,
            connect_time, disconnect_time,
            cli: text(), cld: text(), account_id: text(), call_id: text(), duration_mins: text(),
            call_type: text(), vendor_name: text(), connection_name: text(), gateway_id: text(),
            tr_rule_to_local: text(), product: text(), note: text(), subscriber_first_name: text(),
            subscriber_last_name: text(), extension_number: text(),
        }
    }
}

prop_compose! {
    fn status()(
        numbers in any::<[i32; 6]>(),
        texts in prop::collection::vec(maybe(), 13),
        flags in any::<[bool; 3]>(),
        net_throughput in prop::num::f64::NORMAL | prop::num::f64::ZERO | prop::num::f64::INFINITE,
    ) -> ExtensionStatus {
        let [i_c_ext, i_account, call_count, i_customer_site, call_i_account, i_customer] = numbers;
        let [active_call, call_to_join, not_in_group] = flags;
        let mut texts = texts.into_iter();
        let mut text = || texts.next().flatten();
        ExtensionStatus {
            i_c_ext, i_account, call_count, i_customer_site, call_i_account, i_customer,
            active_call, call_to_join, not_in_group, net_throughput,
            id: text(), name: text(), account_id: text(), first_name: text(), last_name: text(), note: text(),
            site_name: text(), email: text(), cld: text(), cli: text(), default_valid_identity: text(),
            account_to_join: text(), profile_url: text(),
        }
    }
}

prop_compose! {
    /// Answers without an empty text at the top level: there it is read as null.
    fn answer()(
        calls in prop::option::of(prop::collection::vec(call(), 0..3)),
        extensions in prop::option::of(prop::collection::vec(extension(), 0..3)),
        extension in prop::option::of(extension()),
        extension_deleted in any::<bool>(),
        extension_statuses in prop::option::of(prop::collection::vec(status(), 0..3)),
        content_id in any::<i32>(),
        license in maybe().prop_map(|text| text.filter(|text| !text.is_empty())),
        feature_name in maybe().prop_map(|text| text.filter(|text| !text.is_empty())),
    ) -> Answer {
        Answer {
            calls, extensions, extension, extension_deleted, extension_statuses, license, content_id, feature_name,
        }
    }
}

fn comes_back<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T) {
    for empty in [EmptyText::Omitted, EmptyText::Quoted] {
        let text = jsv::to_string(value, empty).expect("a writable value");
        assert_eq!(jsv::from_str::<T>(&text).as_ref().ok(), Some(value), "{text}");
    }
}

proptest! {
    #[test]
    fn a_call_comes_back(value in call()) {
        comes_back(&value);
    }

    #[test]
    fn an_extension_comes_back(value in extension()) {
        comes_back(&value);
    }

    #[test]
    fn a_status_comes_back(value in status()) {
        comes_back(&value);
    }

    #[test]
    fn answers_come_back_in_every_style(answers in prop::collection::vec(answer(), 1..3)) {
        for style in STYLES {
            let body = csv::to_vec(&answers, style).expect("writable answers");
            let read: Vec<Answer> = csv::from_slice(&body).expect("a table");
            prop_assert_eq!(&read, &answers);
        }
    }

    #[test]
    fn another_reader_sees_the_same_cells(answer in answer()) {
        for style in STYLES {
            let body = csv::one_to_vec(&answer, style).expect("a writable answer");
            let record = ::csv::Reader::from_reader(&body[..]).into_records().next().expect("a row").expect("CSV");
            prop_assert_eq!(record.len(), 8);
            let calls = answer.calls.as_ref().map(|calls| jsv::to_string(calls, style.empty_text).expect("calls"));
            prop_assert_eq!(&record[0], calls.unwrap_or_default());
            prop_assert_eq!(&record[5], answer.license.as_deref().unwrap_or_default());
        }
    }

    #[test]
    fn a_body_cut_anywhere_is_refused(answer in answer(), cut in any::<prop::sample::Index>()) {
        let body = csv::one_to_vec(&answer, Style::V4).expect("a writable answer");
        prop_assert!(csv::one_from_slice::<Answer>(&body[..cut.index(body.len())]).is_err());
    }

    #[test]
    fn any_text_is_read_or_refused(text in "[\",:{}\\[\\]a1-]{0,24}|.*") {
        if let Err(error) = jsv::from_str::<Vec<ExtensionStatus>>(&text) {
            prop_assert!(error.offset() <= text.len());
        }
        if let Err(error) = jsv::from_str::<IgnoredAny>(&text) {
            prop_assert!(error.offset() <= text.len());
        }
        prop_assert!(text.parse::<Time>().is_ok() <= (text.len() >= 10));
    }

    #[test]
    fn any_bytes_are_read_or_refused(
        rest in prop::collection::vec(prop::sample::select(&b"\",:{}[]\r\na1\xc3\xa9"[..]), 0..40),
    ) {
        let body = [&b"ExtensionLst,License\n"[..], &rest].concat();
        if let Err(error) = csv::from_slice::<Answer>(&body) {
            prop_assert!(error.offset() <= body.len());
        }
    }
}
