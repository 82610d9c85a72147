//! Status, headers and body, and what they say together.

use http::HeaderValue;

use super::*;

/// The answer with these headers and this body to an operation with this effect.
fn read(status: StatusCode, headers: &HeaderMap, body: &[u8], effect: Effect) -> Result<Answer, Error> {
    let mut answer = Response::new(Bytes::copy_from_slice(body));
    *answer.status_mut() = status;
    *answer.headers_mut() = headers.clone();
    check(&answer, effect)?;
    decode(answer.body(), &["ExtensionLst"])
}

const SOUND: &[u8] = b"ExtensionLst,License\n[],LIC\n";

fn headers(content_type: &str) -> HeaderMap {
    let value = HeaderValue::from_str(content_type).expect("a header");
    HeaderMap::from_iter([(CONTENT_TYPE, value)])
}

fn kind(status: u16, content_type: &str, effect: Effect) -> Kind {
    let status = StatusCode::from_u16(status).expect("a status");
    let error = read(status, &headers(content_type), SOUND, effect).expect_err("not 200");
    error.kind()
}

#[test]
fn a_status_other_than_200_is_an_error_whatever_the_body_says() {
    for (status, expected) in [
        (201, Kind::UnexpectedStatus),
        (204, Kind::Empty),
        (206, Kind::UnexpectedStatus),
        (301, Kind::UnexpectedStatus),
        (304, Kind::UnexpectedStatus),
        (400, Kind::Refused),
        (401, Kind::LicenseRejected),
        (402, Kind::UnexpectedStatus),
        (403, Kind::LicenseRejected),
        (404, Kind::NotFound),
        (405, Kind::NoOperation),
        (409, Kind::Conflict),
        (429, Kind::RateLimited),
        (500, Kind::Failed),
        (501, Kind::NoOperation),
        (502, Kind::Unavailable),
        (503, Kind::Unavailable),
        (504, Kind::Elapsed),
        (599, Kind::UnexpectedStatus),
    ] {
        assert_eq!(kind(status, "text/csv", Effect::Read), expected, "{status}");
        assert_eq!(kind(status, "text/csv", Effect::Change), expected, "{status}");
    }
}

#[test]
fn who_says_404_and_to_what_the_409_is_matters() {
    for content_type in ["text/plain", "text/html; charset=utf-8", "text/csvx"] {
        assert_eq!(kind(404, content_type, Effect::Read), Kind::NoOperation);
    }
    for content_type in ["text/csv", "TEXT/CSV", "text/csv; charset=utf-8", " text/csv "] {
        assert_eq!(kind(404, content_type, Effect::Read), Kind::NotFound);
    }
    assert_eq!(kind(409, "text/csv", Effect::Add), Kind::AlreadyExists);
}

#[test]
fn an_answer_is_believed_only_with_its_type_and_the_services_mark() {
    let csv = headers("text/csv");
    let ok = |headers: &HeaderMap, body: &[u8]| read(StatusCode::OK, headers, body, Effect::Read);
    assert_eq!(ok(&csv, SOUND).expect("an answer").extensions, Some(vec![]));
    assert!(matches!(ok(&csv, b""), Err(Error::Empty)));
    assert!(matches!(ok(&HeaderMap::new(), b""), Err(Error::Empty)));
    assert!(matches!(ok(&headers("text/html"), SOUND), Err(Error::NotCsv)));
    assert!(matches!(ok(&HeaderMap::new(), SOUND), Err(Error::NotCsv)));
    assert!(matches!(
        ok(&csv, &SOUND[..SOUND.len() - 1]),
        Err(Error::Undecodable(_))
    ));
    assert!(matches!(ok(&csv, b"License\n"), Err(Error::Undecodable(_))));
    for renamed in [
        &b"ExtensionList,License\n[],LIC\n"[..],
        b"License\nLIC\n",
        b"ExtensionList,License\n[],\n",
    ] {
        assert!(matches!(
            ok(&csv, renamed),
            Err(Error::ColumnMissing {
                column: "ExtensionLst"
            })
        ));
    }
    ok(&csv, b"EXTENSIONLST,License\n,LIC\n").expect("a column is found in any case, and may be empty");
    assert!(matches!(
        ok(&csv, b"ExtensionLst,ExtensionDeleted,License\n,False,\n"),
        Err(Error::Blank)
    ));
    ok(&csv, b"ExtensionLst,License\n[],\n").expect("a list, be it empty, is an answer");
}

/// An answer with this list in the column of extensions.
fn extensions(list: &str) -> Vec<u8> {
    format!("ExtensionLst,License\n\"{list}\",LIC\n").into_bytes()
}

#[test]
fn an_answer_has_as_many_rows_as_are_read_and_no_more() {
    let row = "{i_c_ext:1,i_account:0}";
    let read = |rows: usize| {
        let list = format!("[{}]", vec![row; rows].join(","));
        decode(&extensions(&list), &["ExtensionLst"])
    };
    let all = read(budget::MAX_ROWS).expect("the most rows");
    assert_eq!(all.extensions.map(|rows| rows.len()), Some(budget::MAX_ROWS));
    let error = read(budget::MAX_ROWS + 1).expect_err("one more");
    assert!(matches!(error, Error::TooMany(_)), "{error:?}");
}

#[test]
fn rows_take_no_more_memory_than_a_multiple_of_the_body() {
    let read = |spare: usize| {
        let rows = 1_000;
        let bytes = rows * size_of::<crate::wire::Extension>();
        let list = format!("[{}]", vec!["{}"; rows].join(","));
        let mut body = extensions(&list);
        // The echo is as long as it must be.
        let missing = (bytes - spare).div_ceil(budget::EXPANSION) - body.len();
        body.truncate(body.len() - 1);
        body.extend(std::iter::repeat_n(b'x', missing));
        body.push(b'\n');
        decode(&body, &["ExtensionLst"]).map(|answer| answer.extensions.map(|rows| rows.len()))
    };
    assert_eq!(read(0).expect("enough"), Some(1_000));
    let error = read(budget::EXPANSION).expect_err("a byte less");
    assert!(matches!(error, Error::TooMany(_)), "{error:?}");
}

#[test]
fn the_wait_is_read_in_seconds_only() {
    for (value, seconds) in [
        ("0", Some(0)),
        (" 7 ", Some(7)),
        ("-1", None),
        ("1.5", None),
        ("Wed, 21 Oct 2026 07:28:00 GMT", None),
        ("", None),
    ] {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, HeaderValue::from_static(value));
        let error = read(StatusCode::SERVICE_UNAVAILABLE, &headers, b"", Effect::Read).expect_err("503");
        assert_eq!(error.retry_after(), seconds.map(Duration::from_secs), "{value}");
    }
}
