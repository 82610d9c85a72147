//! The 30 whole bodies: what each is read as, by the rows the body is about.

use portico::codec::{csv, jsv};
use portico::wire::{Answer, Extension, ExtensionStatus};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::data::{lines, text};

/// A row of the vectors that are about tables in general.
#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Row {
    id: i32,
    name: String,
    note: String,
    result: Option<String>,
    decimal: f64,
    response_status: Option<Status>,
}

#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Status {
    error_code: String,
    message: String,
    errors: Vec<Status>,
}

#[derive(Debug, PartialEq, Deserialize)]
struct Letters {
    a: i32,
    b: i32,
    c: String,
    d: i32,
    e: String,
    f: String,
    g: String,
    h: i32,
}

/// The body of the vector `id`.
fn body(id: &str) -> String {
    let lines = lines("vectors-bodies");
    let line = lines
        .iter()
        .find(|line| text(line, "id") == Some(id))
        .expect("the vector");
    text(line, "body").expect("a body").to_owned()
}

fn answer(id: &str) -> Answer {
    csv::one_from_slice(body(id).as_bytes()).expect("an answer")
}

fn rows(id: &str) -> Vec<Row> {
    csv::from_slice(body(id).as_bytes()).expect("rows")
}

fn refusal<T: DeserializeOwned>(id: &str) -> csv::Category {
    csv::from_slice::<T>(body(id).as_bytes())
        .err()
        .expect("a refusal")
        .category()
}

fn named(id: i32, name: &str) -> Row {
    Row {
        id,
        name: name.to_owned(),
        ..Row::default()
    }
}

fn failed(error_code: &str, message: &str) -> Status {
    Status {
        error_code: error_code.to_owned(),
        message: message.to_owned(),
        errors: Vec::new(),
    }
}

#[test]
fn the_file_has_every_vector_of_this_module() {
    assert_eq!(lines("vectors-bodies").len(), 30);
}

#[test]
fn w01_is_the_published_page() {
    let string = || Some("String".to_owned());
    let answer = answer("W01");
    let extension = Extension {
        id: string(),
        name: string(),
        note: string(),
        phone_number: string(),
        ..Extension::default()
    };
    let extension = Extension {
        account_id: string(),
        first_name: string(),
        last_name: string(),
        product_name: string(),
        ..extension
    };
    assert_eq!(answer.extensions, Some(vec![extension.clone()]));
    assert_eq!(answer.extension, Some(extension));
    let calls = answer.calls.expect("a list");
    assert_eq!(
        (calls.len(), &calls[0].cli, calls[0].connect_time.is_set()),
        (1, &string(), false)
    );
    let statuses = answer.extension_statuses.expect("a list");
    assert_eq!(
        (statuses.len(), statuses[0].active_call, &statuses[0].profile_url),
        (1, true, &string())
    );
    assert_eq!(
        (answer.license, answer.feature_name, answer.content_id),
        (string(), string(), 0)
    );
    assert!(!answer.extension_deleted);
}

#[test]
fn w02_and_w09_are_all_defaults() {
    // W09 is an error, but only its status line says so.
    assert_eq!(answer("W02"), Answer::default());
    assert_eq!(answer("W09"), Answer::default());
}

#[test]
fn w03_and_w04_are_the_same_empty_lists() {
    let expected = Answer {
        calls: Some(Vec::new()),
        extensions: Some(Vec::new()),
        extension: Some(Extension::default()),
        extension_statuses: Some(Vec::new()),
        ..Answer::default()
    };
    assert_eq!(answer("W03"), expected);
    assert_eq!(answer("W04"), expected);
}

#[test]
fn w05_has_an_object_in_a_cell_without_quotes() {
    let extension = Extension {
        i_c_ext: 7,
        ..Extension::default()
    };
    let expected = Answer {
        extensions: Some(vec![extension.clone()]),
        extension: Some(extension),
        extension_deleted: true,
        license: Some("LIC".to_owned()),
        ..Answer::default()
    };
    assert_eq!(answer("W05"), expected);
}

#[test]
fn w06_and_w07_are_no_rows_and_no_body() {
    assert_eq!(rows("W06"), []);
    assert_eq!(refusal::<Row>("W07"), csv::Category::Empty);
}

#[test]
fn w08_w10_and_w11_are_the_errors_of_every_casing() {
    for id in ["W08", "W10"] {
        let expected = Row {
            response_status: Some(failed("ArgumentException", "Bad id")),
            ..Row::default()
        };
        assert_eq!(rows(id), [expected]);
        assert_eq!(
            refusal::<Answer>(id),
            csv::Category::Header,
            "no answer has this header"
        );
    }
    let status = failed("RequestBindingException", "Unable to bind request");
    assert_eq!(
        rows("W11"),
        [Row {
            response_status: Some(status),
            ..Row::default()
        }]
    );
}

#[test]
fn w12_and_w13_are_rows_with_and_without_a_status() {
    let status = failed("NotFound", "no such, item");
    assert_eq!(
        rows("W12"),
        [Row {
            response_status: Some(status),
            ..Row::default()
        }]
    );
    assert_eq!(rows("W13"), [named(1, "a"), named(2, "b")]);
}

#[test]
fn w14_and_w15_are_one_column_full_and_empty() {
    assert_eq!(
        rows("W14"),
        [Row {
            result: Some("Hello, World!".to_owned()),
            ..Row::default()
        }]
    );
    assert_eq!(rows("W15"), [Row::default()], "a blank line is a row");
}

#[test]
fn w16_and_w17_are_line_ends_as_data_and_as_line_ends() {
    assert_eq!(
        rows("W16"),
        [Row {
            id: 1,
            note: "line1\r\nline2".to_owned(),
            ..Row::default()
        }]
    );
    assert_eq!(rows("W17"), [named(1, "a")]);
}

#[test]
fn w18_and_w28_have_no_header_of_the_type() {
    assert_eq!(refusal::<Row>("W18"), csv::Category::Header);
    assert_eq!(refusal::<Row>("W28"), csv::Category::Header);
}

#[test]
fn w19_and_w20_have_quotes_inside_cells() {
    assert_eq!(rows("W19"), [named(1, "\"Mr. Lee\"")]);
    let letters: Letters = csv::one_from_slice(body("W20").as_bytes()).expect("a row");
    let expected = Letters {
        a: 1,
        b: 2,
        c: "3\"".to_owned(),
        d: 4,
        e: "5\"five,six\"".to_owned(),
        f: "7,7.1".to_owned(),
        g: "\"7,7.1\"".to_owned(),
        h: 8,
    };
    assert_eq!(letters, expected);
}

#[test]
fn w21_and_w22_write_the_empty_text_differently() {
    let extension = Extension {
        i_c_ext: 1,
        id: Some(String::new()),
        name: Some("x".to_owned()),
        ..Extension::default()
    };
    for id in ["W21", "W22"] {
        assert_eq!(
            answer(id),
            Answer {
                extensions: Some(vec![extension.clone()]),
                ..Answer::default()
            }
        );
    }
}

#[test]
fn w23_is_read_whatever_the_case_of_its_names() {
    let calls = answer("W23").calls.expect("a list");
    assert_eq!((calls[0].i_env, calls[0].cli.as_deref()), (1, Some("+44,1")));
    assert_eq!(calls[0].connect_time.to_string(), "2026-01-10T12:34:56Z");
}

#[test]
fn w24_has_only_the_columns_that_are_not_defaults() {
    let expected = Answer {
        extension_deleted: true,
        license: Some("LIC".to_owned()),
        ..Answer::default()
    };
    assert_eq!(answer("W24"), expected);
}

#[test]
fn w25_is_cut_in_the_middle_with_an_error_after_it() {
    assert_eq!(refusal::<Answer>("W25"), csv::Category::Syntax);
}

#[test]
fn w26_has_a_byte_order_mark() {
    assert_eq!(rows("W26"), [named(1, "a")]);
}

#[test]
fn w27_is_a_page_and_no_table() {
    assert_eq!(refusal::<Answer>("W27"), csv::Category::Truncated);
}

#[test]
fn w29_has_a_number_with_a_comma() {
    let error = csv::from_slice::<Row>(body("W29").as_bytes()).expect_err("no number");
    assert_eq!(error.category(), csv::Category::Cell(jsv::Category::Data));
    assert_eq!((error.path(), error.offset()), ("[0].Decimal".to_owned(), 10));
}

#[test]
fn w30_has_one_column_twice() {
    assert_eq!(refusal::<Row>("W30"), csv::Category::Header);
}

#[test]
fn an_extension_status_keeps_two_names_that_differ_in_an_underscore() {
    let status: ExtensionStatus = jsv::from_str("{i_account:1,iAccount:2}").expect("a status");
    assert_eq!((status.i_account, status.call_i_account), (1, 2));
}
