//! The texts a world is made of.

pub(super) const FIRST_NAMES: [&str; 16] = [
    "Ada",
    "Grace",
    "José",
    "Zoë",
    "Søren",
    "Ömer",
    "Łukasz",
    "Anaïs",
    "Nguyễn",
    "Mária",
    "太郎",
    "Ольга",
    "Siobhán",
    "Kofi",
    "Layla",
    "Jean-Luc",
];

pub(super) const LAST_NAMES: [&str; 16] = [
    "Lovelace",
    "Hopper",
    "Núñez",
    "O'Neill",
    "Kierkegaard",
    "Yılmaz",
    "Wójcik",
    "D'Arc",
    "Văn",
    "Kovács",
    "山田",
    "Иванова",
    "Ní Bhriain",
    "Mensah",
    "al-Farsi",
    "St. John, Jr.",
];

pub(super) const DEPARTMENTS: [&str; 8] = [
    "Reception",
    "Sales",
    "Sales \"EMEA\"",
    "Support, 2nd level",
    "Billing [AR]",
    "Warehouse: gate 4",
    "R&D {lab}",
    "Fax/Door",
];

pub(super) const NOTES: [Option<&str>; 8] = [
    None,
    Some(""),
    Some("front desk, ground floor"),
    Some("calls \"boss\" only"),
    Some("{vip}, see [ticket: 4711]"),
    Some("line1\r\nline2"),
    Some("évite les appels le vendredi ☎"),
    Some("00 prefix; no *98"),
];

/// Products by id.
pub(super) const PRODUCTS: [(i32, &str); 3] =
    [(11, "PBX Gold"), (12, "PBX Silver"), (14, "Call Center, 24/7")];

/// Sites by id.
pub(super) const SITES: [(i32, &str); 3] = [(1, "HQ"), (2, "Branch \"Nord\""), (3, "Zürich, lab {2}")];
