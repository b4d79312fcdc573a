fn main() {
    let mut catalog = dbgen::declaration::load::load(&dbgen::declaration::load::Input {
        paths: std::env::args().skip(1).map(Into::into).collect(),
        ..Default::default()
    })
    .unwrap();
    for f in &catalog.findings {
        eprintln!("{}", f.message);
    }
    let c = catalog.catalog.take().unwrap();
    print!(
        "{}",
        dbgen::emit::sql::script(
            c.instances.get("main").unwrap(),
            &dbgen::emit::sql::Secrets::None
        )
    );
}
