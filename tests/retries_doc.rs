//! Holds the configuration that `docs/retries.md` gives clients and the contract together.

use std::collections::BTreeSet;
use std::fs;

use portico::proto;
use serde_json::Value;

const SERVICE: &str = "porta.customerextension.v1.CustomerExtensionService";

/// The only block of JSON on the page.
fn service_config() -> Value {
    let page = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/retries.md"));
    let page = page.expect("the page is there");
    let (_, rest) = page.split_once("```json\n").expect("a block");
    let (block, _) = rest.split_once("```").expect("its end");
    serde_json::from_str(block).expect("JSON")
}

/// The methods of a part of the configuration.
fn methods(config: &Value) -> BTreeSet<String> {
    let names = config["name"].as_array().expect("names");
    let method = |name: &Value| {
        assert_eq!(name["service"], SERVICE);
        name["method"].as_str().expect("a method").to_owned()
    };
    names.iter().map(method).collect()
}

#[test]
fn reads_are_repeated_and_nothing_else() {
    let config = service_config();
    let parts = config["methodConfig"].as_array().expect("parts");
    let (repeated, once): (Vec<_>, Vec<_>) = parts.iter().partition(|part| part.get("retryPolicy").is_some());
    let of = |parts: &[&Value]| -> BTreeSet<String> { parts.iter().flat_map(|part| methods(part)).collect() };
    let reads = [
        "GetFilteringData",
        "ListActiveCalls",
        "ListExtensions",
        "ListOnlineAccounts",
        "ListUnavailableExtensions",
    ];
    assert_eq!(of(&repeated), reads.map(str::to_owned).into());
    let mut all = of(&repeated);
    all.extend(of(&once));
    all.insert("ActiveCalls".to_owned());
    let known = proto::methods(proto::DESCRIPTORS).expect("descriptors");
    let known: BTreeSet<String> = known
        .iter()
        .filter_map(|method| method.strip_prefix(SERVICE)?.strip_prefix('/'))
        .map(str::to_owned)
        .collect();
    assert_eq!(all, known, "each RPC is in one part, but for the watch");
    for part in repeated {
        let codes = &part["retryPolicy"]["retryableStatusCodes"];
        assert_eq!(codes, &serde_json::json!(["UNAVAILABLE"]));
    }
    assert!(config["retryThrottling"]["maxTokens"].is_number());
}
