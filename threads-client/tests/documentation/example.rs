//! Examples in documentation.

/// A block of code that rustdoc compiles.
pub(crate) struct Example {
    /// The lines that are shown.
    pub(crate) shown: String,
    /// The lines that are hidden.
    hidden: String,
}

/// All examples of a documentation.
pub(crate) fn of(docs: &str) -> Vec<Example> {
    let mut examples = Vec::new();
    let mut block: Option<(bool, Example)> = None;
    for line in docs.lines().map(str::trim) {
        let Some(fence) = line.strip_prefix("```") else {
            if let Some((_, example)) = &mut block {
                example.add(line);
            }
            continue;
        };
        block = match block.take() {
            None => Some((is_compiled(fence), Example::empty())),
            Some((is_compiled, example)) => {
                examples.extend(is_compiled.then_some(example));
                None
            }
        };
    }
    examples
}

fn is_compiled(fence: &str) -> bool {
    matches!(fence, "" | "rust" | "no_run")
}

impl Example {
    fn empty() -> Self {
        Self {
            shown: String::new(),
            hidden: String::new(),
        }
    }

    fn add(&mut self, line: &str) {
        let lines = if line == "#" || line.starts_with("# ") {
            &mut self.hidden
        } else if line.starts_with("//") {
            return;
        } else {
            &mut self.shown
        };
        lines.push_str(line);
        lines.push('\n');
    }

    /// Whether the name is in the lines that are shown, outside of `use`.
    pub(crate) fn uses(&self, name: &str) -> bool {
        let mut is_import = false;
        self.shown.lines().any(|line| {
            let starts_import = line.starts_with("use ");
            is_import |= starts_import;
            let found = !is_import && words(line).any(|word| word == name);
            is_import &= !line.ends_with(';');
            found
        })
    }

    /// Whether the name is anywhere.
    pub(crate) fn names(&self, name: &str) -> bool {
        words(&self.shown)
            .chain(words(&self.hidden))
            .any(|word| word == name)
    }

    /// Whether a method of this name is called in the lines that are shown, on whatever type.
    pub(crate) fn calls(&self, method: &str) -> bool {
        self.shown.match_indices(method).any(|(start, _)| {
            let (before, after) = (&self.shown[..start], &self.shown[start + method.len()..]);
            let is_call = after.starts_with('(') || after.starts_with("::<");
            before.ends_with('.') && is_call
        })
    }

    /// Whether `Type::member` is in the lines that are shown.
    pub(crate) fn has_path(&self, owner: &str, member: &str) -> bool {
        let path = format!("{owner}::{member}");
        self.shown.match_indices(&path).any(|(start, _)| {
            let is_part = |character: char| character.is_alphanumeric() || character == '_';
            !self.shown[..start].ends_with(is_part)
                && !self.shown[start + path.len()..].starts_with(is_part)
        })
    }
}

fn words(code: &str) -> impl Iterator<Item = &str> {
    code.split(|character: char| !(character.is_alphanumeric() || character == '_'))
}
