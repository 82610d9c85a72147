//! Whose rows the recorded answers hold: those of the customer that each was asked for, and nobody else's.

use portico::upstream::value::Id;
use portico::upstream::{Error, answer, customer};
use portico::wire::Answer;

use crate::data;

/// The customer that a recorded request names, in its path or its form, if it is one that the gateway would ask for.
fn asked(request: &serde_json::Value) -> Option<i64> {
    let target = data::text(request, "target")?;
    let mut texts = [Some(target), data::text(request, "body")].into_iter().flatten();
    let member = texts.find_map(|text| Some(text.split_once("ICustomer=")?.1));
    let value = member.or_else(|| target.split('/').nth(3))?;
    let digits = value.trim_start_matches('+').split(['.', '?', '&']).next()?;
    digits.parse().ok().filter(|&customer| customer > 0)
}

/// Each recorded answer of the service, with the customer that it was asked for.
fn answers() -> Vec<(i64, Answer)> {
    let lines = ["transcripts-a", "transcripts-b"]
        .into_iter()
        .flat_map(data::lines);
    let answered = lines.filter_map(|line| {
        let body = data::text(&line["response"], "body")?;
        let answer = answer::decode(body.as_bytes(), &["License"]).ok()?;
        Some((asked(&line["request"])?, answer))
    });
    answered.collect()
}

fn check(i_customer: i64, answer: &Answer) -> Result<(), Error> {
    customer::check(Id::parse(i_customer).expect("an id"), answer)
}

#[test]
fn every_recorded_answer_is_of_the_customer_that_was_asked_for() {
    let (mut checked, mut named) = (0, 0);
    for (i_customer, answer) in answers() {
        check(i_customer, &answer).expect("the customer's own rows");
        let calls = answer.calls.iter().flatten().map(|call| call.i_customer);
        let statuses = answer.extension_statuses.iter().flatten();
        let customers = calls.chain(statuses.map(|status| status.i_customer));
        named += customers
            .filter(|&customer| i64::from(customer) == i_customer)
            .count();
        checked += 1;
    }
    assert!(checked > 80 && named > 30, "{checked} answers, {named} rows");
}

#[test]
fn no_recorded_answer_with_names_is_taken_for_another_customers() {
    for (_, mut answer) in answers() {
        let calls = answer.calls.iter_mut().flatten().map(|call| &mut call.i_customer);
        let statuses = answer.extension_statuses.iter_mut().flatten();
        let mut customers = calls.chain(statuses.map(|status| &mut status.i_customer));
        let Some(last) = customers.by_ref().last() else {
            continue;
        };
        let own = i64::from(*last);
        *last ^= 1 << 6;
        let error = check(own, &answer).expect_err("a row of another customer");
        assert!(matches!(error, Error::WrongCustomer { .. }), "{error:?}");
    }
}
