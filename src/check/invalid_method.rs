//! An authentication method that does not fit its rule, or with options that it does not have.

use super::{Findings, Scope};
use crate::catalog::access::{self, declared};
use crate::declaration::{Client, Rule};
use crate::diagnostic::{Diagnostic, phrase, rule};
use crate::postgres::Version;
use crate::postgres::hba::{self, ConnectionType, Method, Unwritable};
use crate::source::Span;

rule! {
    /// ## What it does
    /// Finds methods that are impossible for the kind of connection (`peer` over TCP, `cert` without TLS, `gss` over the
    /// socket), and options that the method does not take or that it lacks.
    ///
    /// ## Why is this bad?
    /// The server refuses a pg_hba.conf with such a rule as a whole: it does not start, or goes on with the old rules.
    ///
    /// ## Example
    /// ```toml
    /// [[instances.main.authentication]]
    /// type = "host"
    /// databases = "all"
    /// users = "all"
    /// address = "10.0.0.0/8"
    /// method = "peer"
    /// ```
    /// Use instead:
    /// ```toml
    /// [[instances.main.authentication]]
    /// type = "host"
    /// databases = "all"
    /// users = "all"
    /// address = "10.0.0.0/8"
    /// method = "scram-sha-256"
    /// ```
    pub INVALID_METHOD = "invalid-method", Error
}

/// Applies the rule.
pub fn check(scope: &Scope, findings: &mut Findings) {
    let version = scope.version().unwrap_or(Version::NEWEST);
    for rule in scope.declarations.authentication() {
        findings.extend(of_rule(rule, version));
    }
    for client in scope
        .declarations
        .databases()
        .flat_map(|(_, database)| &database.clients)
    {
        findings.extend(of_client(client));
    }
}

fn of_rule(rule: &Rule, version: Version) -> Option<Diagnostic> {
    let connection = ConnectionType::from_keyword(&rule.connection.value)?;
    let method = access::method(&rule.method.value)?;
    if let Some((message, label, help)) = unfit(method, connection) {
        return Some(
            Diagnostic::new(&INVALID_METHOD, rule.method.span, message)
                .label(label)
                .help(help),
        );
    }
    // unsupported-by-version tells of a method that the server does not have yet.
    if method.since() > version.major() {
        return None;
    }
    let lowered = declared::lower(rule, version.major())?.into_iter().next()?;
    // The server's own reading of the line knows all about options.
    let error = match hba::print(&lowered, version.major()) {
        Ok(line) => {
            let (_, errors) = hba::parse(&line, version.major(), None);
            errors.into_iter().next()?.message
        }
        Err(error) => {
            // Other rules tell of what can't be written beside the options.
            let alone = hba::Rule {
                options: [].into(),
                ..lowered
            };
            hba::print(&alone, version.major()).ok()?;
            match error {
                Unwritable::OptionName(name) => {
                    format!("there is no option {}", phrase::backticked(&name))
                }
                error => error.to_string(),
            }
        }
    };
    let named = rule.options.iter().find(|(name, _)| {
        let name = &name.value;
        error.contains(&format!("`{name}`")) || error.contains(&format!("`{name}="))
    });
    let span = named.map_or(rule.method.span, |(name, _)| name.span);
    let near = named
        .and_then(|(name, _)| phrase::did_you_mean(method.options().iter().copied(), &name.value));
    let label = match (near, named) {
        (Some(near), _) => format!("did you mean {}?", phrase::backticked(near)),
        (None, Some((name, _))) if method.options().contains(&&*name.value) => {
            "not with this value".to_owned()
        }
        (None, Some(_)) => "an option that is not taken here".to_owned(),
        (None, None) => "an option is missing".to_owned(),
    };
    let help = match method.options() {
        [] => format!(
            "{} takes no options of its own",
            phrase::backticked(method.keyword())
        ),
        [only] => format!(
            "{} takes the option {}",
            phrase::backticked(method.keyword()),
            phrase::backticked(only)
        ),
        options => format!(
            "{} takes the options {}",
            phrase::backticked(method.keyword()),
            phrase::and_list(options)
        ),
    };
    Some(
        Diagnostic::new(&INVALID_METHOD, span, error)
            .label(label)
            .help(help),
    )
}

fn of_client(client: &Client) -> Option<Diagnostic> {
    let said = client.method.as_ref()?;
    let tls = client.tls.is_some_and(|tls| tls.value);
    let connection = if tls {
        ConnectionType::HostSsl
    } else {
        ConnectionType::Host
    };
    let method = access::method(&said.value)?;
    let Some((message, label, help)) = unfit(method, connection) else {
        return lacks_options(method, said.span);
    };
    let help = if method == Method::Cert {
        "add `tls = true`, or use `scram-sha-256`"
    } else {
        help
    };
    Some(
        Diagnostic::new(&INVALID_METHOD, said.span, message)
            .label(label)
            .help(help),
    )
}

/// A client has no options, which some methods can't be without.
fn lacks_options(method: Method, span: Span) -> Option<Diagnostic> {
    let keyword = method.keyword();
    let needs = matches!(method, Method::Ldap | Method::Radius | Method::OAuth);
    needs.then(|| {
        Diagnostic::new(&INVALID_METHOD, span, format!("the method `{keyword}` needs options, and a client has none"))
            .label("an option is missing")
            .help("write a rule with `options` under `[[instances.main.authentication]]`, or use `scram-sha-256`")
    })
}

fn unfit(method: Method, connection: ConnectionType) -> Option<(String, String, &'static str)> {
    let shown = phrase::backticked(method.keyword());
    if method.fits(connection) {
        return None;
    }
    let message = format!(
        "the method {shown} is impossible for a {} rule",
        phrase::backticked(connection.keyword())
    );
    let (label, help) = match method {
        Method::Peer => (
            "asks the operating system who is at the other end of the socket",
            "use `scram-sha-256`, or make it a `local` rule",
        ),
        Method::Cert => ("needs a TLS connection", "make it a `hostssl` rule"),
        _ => ("works over TCP only", "use `peer`"),
    };
    Some((message, label.to_owned(), help))
}
