//! What the names of parameters are, each looked up once.

use std::collections::HashMap;

use super::Scope;
use crate::declaration::Setting;
use crate::postgres::parameter::Lookup;

/// Every declared setting in its order, with what its name is. Most declarations name the same few parameters.
pub fn each<'d>(scope: &Scope<'d>, mut visit: impl FnMut(&'d Setting, &Lookup)) {
    let mut known: HashMap<&str, Lookup> = HashMap::new();
    for setting in scope.settings().flatten() {
        let name = &*setting.name.value;
        visit(
            setting,
            known.entry(name).or_insert_with(|| Lookup::of(name)),
        );
    }
}
