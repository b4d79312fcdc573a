//! Whether colours are wanted, decided once at the edge.

use anstream::stream::RawStream;
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

impl ColorChoice {
    /// Whether text that goes to `stream` gets colours.
    pub fn is_wanted(self, stream: &impl RawStream) -> bool {
        match self {
            ColorChoice::Auto => {
                anstream::AutoStream::choice(stream) != anstream::ColorChoice::Never
            }
            ColorChoice::Always => true,
            ColorChoice::Never => false,
        }
    }
}
