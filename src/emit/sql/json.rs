//! JSON that a person can read: each field of a document and each item of its lists on a line of its own.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};

/// Down to which depth there are lines: the document, and the lists in it.
const LINES: usize = 2;

/// The document as JSON.
pub fn to_json(document: &impl Serialize) -> String {
    let mut out = Vec::new();
    // Structs of texts, numbers and lists can't fail to be JSON, nor can writing to memory.
    let _ = document.serialize(&mut Serializer::with_formatter(&mut out, Lines::default()));
    String::from_utf8(out).unwrap_or_default()
}

#[derive(Default)]
struct Lines {
    depth: usize,
    has_items: bool,
}

impl Lines {
    fn open<W: Write + ?Sized>(&mut self, writer: &mut W, bracket: &[u8]) -> io::Result<()> {
        self.depth += 1;
        self.has_items = false;
        writer.write_all(bracket)
    }

    fn item<W: Write + ?Sized>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.has_items = true;
        let separator = match (first, self.depth <= LINES) {
            (true, true) => "\n",
            (true, false) => "",
            (false, true) => ",\n",
            (false, false) => ", ",
        };
        writer.write_all(separator.as_bytes())
    }

    fn close<W: Write + ?Sized>(&mut self, writer: &mut W, bracket: &[u8]) -> io::Result<()> {
        if self.has_items && self.depth <= LINES {
            writer.write_all(b"\n")?;
        }
        self.depth -= 1;
        self.has_items = true;
        writer.write_all(bracket)
    }
}

impl Formatter for Lines {
    fn begin_array<W: Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        self.open(writer, b"[")
    }

    fn end_array<W: Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        self.close(writer, b"]")
    }

    fn begin_array_value<W: Write + ?Sized>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> io::Result<()> {
        self.item(writer, first)
    }

    fn begin_object<W: Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        self.open(writer, b"{")
    }

    fn end_object<W: Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        self.close(writer, b"}")
    }

    fn begin_object_key<W: Write + ?Sized>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> io::Result<()> {
        self.item(writer, first)
    }

    fn begin_object_value<W: Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b": ")
    }
}
