//! Services as people declare them: two databases each, the second with parameters of its own.

use std::fs;
use std::io;
use std::path::Path;

/// The numbers of services that are measured.
pub const SIZES: [usize; 4] = [10, 100, 1_000, 10_000];

fn name(number: usize) -> String {
    format!("service-{number:05}")
}

/// One service below `table`, such as `services.immich.`; nothing for a file that is named like the service.
fn service(name: &str, table: &str, number: usize) -> String {
    let (timeout, memory) = (10 + number % 50, 4 + number % 8);
    format!(
        r#"enable = true

[[{table}databases]]
type = "postgresql"
name = "{name}"
user = "{name}"
port = 5432

[[{table}databases]]
type = "postgresql"
name = "{name}-events"
user = "{name}-events"
port = 5432

[{table}databases.extraConfig]
statement_timeout = "{timeout}s"
work_mem = "{memory}MB"

"#
    )
}

/// All services as one text in TOML.
pub fn one_text(services: usize) -> String {
    let each = (0..services).map(|number| {
        let name = name(number);
        let table = format!("services.{name}");
        format!(
            "[{table}]\n{}",
            service(&name, &format!("{table}."), number)
        )
    });
    each.collect()
}

/// The same services, each in a file of its own in `folder`.
#[allow(dead_code, reason = "not every bench needs it")]
pub fn write_one_file_each(folder: &Path, services: usize) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    (0..services).try_for_each(|number| {
        let name = name(number);
        fs::write(
            folder.join(format!("{name}.toml")),
            service(&name, "", number),
        )
    })
}
