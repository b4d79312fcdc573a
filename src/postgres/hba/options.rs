//! What the server checks in the options of a rule while it reads the file.

use super::{ConnectionType, Method, Rule};

/// The first thing that makes the server refuse the rule's options. Not checked: whether a RADIUS server's name resolves,
/// whether an LDAP URL parses, whether an OAuth validator is loaded: these depend on the server's surroundings.
pub(super) fn problem(rule: &Rule) -> Option<String> {
    rule.options
        .iter()
        .find_map(|(name, value)| one(rule, name, value))
        .or_else(|| missing(rule))
}

fn one(rule: &Rule, name: &str, value: &str) -> Option<String> {
    let method = rule.method.keyword();
    if matches!(name, "clientcert" | "clientname") {
        if rule.connection != ConnectionType::HostSsl {
            return Some(format!("`{name}` is for `hostssl` rules only"));
        }
        let allowed: &[&str] = match (name, rule.method) {
            ("clientname", _) => &["CN", "DN"],
            (_, Method::Cert) => &["verify-full"],
            _ => &["verify-ca", "verify-full"],
        };
        return (!allowed.contains(&value))
            .then(|| format!("`{value}` is no value of `{name}` here"));
    }
    if !rule.method.options().contains(&name) {
        return Some(
            if Method::ALL
                .iter()
                .any(|other| other.options().contains(&name))
            {
                format!("method `{method}` takes no option `{name}`")
            } else {
                format!("there is no option `{name}`")
            },
        );
    }
    let ports = matches!(name, "ldapport" | "radiusports");
    let bad_port = ports && value.split(',').any(|port| !leading_number(port));
    bad_port.then(|| format!("`{value}` is no port"))
}

/// The server reads digits, sign allowed, and stops at the first other character; 0 is what it refuses.
fn leading_number(text: &str) -> bool {
    let digits = text.trim_start().trim_start_matches(['+', '-']);
    digits
        .chars()
        .take_while(char::is_ascii_digit)
        .any(|digit| digit != '0')
}

fn missing(rule: &Rule) -> Option<String> {
    let has = |name: &str| rule.option(name).is_some();
    let needs = |name: &str| {
        (!has(name)).then(|| {
            format!(
                "method `{}` needs the option `{name}`",
                rule.method.keyword()
            )
        })
    };
    match rule.method {
        Method::Radius => needs("radiusservers").or_else(|| needs("radiussecrets")),
        Method::OAuth => needs("scope").or_else(|| needs("issuer")).or_else(|| {
            let both = has("map") && rule.option("delegate_ident_mapping") == Some("1");
            both.then(|| "`map` and `delegate_ident_mapping` exclude each other".to_owned())
        }),
        Method::Ldap => {
            let simple = has("ldapprefix") || has("ldapsuffix");
            let search = [
                "ldapbasedn",
                "ldapbinddn",
                "ldapbindpasswd",
                "ldapsearchattribute",
                "ldapsearchfilter",
            ];
            if simple && search.into_iter().any(has) {
                return Some(
                    "LDAP options for simple bind and for search and bind are mixed".to_owned(),
                );
            }
            if has("ldapsearchattribute") && has("ldapsearchfilter") {
                return Some(
                    "`ldapsearchattribute` and `ldapsearchfilter` exclude each other".to_owned(),
                );
            }
            let enough = simple || has("ldapbasedn") || has("ldapurl");
            (!enough).then(|| {
                "method `ldap` needs `ldapbasedn`, `ldapprefix` or `ldapsuffix`".to_owned()
            })
        }
        _ => None,
    }
}
