use dbgen::diagnostic::page::{all_pages, page};

use crate::fixture::{DUPLICATE, RULES};

#[test]
fn a_page_has_its_code_and_severity_as_header() {
    insta::assert_snapshot!(page(&DUPLICATE));
}

#[test]
fn the_document_has_all_rules_by_code() {
    insta::assert_snapshot!(all_pages(&RULES));
}
