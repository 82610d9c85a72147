//! The rules of the table that no recording shows: names, absence, places of errors, styles.

use serde::{Deserialize, Serialize};

use super::{
    Category, Error, MAX_COLUMNS, Style, from_slice, one_from_slice, one_to_vec, one_with_header, to_vec,
};
use crate::codec::jsv;

#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct Row {
    text: Option<String>,
    number: i32,
    ratio: f64,
    flag: bool,
    #[serde(rename = "List")]
    list: Option<Vec<Item>>,
}

#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct Item {
    #[serde(rename = "Note")]
    note: String,
    i_account: i32,
}

fn refusal(body: &str) -> Error {
    from_slice::<Row>(body.as_bytes()).expect_err("a refusal")
}

#[test]
fn a_text_cell_is_never_decoded() {
    for text in ["null", "\"a\"", "{a:1}", "0044123", " ", "[,]"] {
        let row = Row {
            text: Some(text.to_owned()),
            ..Row::default()
        };
        for style in [Style::V3, Style::V4, Style::V5] {
            let body = one_to_vec(&row, style).expect("a row");
            assert_eq!(one_from_slice::<Row>(&body).ok().as_ref(), Some(&row));
        }
    }
}

#[test]
fn an_empty_cell_is_a_default() {
    assert_eq!(
        one_from_slice(b"text,number,ratio,flag,List\n,,,,\n").ok(),
        Some(Row::default())
    );
}

#[test]
fn an_empty_cell_has_a_column_and_a_default_may_have_none() {
    let (row, header) =
        one_with_header::<Row>(b"TEXT,lisT,Other\n,,\n", jsv::Budget::UNLIMITED).expect("a row");
    assert_eq!(row, Row::default());
    let had = ["text", "number", "ratio", "flag", "List", "Other"].map(|name| header.has(name));
    assert_eq!(had, [true, false, false, false, true, false]);
}

#[test]
fn a_minus_of_another_culture_is_read_in_a_cell_of_its_own_only() {
    let row: Row = one_from_slice("NUMBER,Ratio\n\u{2212}5,\u{2212}0.5\n".as_bytes()).expect("a row");
    assert_eq!((row.number, row.ratio.to_bits()), (-5, (-0.5_f64).to_bits()));
    let error = refusal("list\n[{i_account:\u{2212}5}]\n");
    assert_eq!(error.category(), Category::Cell(jsv::Category::Data));
}

#[test]
fn an_error_has_its_place_in_the_body() {
    let body = "flag,LIST\nTrue,[]\nFalse,\"[{},{note:\"\"a\"\"\"\"b\"\",i_account:secret}]\"\n";
    let error = refusal(body);
    assert_eq!(error.path(), "[1].List[1].i_account");
    assert_eq!(error.offset(), body.find("secret").expect("the secret"));
    assert!(!format!("{error} {error:?}").contains("secret"), "{error:?}");
    let one = one_from_slice::<Row>(b"number\nx\n").expect_err("no number");
    assert_eq!(
        one.to_string(),
        "number: expected an integer of 32 bits at byte 7"
    );
}

#[test]
fn a_column_of_no_field_is_passed_over_whatever_it_holds() {
    let row: Row = one_from_slice(b"other,number,_text\n{{{,1,x\n").expect("a row");
    assert_eq!(
        row,
        Row {
            number: 1,
            ..Row::default()
        }
    );
}

#[test]
fn the_header_is_checked_even_without_rows() {
    assert_eq!(refusal("other,another\n").category(), Category::Header);
    assert_eq!(refusal("number,other,other\n").category(), Category::Header);
    assert_eq!(refusal("\u{feff}").category(), Category::Empty);
    assert_eq!(from_slice::<Row>(b"number\n").ok(), Some(Vec::new()));
}

#[test]
fn line_ends_may_be_mixed() {
    let rows: Vec<Row> = from_slice(b"number\r\n1\n2\r\n").expect("rows");
    assert_eq!(rows.iter().map(|row| row.number).collect::<Vec<_>>(), [1, 2]);
}

#[test]
fn the_styles_differ_in_line_ends_brackets_and_empty_texts() {
    let row = Row {
        list: Some(vec![Item::default()]),
        ..Row::default()
    };
    let text = |style| String::from_utf8(to_vec(&[&row], style).expect("a table")).expect("UTF-8");
    assert_eq!(
        text(Style::V3),
        "text,number,ratio,flag,List\n,0,0,False,\"[{Note:,i_account:0}]\"\n"
    );
    assert_eq!(
        text(Style::V4),
        "text,number,ratio,flag,List\r\n,0,0,False,\"[{Note:\"\"\"\",i_account:0}]\"\r\n"
    );
    let row = Row {
        list: Some(Vec::new()),
        ..Row::default()
    };
    let cell = |style| String::from_utf8(one_to_vec(&row, style).expect("a table")).expect("UTF-8");
    assert!(cell(Style::V4).ends_with("False,[]\r\n"));
    assert!(cell(Style::V5).ends_with("False,\"[]\"\r\n"));
}

#[test]
fn a_row_of_one_empty_cell_is_a_blank_line() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Single {
        text: Option<String>,
    }
    let rows = [Single { text: None }];
    let body = to_vec(&rows, Style::V4).expect("a table");
    assert_eq!(body, b"text\r\n\r\n");
    assert_eq!(from_slice::<Single>(&body).ok().as_deref(), Some(&rows[..]));
}

#[test]
fn no_rows_are_no_bytes() {
    assert_eq!(to_vec::<Row>(&[], Style::V4).ok(), Some(Vec::new()));
    assert!(to_vec(&[1], Style::V4).is_err(), "a number is no row");
}

/// A header of this many columns, and a row.
fn wide(columns: usize) -> String {
    let names: Vec<_> = (1..columns).map(|column| format!("other{column}")).collect();
    format!("text,{}\na{}\n", names.join(","), ",".repeat(columns - 1))
}

#[test]
fn a_header_has_as_many_columns_as_are_read_and_no_more() {
    let row: Row = one_from_slice(wide(MAX_COLUMNS).as_bytes()).expect("a row");
    assert_eq!(row.text.as_deref(), Some("a"));
    let error = refusal(&wide(MAX_COLUMNS + 1));
    assert_eq!(error.category(), Category::Columns);
    assert_eq!(
        error.offset(),
        wide(MAX_COLUMNS).find('\n').expect("a header") + 1
    );
}

#[test]
fn a_row_is_read_as_far_as_its_header_goes() {
    let error = refusal("text,flag\na,True,b,\"never closed");
    assert_eq!(error.category(), Category::CellCount);
    let error = one_from_slice::<Row>(b"text,flag\na,True\nb,c,d,e\n").expect_err("two rows");
    assert_eq!(error.category(), Category::ManyRows);
    let error = one_from_slice::<Row>(b"text,flag\na,True\nb,c,d,e").expect_err("a cut row");
    assert_eq!(error.category(), Category::Truncated);
}

#[test]
fn the_lists_of_all_cells_spend_one_budget() {
    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(default)]
    struct Lists {
        a: Vec<Item>,
        b: Vec<Item>,
    }

    let body = "a,b\n\"[{},{}]\",\"[{},{i_account:7}]\"\n";
    let bytes = 4 * size_of::<Item>();
    let read = |elements, bytes| {
        let budget = jsv::Budget { elements, bytes };
        one_with_header::<Lists>(body.as_bytes(), budget).map(|(row, _)| row)
    };
    let lists = read(4, bytes).expect("enough");
    assert_eq!((lists.a.len(), lists.b.len(), lists.b[1].i_account), (2, 2, 7));
    for error in [read(3, bytes), read(4, bytes - 1)] {
        let error = error.expect_err("not enough");
        assert_eq!(error.category(), Category::Cell(jsv::Category::Budget));
        assert_eq!(error.path(), "b");
        assert_eq!(error.offset(), body.find("{i_account").expect("the last"));
    }
}
