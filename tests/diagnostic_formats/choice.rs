use clap::ValueEnum;
use dbgen::diagnostic::OutputFormat;
use dbgen::diagnostic::color::ColorChoice;

fn names<T: ValueEnum>() -> Vec<String> {
    let values = T::value_variants()
        .iter()
        .filter_map(ValueEnum::to_possible_value);
    values.map(|value| value.get_name().to_string()).collect()
}

#[test]
fn the_choices_have_their_documented_names() {
    assert_eq!(
        names::<OutputFormat>(),
        ["human", "concise", "json", "github", "sarif"]
    );
    assert_eq!(names::<ColorChoice>(), ["auto", "always", "never"]);
}

#[test]
fn always_and_never_do_not_ask_the_stream() {
    assert_eq!(
        anstream::ColorChoice::from(ColorChoice::Always),
        anstream::ColorChoice::Always
    );
    assert_eq!(
        anstream::ColorChoice::from(ColorChoice::Never),
        anstream::ColorChoice::Never
    );
}
