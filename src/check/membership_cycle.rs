//! Roles that are members of each other.

use std::collections::HashMap;

use super::{Findings, Scope};
use crate::declaration::Text;
use crate::diagnostic::{Diagnostic, phrase, rule};

rule! {
    /// ## What it does
    /// Finds roles that are, over one or several memberships, members of themselves.
    ///
    /// ## Why is this bad?
    /// PostgreSQL refuses the membership that closes the circle. Which one that is depends on the order, so the rights
    /// of the roles would be left to chance.
    ///
    /// ## Example
    /// ```toml
    /// [[services.grafana.roles]]
    /// name = "reader"
    /// memberOf = ["staff"]
    ///
    /// [[services.grafana.roles]]
    /// name = "staff"
    /// memberOf = ["reader"]
    /// ```
    /// Use instead:
    /// ```toml
    /// [[services.grafana.roles]]
    /// name = "reader"
    ///
    /// [[services.grafana.roles]]
    /// name = "staff"
    /// memberOf = ["reader"]
    /// ```
    pub MEMBERSHIP_CYCLE = "membership-cycle", Error
}

/// The memberships of a role: whose member it becomes, at the place that says so.
type Graph<'d> = HashMap<&'d str, Vec<&'d Text>>;

/// Applies the rule: walks over the memberships in depth and tells of each one that leads back to a role on the way.
/// The way is kept in a list, so its length costs no stack.
pub fn check(scope: &Scope, findings: &mut Findings) {
    let mut graph: Graph = HashMap::new();
    for (_, role) in scope.declarations.roles() {
        let memberships = role.member_of.iter().map(|membership| &membership.role);
        graph
            .entry(&role.name.value)
            .or_default()
            .extend(memberships);
    }
    let mut states: HashMap<&str, State> = HashMap::new();
    for (_, role) in scope.declarations.roles() {
        if !states.contains_key(&*role.name.value) {
            walk(&graph, &role.name.value, &mut states, findings);
        }
    }
}

#[derive(Clone, Copy)]
enum State {
    /// On the way, at this step.
    OnTheWay(usize),
    /// All that it leads to has been seen.
    Done,
}

/// One step of the way.
struct Step<'d> {
    role: &'d str,
    /// The membership that led on from here.
    through: Option<&'d Text>,
    /// How many of its memberships have been followed.
    followed: usize,
}

fn walk<'d>(
    graph: &Graph<'d>,
    start: &'d str,
    states: &mut HashMap<&'d str, State>,
    findings: &mut Findings,
) {
    let mut way = vec![Step {
        role: start,
        through: None,
        followed: 0,
    }];
    states.insert(start, State::OnTheWay(0));
    while let Some(step) = way.last_mut() {
        let next = graph
            .get(step.role)
            .and_then(|memberships| memberships.get(step.followed))
            .copied();
        let Some(next) = next else {
            states.insert(step.role, State::Done);
            way.pop();
            continue;
        };
        step.followed += 1;
        step.through = Some(next);
        match states.get(&*next.value).copied() {
            Some(State::Done) => {}
            Some(State::OnTheWay(at)) => findings.push(finding(way.get(at..).unwrap_or_default())),
            None => {
                states.insert(&next.value, State::OnTheWay(way.len()));
                way.push(Step {
                    role: &next.value,
                    through: None,
                    followed: 0,
                });
            }
        }
    }
}

/// How many places of a cycle are shown.
const SHOWN: usize = 8;

fn finding(cycle: &[Step]) -> Diagnostic {
    let mut names: Vec<String> = cycle
        .iter()
        .take(SHOWN)
        .map(|step| phrase::backticked(step.role))
        .collect();
    if cycle.len() > SHOWN {
        names.push("...".to_owned());
    }
    let first = cycle.first().map(|step| step.role).unwrap_or_default();
    names.push(phrase::backticked(first));
    let message = match cycle.len() {
        1 => format!("role {} is a member of itself", phrase::backticked(first)),
        _ => format!(
            "role {} is a member of itself: {}",
            phrase::backticked(first),
            names.join(" -> ")
        ),
    };
    let closing = cycle
        .last()
        .and_then(|step| Some((step.role, step.through?)));
    let Some((role, closing)) = closing else {
        return Diagnostic::new(&MEMBERSHIP_CYCLE, Default::default(), message);
    };
    let member = |role: &str, of: &Text| {
        format!(
            "{} is a member of {}",
            phrase::backticked(role),
            phrase::backticked(&of.value)
        )
    };
    let mut finding = Diagnostic::new(&MEMBERSHIP_CYCLE, closing.span, message)
        .label(member(role, closing))
        .help("remove one of these memberships; a member has the rights of the role it is a member of, not the other way round");
    let others = cycle.get(..cycle.len() - 1).unwrap_or_default();
    for (role, of) in others
        .iter()
        .take(SHOWN)
        .filter_map(|step| Some((step.role, step.through?)))
    {
        finding = finding.related(of.span, member(role, of));
    }
    finding
}
