//! Reads the JSON objects that the library answers: no more than it writes.

use crate::{Code, Error, Result};
use std::collections::BTreeMap;

/// A value of JSON. Numbers stay as they are written.
#[derive(Clone, Debug, PartialEq)]
pub enum Json {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number, in its own characters.
    Number(String),
    /// A text.
    Text(String),
    /// An array.
    Array(Vec<Json>),
    /// An object.
    Object(BTreeMap<String, Json>),
}

const DEEPEST: usize = 128;

impl Json {
    /// Reads one value, and nothing behind it.
    pub fn parse(text: &str) -> Result<Json> {
        let mut parser = Parser { text, at: 0, depth: 0 };
        match parser.value() {
            Some(value) if parser.skip_space().is_none() => Ok(value),
            _ => Err(Error::new(Code::InvalidArgument, format!("this is no JSON at byte {}", parser.at))),
        }
    }

    /// The member of an object.
    pub fn get(&self, name: &str) -> Option<&Json> {
        match self {
            Json::Object(members) => members.get(name),
            _ => None,
        }
    }

    /// The text, where it is one.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Json::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The number, where it is one that fits.
    pub fn as_u64(&self) -> Option<u64> {
        match self {
            Json::Number(digits) => digits.parse().ok(),
            _ => None,
        }
    }

    /// The elements, where it is an array.
    pub fn as_array(&self) -> Option<&[Json]> {
        match self {
            Json::Array(elements) => Some(elements),
            _ => None,
        }
    }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
}

impl Parser<'_> {
    fn next_byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// The next byte that is no space.
    fn skip_space(&mut self) -> Option<u8> {
        while matches!(self.next_byte(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
        self.next_byte()
    }

    fn take(&mut self, word: &str) -> Option<()> {
        self.text[self.at..].starts_with(word).then(|| self.at += word.len())
    }

    fn value(&mut self) -> Option<Json> {
        match self.skip_space()? {
            b'n' => self.take("null").map(|_| Json::Null),
            b't' => self.take("true").map(|_| Json::Bool(true)),
            b'f' => self.take("false").map(|_| Json::Bool(false)),
            b'"' => self.string().map(Json::Text),
            b'[' => self.nested(Parser::array),
            b'{' => self.nested(Parser::object),
            _ => self.number(),
        }
    }

    fn nested(&mut self, read: fn(&mut Self) -> Option<Json>) -> Option<Json> {
        self.depth += 1;
        self.at += 1;
        let value = if self.depth <= DEEPEST { read(self) } else { None };
        self.depth -= 1;
        value
    }

    /// Whether another element follows; the end is taken.
    fn goes_on(&mut self, is_first: bool, end: u8) -> Option<bool> {
        let next = self.skip_space()?;
        if next == end {
            self.at += 1;
            return Some(false);
        }
        if !is_first {
            self.take(",")?;
        }
        Some(true)
    }

    fn array(&mut self) -> Option<Json> {
        let mut elements = Vec::new();
        while self.goes_on(elements.is_empty(), b']')? {
            elements.push(self.value()?);
        }
        Some(Json::Array(elements))
    }

    fn object(&mut self) -> Option<Json> {
        let mut members = BTreeMap::new();
        while self.goes_on(members.is_empty(), b'}')? {
            self.skip_space()?;
            let name = self.string()?;
            self.skip_space()?;
            self.take(":")?;
            members.insert(name, self.value()?);
        }
        Some(Json::Object(members))
    }

    fn number(&mut self) -> Option<Json> {
        let digits: String =
            self.text[self.at..].chars().take_while(|c| c.is_ascii_digit() || "+-.eE".contains(*c)).collect();
        self.at += digits.len();
        digits.parse::<f64>().ok().map(|_| Json::Number(digits))
    }

    fn string(&mut self) -> Option<String> {
        self.take("\"")?;
        let mut text = String::new();
        loop {
            let rest = &self.text[self.at..];
            let plain = rest.find(|c| matches!(c, '"' | '\\'))?;
            text.push_str(&rest[..plain]);
            self.at += plain + 1;
            if rest.as_bytes()[plain] == b'"' {
                return Some(text);
            }
            text.push(self.escaped()?);
        }
    }

    fn escaped(&mut self) -> Option<char> {
        let letter = self.next_byte()?;
        self.at += 1;
        match letter {
            b'n' => Some('\n'),
            b't' => Some('\t'),
            b'r' => Some('\r'),
            b'b' => Some('\u{8}'),
            b'f' => Some('\u{c}'),
            b'u' => self.unicode(),
            b'"' | b'\\' | b'/' => Some(letter.into()),
            _ => None,
        }
    }

    fn unicode(&mut self) -> Option<char> {
        let first = self.hex()?;
        if !(0xd800..0xdc00).contains(&first) {
            return char::from_u32(first);
        }
        self.take("\\u")?;
        let second = self.hex()?.checked_sub(0xdc00).filter(|low| *low < 0x400)?;
        char::from_u32(0x10000 + ((first - 0xd800) << 10) + second)
    }

    fn hex(&mut self) -> Option<u32> {
        let digits = self.text.get(self.at..self.at + 4)?;
        self.at += 4;
        u32::from_str_radix(digits, 16).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::Json;

    #[test]
    fn reads_what_the_library_writes() {
        let json = Json::parse(r#" {"a": [1, -2.50, true, null], "b\n": "\u00e4\ud83d\ude00\/", "c": {}} "#).unwrap();
        assert_eq!(json.get("a").unwrap().as_array().unwrap()[1], Json::Number("-2.50".into()));
        assert_eq!(json.get("b\n").unwrap().as_str(), Some("ä😀/"));
        assert_eq!(json.get("c"), Some(&Json::Object(Default::default())));
        assert_eq!(Json::parse("18446744073709551615").unwrap().as_u64(), Some(u64::MAX));
    }

    #[test]
    fn refuses_what_is_none() {
        let deep = "[".repeat(100_000);
        for text in
            ["", "{", "[1,]", "{\"a\" 1}", "\"a", "\"\\u12\"", "\"\\ud800x\"", "1 2", "nul", "[1 2]", "\"\\é\"", &deep]
        {
            assert!(Json::parse(text).is_err(), "{:.20}", text);
        }
    }
}
