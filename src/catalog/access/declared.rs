//! The rules that a server's declaration holds.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::address;
use crate::check::Scope;
use crate::declaration::{Rule as Declared, Token, Tokens};
use crate::postgres::hba::{Address, ConnectionType, DatabaseToken, Method, Rule, UserToken};
use crate::source::Span;

/// The rules of all servers, one for each address.
pub fn rules(scope: &Scope, version: u8) -> Vec<(Rule, Span)> {
    let declared = scope.declarations.authentication();
    declared
        .flat_map(|rule| {
            lower(rule, version)
                .unwrap_or_default()
                .into_iter()
                .map(|lowered| (lowered, rule.span))
        })
        .collect()
}

/// Nothing where the declaration is wrong in itself: the checks tell of it.
pub fn lower(declared: &Declared, version: u8) -> Option<Vec<Rule>> {
    let connection = ConnectionType::from_keyword(&declared.connection.value)?;
    let databases = databases(&declared.databases, version)?;
    let users = users(&declared.users, version)?;
    let addresses = match (&declared.address, connection) {
        (None, ConnectionType::Local) => vec![None],
        (Some(address), kind) if kind != ConnectionType::Local => address::read(&address.value)
            .ok()?
            .into_iter()
            .map(Some)
            .collect(),
        _ => return None,
    };
    let method = match (super::method(&declared.method.value)?, connection) {
        // An ident server cannot be asked about a socket; the server reads it so too.
        (Method::Ident, ConnectionType::Local) => Method::Peer,
        (method, _) => method,
    };
    // They are a table: its order means nothing.
    let options: BTreeMap<String, String> = declared
        .options
        .iter()
        .map(|(name, value)| (name.value.to_string(), value.value.to_string()))
        .collect();
    let options: Arc<[(String, String)]> = options.into_iter().collect();
    let rule = |address: Option<Address>| Rule {
        connection,
        databases: databases.clone(),
        users: users.clone(),
        address,
        method,
        options: options.clone(),
        line: 0,
        file: None,
    };
    Some(addresses.into_iter().map(rule).collect())
}

fn databases(tokens: &Tokens, version: u8) -> Option<Arc<[DatabaseToken]>> {
    let list = match tokens {
        Tokens::Keyword(word) => {
            let keyword = match &*word.value {
                "all" => DatabaseToken::All,
                "sameuser" => DatabaseToken::SameUser,
                "samerole" => DatabaseToken::SameRole,
                "replication" => DatabaseToken::Replication,
                _ => return None,
            };
            return Some([keyword].into());
        }
        Tokens::List(list, _) => list,
    };
    let one = |token: &Token| match token {
        Token::Name(name) | Token::MemberOf(name) => {
            DatabaseToken::literal(&name.value, version).ok()
        }
        Token::Regex(pattern) => Some(DatabaseToken::Regex(pattern.value.to_string())),
    };
    let mut list = list.iter().map(one).collect::<Option<Vec<_>>>()?;
    list.sort_unstable();
    list.dedup();
    (!list.is_empty()).then(|| list.into())
}

fn users(tokens: &Tokens, version: u8) -> Option<Arc<[UserToken]>> {
    let list = match tokens {
        Tokens::Keyword(word) => return (&*word.value == "all").then(|| [UserToken::All].into()),
        Tokens::List(list, _) => list,
    };
    let one = |token: &Token| match token {
        Token::Name(name) => UserToken::literal(&name.value, version).ok(),
        Token::Regex(pattern) => Some(UserToken::Regex(pattern.value.to_string())),
        Token::MemberOf(role) => Some(UserToken::Member(role.value.to_string())),
    };
    let mut list = list.iter().map(one).collect::<Option<Vec<_>>>()?;
    list.sort_unstable();
    list.dedup();
    (!list.is_empty()).then(|| list.into())
}
