//! What Rust's sources look like as tokens.

use proc_macro2::{Delimiter, TokenStream, TokenTree};

pub(crate) fn parse(text: &str) -> Vec<TokenTree> {
    let tokens: TokenStream = text.parse().expect("a source file is Rust");
    tokens.into_iter().collect()
}

pub(crate) fn is_cfg_test(token: Option<&TokenTree>) -> bool {
    matches!(token, Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Bracket
        && group.stream().to_string().replace(' ', "") == "cfg(test)")
}

/// How many tokens the item has whose attribute was just read: up to its `;` or its body.
pub(crate) fn item_length(tokens: &[TokenTree]) -> usize {
    let is_use = matches!(tokens.first(), Some(TokenTree::Ident(word)) if word == "use");
    let end = tokens.iter().position(|token| match token {
        TokenTree::Punct(punct) => punct.as_char() == ';',
        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace && !is_use,
        _ => false,
    });
    end.map_or(tokens.len(), |end| end + 1)
}

/// How many `super`s there are in a row, and how many tokens they take, without the `::` after the last.
pub(crate) fn count_supers(tokens: &[TokenTree]) -> (usize, usize) {
    let mut ups = 1;
    let mut length = 1;
    while is_colons(&tokens[length..])
        && matches!(tokens.get(length + 2), Some(TokenTree::Ident(word)) if word == "super")
    {
        ups += 1;
        length += 3;
    }
    (ups, length)
}

pub(crate) fn is_colons(tokens: &[TokenTree]) -> bool {
    let is_colon =
        |token: Option<&TokenTree>| matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == ':');
    is_colon(tokens.first()) && is_colon(tokens.get(1))
}

pub(crate) fn is_comma(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == ',')
}
