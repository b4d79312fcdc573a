//! Colours of what people read. Whether they are wanted is decided at the edge; every text is made with a [`Paint`].

use anstyle::{AnsiColor, Style};
use clap::ValueEnum;

/// What the user said with `--color`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ColorChoice {
    /// On a terminal, unless `NO_COLOR`, `CLICOLOR=0` or `TERM=dumb` say no; `CLICOLOR_FORCE` says yes.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl From<ColorChoice> for anstream::ColorChoice {
    fn from(choice: ColorChoice) -> anstream::ColorChoice {
        match choice {
            ColorChoice::Auto => anstream::ColorChoice::Auto,
            ColorChoice::Always => anstream::ColorChoice::Always,
            ColorChoice::Never => anstream::ColorChoice::Never,
        }
    }
}

/// What a piece of text means to who reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// A heading.
    Strong,
    /// As it shall be, or added.
    Good,
    /// Wrong, or taken away.
    Bad,
    /// To be looked at.
    Warn,
    /// What to do, and where.
    Hint,
    /// Beside the point.
    Quiet,
}

impl Tone {
    fn style(self) -> Style {
        let style = Style::new();
        match self {
            Tone::Strong => style.bold(),
            Tone::Good => AnsiColor::Green.on_default(),
            Tone::Bad => AnsiColor::BrightRed.on_default().bold(),
            Tone::Warn => AnsiColor::Yellow.on_default(),
            Tone::Hint => AnsiColor::BrightCyan.on_default(),
            Tone::Quiet => style.dimmed(),
        }
    }
}

/// Whether text gets colours. By default it does not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Paint {
    /// Whether it does.
    pub wanted: bool,
}

impl Paint {
    /// The text in this tone. What has a width has it before: colours have none.
    pub fn text(self, tone: Tone, text: &str) -> String {
        if !self.wanted || text.is_empty() {
            return text.to_owned();
        }
        let style = tone.style();
        format!("{style}{text}{style:#}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_has_colours_only_where_they_are_wanted() {
        assert_eq!(Paint::default().text(Tone::Good, "yes"), "yes");
        let paint = Paint { wanted: true };
        assert_eq!(paint.text(Tone::Good, "yes"), "\x1b[32myes\x1b[0m");
        assert_eq!(paint.text(Tone::Good, ""), "");
    }
}
