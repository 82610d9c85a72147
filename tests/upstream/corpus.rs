//! The corpora: bodies written by the real serializers of three versions, of one in camel case too, from random values,
//! against those values.
//!
//! The wire does not tell everything, so both sides are reduced to what it tells: a null text is an empty one, a null
//! list an empty one, a null object one of defaults, and a time is its UTC instant with `0001-01-01` as null.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use portico::codec::csv;
use portico::wire::{ActiveCall, Answer, Extension, ExtensionStatus, Time};
use serde_json::{Map, Value, json};

use crate::data;

fn check(name: &str, count: usize) {
    let lines = data::lines(name);
    assert_eq!(lines.len(), count, "{name} is whole");
    for line in &lines {
        let number = &line["n"];
        let body = data::text(line, "csv").expect("a body");
        let answer: Answer =
            csv::one_from_slice(body.as_bytes()).unwrap_or_else(|error| panic!("{name} {number}: {error}"));
        let (decoded, truth) = (answer_value(&answer), truth_value(&line["value"]));
        for (member, value) in &truth {
            assert_eq!(decoded.get(member), Some(value), "{name} {number}, {member}");
        }
        assert_eq!(
            decoded.len(),
            truth.len(),
            "{name} {number}: the members are the same"
        );
    }
}

#[test]
fn version_3_9_60_is_read_exactly() {
    check("corpus-3.9.60", 100);
}

#[test]
fn version_4_0_36_is_read_exactly() {
    check("corpus-4.0.36", 100);
}

#[test]
fn version_4_5_14_is_read_exactly() {
    check("corpus-4.5.14", 100);
}

#[test]
fn version_4_5_14_in_camel_case_is_read_exactly() {
    check("corpus-4.5.14-camel", 40);
}

// The decoded value, member by member and not through serde: the names are the test's own, so that a rename in the
// wire types shows.

type Object = Map<String, Value>;

fn object(value: Value) -> Object {
    match value {
        Value::Object(object) => object,
        other => panic!("{other} is no object"),
    }
}

fn answer_value(answer: &Answer) -> Object {
    object(json!({
        "lstportaActiveCalls": list(answer.calls.as_ref(), call_value),
        "ExtensionLst": list(answer.extensions.as_ref(), extension_value),
        "Extension": extension_value(&answer.extension.clone().unwrap_or_default()),
        "ExtensionDeleted": answer.extension_deleted,
        "ExtensionsActiveCalls": list(answer.extension_statuses.as_ref(), status_value),
        "License": text(answer.license.as_ref()),
        "ContentId": answer.content_id,
        "FeatureName": text(answer.feature_name.as_ref()),
    }))
}

fn list<T>(list: Option<&Vec<T>>, value: fn(&T) -> Value) -> Value {
    list.map_or_else(|| json!([]), |list| list.iter().map(value).collect())
}

fn text(text: Option<&String>) -> &str {
    text.map_or("", String::as_str)
}

fn time(time: &Time) -> Value {
    let Some((seconds, nanos)) = time.to_utc(&TimeZone::UTC) else {
        return Value::Null;
    };
    let timestamp = Timestamp::new(seconds, nanos).expect("an instant of this age");
    json!(format!("{timestamp:.7}"))
}

fn call_value(call: &ActiveCall) -> Value {
    json!({
        "IEnv": call.i_env,
        "CLI": text(call.cli.as_ref()),
        "CLD": text(call.cld.as_ref()),
        "AccountID": text(call.account_id.as_ref()),
        "Connect_time": time(&call.connect_time),
        "Disconnect_time": time(&call.disconnect_time),
        "ICustomer": call.i_customer,
        "CallId": text(call.call_id.as_ref()),
        "IAccount": call.i_account,
        "noofcalls": call.call_count,
        "DurationMins": text(call.duration_mins.as_ref()),
        "CallType": text(call.call_type.as_ref()),
        "VendorId": call.vendor_id,
        "VendorName": text(call.vendor_name.as_ref()),
        "ConnectionName": text(call.connection_name.as_ref()),
        "IConnection": call.i_connection,
        "GatewayId": text(call.gateway_id.as_ref()),
        "IDialRuleCld": call.i_dial_rule_cld,
        "TrRuletoLocal": text(call.tr_rule_to_local.as_ref()),
        "product": text(call.product.as_ref()),
        "Note": text(call.note.as_ref()),
        "SubscriberFName": text(call.subscriber_first_name.as_ref()),
        "SubscriberLName": text(call.subscriber_last_name.as_ref()),
        "ExtensionNumber": text(call.extension_number.as_ref()),
    })
}

fn extension_value(extension: &Extension) -> Value {
    json!({
        "i_c_ext": extension.i_c_ext,
        "id": text(extension.id.as_ref()),
        "name": text(extension.name.as_ref()),
        "i_account": extension.i_account,
        "account_id": text(extension.account_id.as_ref()),
        "firstname": text(extension.first_name.as_ref()),
        "lastname": text(extension.last_name.as_ref()),
        "Note": text(extension.note.as_ref()),
        "ProductName": text(extension.product_name.as_ref()),
        "PhoneNumber": text(extension.phone_number.as_ref()),
    })
}

fn status_value(status: &ExtensionStatus) -> Value {
    json!({
        "i_c_ext": status.i_c_ext,
        "id": text(status.id.as_ref()),
        "name": text(status.name.as_ref()),
        "i_account": status.i_account,
        "account_id": text(status.account_id.as_ref()),
        "firstname": text(status.first_name.as_ref()),
        "lastname": text(status.last_name.as_ref()),
        "noofcalls": status.call_count,
        "activecall": status.active_call,
        "NetThroughput": status.net_throughput,
        "note": text(status.note.as_ref()),
        "SiteName": text(status.site_name.as_ref()),
        "i_customer_site": status.i_customer_site,
        "IAccount": status.call_i_account,
        "Email": text(status.email.as_ref()),
        "CLD": text(status.cld.as_ref()),
        "CLI": text(status.cli.as_ref()),
        "DefaultValidIdentity": text(status.default_valid_identity.as_ref()),
        "callToJoin": status.call_to_join,
        "accountToJoin": text(status.account_to_join.as_ref()),
        "i_customer": status.i_customer,
        "notInGroup": status.not_in_group,
        "profile_url": text(status.profile_url.as_ref()),
    })
}

// The truth, with the nulls that the wire does not have filled in.

fn truth_value(truth: &Value) -> Object {
    let mut truth = object(truth.clone());
    let defaults = answer_value(&Answer::default());
    fill(&mut truth, &defaults);
    let elements = [
        ("lstportaActiveCalls", call_value(&ActiveCall::default())),
        ("ExtensionLst", extension_value(&Extension::default())),
        ("ExtensionsActiveCalls", status_value(&ExtensionStatus::default())),
    ];
    for (column, default) in elements {
        let default = object(default);
        for element in truth[column].as_array_mut().expect("a list") {
            if element.is_null() {
                *element = json!({});
            }
            fill(element.as_object_mut().expect("an object"), &default);
        }
    }
    fill(
        truth["Extension"].as_object_mut().expect("an object"),
        &object(extension_value(&Extension::default())),
    );
    truth
}

fn fill(object: &mut Object, defaults: &Object) {
    for (name, default) in defaults {
        let value = object.entry(name).or_insert(Value::Null);
        if value.is_null() {
            value.clone_from(default);
        }
        // The wire writes a whole double without a fraction, and JSON tells `5215` from `5215.0`.
        if let (true, Some(number)) = (default.is_f64(), value.as_f64()) {
            *value = json!(number);
        }
    }
}
