//! The connections that calls go through.

/// A connection and the vendor behind it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Trunk {
    pub(super) i_connection: i32,
    pub(super) name: &'static str,
    pub(super) vendor_id: i32,
    pub(super) vendor: Option<&'static str>,
    pub(super) gateway: &'static str,
    pub(super) i_dial_rule: i32,
    pub(super) rule: Option<&'static str>,
}

/// The connection between extensions: no vendor, no rule.
pub(super) static ON_NET: Trunk = Trunk {
    i_connection: 1,
    name: "On-net",
    vendor_id: 0,
    vendor: None,
    gateway: "pbx",
    i_dial_rule: 0,
    rule: None,
};

/// The connections to the outside. Their texts hold every character that the wire treats specially.
pub(super) static TRUNKS: [Trunk; 3] = [
    Trunk {
        i_connection: 44,
        name: "SIP trunk [east]",
        vendor_id: 12,
        vendor: Some("Carrier, Inc."),
        gateway: "gw-1",
        i_dial_rule: 9,
        rule: Some("s/^1//"),
    },
    Trunk {
        i_connection: 45,
        name: "SIP trunk \"west\"",
        vendor_id: 12,
        vendor: Some("Carrier, Inc."),
        gateway: "gw-2",
        i_dial_rule: 9,
        rule: Some("s/^(1){0,1}//"),
    },
    Trunk {
        i_connection: 51,
        name: "Téléphonie: principal",
        vendor_id: 15,
        vendor: Some("Süd Netz {AG}"),
        gateway: "gw-3",
        i_dial_rule: 0,
        rule: Some(""),
    },
];
