//! Public items in source files, with their documentation.
//!
//! Reads the files as rustfmt leaves them: items and the ends of their blocks stand at the margin, members of an
//! `impl` four columns from it. What the macros of this crate make is found from their bodies and their calls.

use std::collections::BTreeSet;

/// Something that is `pub`.
#[derive(Debug, Clone)]
pub(crate) struct Item {
    pub(crate) kind: Kind,
    /// The type that it belongs to.
    pub(crate) owner: Option<String>,
    pub(crate) name: String,
    /// All lines of its documentation.
    pub(crate) docs: String,
    signature: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Type,
    Function,
    Constant,
}

impl Item {
    pub(crate) fn path(&self) -> String {
        match &self.owner {
            Some(owner) => format!("{owner}::{}", self.name),
            None => self.name.clone(),
        }
    }

    /// Whether it talks to Meta: nothing else here is asynchronous.
    pub(crate) fn is_call(&self) -> bool {
        self.kind == Kind::Function
            && (self.signature.contains("async fn ") || self.signature.contains("Stream<Item"))
    }
}

/// The names that `lib.rs` exports.
pub(crate) fn exports(lib: &str) -> BTreeSet<String> {
    lib.split("\npub use ")
        .skip(1)
        .filter_map(|rest| rest.split(';').next())
        .flat_map(|path| {
            let list = path.rsplit("::").next().unwrap_or_default();
            list.trim_matches(['{', '}'])
                .split(',')
                .map(|name| name.trim().to_owned())
                .filter(|name| !name.is_empty())
                .collect::<Vec<_>>()
        })
        .collect()
}

/// All public items of the files.
pub(crate) fn items(files: &[String]) -> Vec<Item> {
    let mut reader = Reader::default();
    for file in files {
        reader.read(file);
    }
    reader.expand()
}

#[derive(Default)]
struct Reader {
    items: Vec<Item>,
    macros: Vec<Macro>,
    calls: Vec<MacroCall>,
}

struct Macro {
    name: String,
    /// The item that it declares, if it does, and the members that it adds.
    items: Vec<Item>,
}

struct MacroCall {
    name: String,
    /// The type that it is about.
    of: String,
    docs: String,
}

/// What the lines belong to.
enum Place {
    Margin,
    /// The body of an item that has no public members.
    Body,
    Impl(String),
    Macro(Macro),
    MacroCall(String),
}

impl Reader {
    fn read(&mut self, file: &str) {
        let mut place = Place::Margin;
        let mut docs = String::new();
        let mut lines = file.lines();
        while let Some(line) = lines.next() {
            let text = line.trim_start();
            if let Some(doc) = text.strip_prefix("///") {
                docs.push_str(doc.strip_prefix(' ').unwrap_or(doc));
                docs.push('\n');
                continue;
            }
            if text.starts_with("#[") || text.starts_with("//") {
                continue;
            }
            let docs = std::mem::take(&mut docs);
            let is_at_margin = line.len() == text.len();
            if is_at_margin && ends_a_block(line) {
                if let Place::Macro(made) = std::mem::replace(&mut place, Place::Margin) {
                    self.macros.push(made);
                }
                continue;
            }
            match &mut place {
                Place::Margin => place = self.at_margin(line, docs, &mut lines),
                Place::Impl(owner) if line.len() - text.len() == 4 => {
                    self.items
                        .extend(member(text, docs, &mut lines, Some(owner)));
                }
                // The pattern of a macro can look like what it declares.
                Place::Macro(made) if !text.contains(":ident") => {
                    made.items.extend(member(text, docs, &mut lines, None));
                }
                Place::MacroCall(name) => {
                    let declared = text.strip_prefix("pub enum ").unwrap_or(text);
                    self.calls.push(MacroCall {
                        name: std::mem::take(name),
                        of: identifier(declared),
                        docs,
                    });
                    place = Place::Body;
                }
                Place::Body | Place::Impl(_) | Place::Macro(_) => {}
            }
        }
    }

    fn at_margin<'f>(
        &mut self,
        line: &str,
        docs: String,
        lines: &mut impl Iterator<Item = &'f str>,
    ) -> Place {
        if line.starts_with("impl") {
            let header = header(line, lines);
            return match implemented(&header) {
                _ if header.ends_with("{}") => Place::Margin,
                Some(owner) => Place::Impl(owner),
                None => Place::Body,
            };
        }
        if let Some(name) = line.strip_prefix("macro_rules! ") {
            return Place::Macro(Macro {
                name: identifier(name),
                items: Vec::new(),
            });
        }
        if let Some((name, rest)) = line.split_once('!')
            && !name.contains(' ')
        {
            return match rest.strip_prefix('(') {
                Some(of) if line.ends_with(");") => {
                    let (name, of) = (name.to_owned(), identifier(of));
                    self.calls.push(MacroCall { name, of, docs });
                    Place::Margin
                }
                _ => Place::MacroCall(name.to_owned()),
            };
        }
        let mut body = Vec::new();
        let item = member(
            line,
            docs,
            &mut lines.inspect(|line| body.push(*line)),
            None,
        );
        self.items.extend(item);
        let last = body.last().copied().unwrap_or(line);
        if last.ends_with('{') || last.ends_with('(') {
            Place::Body
        } else {
            Place::Margin
        }
    }

    fn expand(mut self) -> Vec<Item> {
        for call in &self.calls {
            let Some(called) = self.macros.iter().find(|made| made.name == call.name) else {
                continue;
            };
            for item in &called.items {
                let mut item = item.clone();
                if item.kind == Kind::Type {
                    item.name.clone_from(&call.of);
                    item.docs.insert_str(0, &call.docs);
                } else {
                    item.owner = Some(call.of.clone());
                }
                self.items.push(item);
            }
        }
        self.items
    }
}

/// The item that a line declares, if it is public.
fn member<'f>(
    line: &str,
    docs: String,
    lines: &mut impl Iterator<Item = &'f str>,
    owner: Option<&str>,
) -> Option<Item> {
    let rest = line.strip_prefix("pub ")?;
    let (kind, name) = [
        ("struct ", Kind::Type),
        ("enum ", Kind::Type),
        ("trait ", Kind::Type),
        ("type ", Kind::Type),
        ("fn ", Kind::Function),
        ("async fn ", Kind::Function),
        ("const fn ", Kind::Function),
        ("const ", Kind::Constant),
    ]
    .into_iter()
    .find_map(|(word, kind)| Some((kind, rest.strip_prefix(word)?)))?;
    let signature = if kind == Kind::Function {
        header(line, lines)
    } else {
        line.to_owned()
    };
    Some(Item {
        kind,
        owner: owner.map(str::to_owned),
        name: identifier(name),
        docs,
        signature,
    })
}

/// Whether a line at the margin is the last one of an item.
fn ends_a_block(line: &str) -> bool {
    line.starts_with(['}', ')', ']']) && line.ends_with(['}', ')', ';'])
}

/// The text up to the body, which may take more lines.
fn header<'f>(line: &str, lines: &mut impl Iterator<Item = &'f str>) -> String {
    let mut header = line.to_owned();
    while !header.ends_with(['{', '}', ';']) {
        let Some(next) = lines.next() else { break };
        header.push(' ');
        header.push_str(next.trim());
    }
    header
}

/// The type that an `impl` without a trait is about.
fn implemented(header: &str) -> Option<String> {
    if header.contains(" for ") {
        return None;
    }
    let rest = header.strip_prefix("impl")?;
    let rest = match rest.strip_prefix('<') {
        Some(parameters) => parameters.split_once("> ")?.1,
        None => rest.trim_start(),
    };
    Some(identifier(rest))
}

/// The name at the start of a text.
fn identifier(text: &str) -> String {
    text.chars()
        .take_while(|character| character.is_alphanumeric() || matches!(character, '_' | '$'))
        .collect()
}
