//! The rules, each of which names what breaks it.

use crate::Documentation;
use crate::example::{self, Example};
use crate::source::{Item, Kind};

const PAGE: &str = "](https://developers.facebook.com/";

pub(crate) fn types_and_functions(documentation: &Documentation, item: &Item) -> Vec<String> {
    if item.owner.is_some() {
        return Vec::new();
    }
    let examples = example::of(&item.docs);
    let is_used = |example: &Example| {
        example.uses(&item.name)
            || documentation
                .methods_of(&item.name)
                .any(|method| example.calls(&method.name))
    };
    complaint(
        examples.iter().any(is_used),
        item,
        "an example that uses it",
    )
}

pub(crate) fn calls_have_examples(documentation: &Documentation, item: &Item) -> Vec<String> {
    if !item.is_call() {
        return Vec::new();
    }
    let mut examples = example::of(&item.docs);
    if let Some(owner) = request_of(documentation, item) {
        examples.extend(example::of(&owner.docs));
    }
    let is_shown = examples.iter().any(|example| is_used(example, item));
    complaint(is_shown, item, "an example of its own")
}

pub(crate) fn methods_are_used(documentation: &Documentation, item: &Item) -> Vec<String> {
    let Some(owner) = item.owner.as_deref().filter(|_| !item.is_call()) else {
        return Vec::new();
    };
    let own = example::of(&item.docs);
    let of_type = documentation
        .item(owner)
        .map(|owner| example::of(&owner.docs));
    let is_used = own
        .iter()
        .chain(of_type.iter().flatten())
        .any(|example| is_used(example, item))
        || documentation
            .examples
            .iter()
            .any(|example| example.names(owner) && is_used(example, item));
    complaint(is_used, item, "a use in an example")
}

pub(crate) fn calls_name_their_facts(documentation: &Documentation, item: &Item) -> Vec<String> {
    if !item.is_call() {
        return Vec::new();
    }
    let mut broken = complaint(item.docs.contains("# Errors"), item, "the errors");
    match request_of(documentation, item) {
        None => broken.extend(page_and_scopes(item)),
        Some(request) => {
            let makers: Vec<&str> = links(&request.docs).collect();
            broken.extend(complaint(
                !makers.is_empty(),
                item,
                "a link to what makes it",
            ));
            for maker in makers {
                match documentation.item(maker) {
                    Some(maker) => broken.extend(page_and_scopes(maker)),
                    None => broken.push(format!("{}: `{maker}` is not there", request.name)),
                }
            }
        }
    }
    broken
}

pub(crate) fn examples_do_not_unwrap(_: &Documentation, item: &Item) -> Vec<String> {
    let unwraps = |example: &Example| example.calls("unwrap") || example.calls("expect");
    let is_kept = !example::of(&item.docs).iter().any(unwraps);
    complaint(is_kept, item, "examples without `unwrap`")
}

fn page_and_scopes(item: &Item) -> Vec<String> {
    let mut broken = complaint(item.docs.contains(PAGE), item, "Meta's page");
    let has_scopes = item.docs.lines().any(names_scopes);
    broken.extend(complaint(has_scopes, item, "the scopes"));
    broken
}

fn names_scopes(line: &str) -> bool {
    line.strip_prefix("Scope: ")
        .or_else(|| line.strip_prefix("Scopes: "))
        .is_some_and(|scopes| {
            ["`threads_", "those of ", "none", "any"]
                .iter()
                .any(|start| scopes.starts_with(start))
        })
}

/// The request that the call sends, if that is what it belongs to.
fn request_of<'d>(documentation: &'d Documentation, call: &Item) -> Option<&'d Item> {
    let owner = call.owner.as_deref()?;
    owner
        .ends_with("Request")
        .then(|| documentation.item(owner))
        .flatten()
}

fn is_used(example: &Example, item: &Item) -> bool {
    let is_method = item.owner.is_some() && item.kind == Kind::Function;
    let owner = item.owner.as_deref();
    is_method && example.calls(&item.name)
        || owner.is_some_and(|owner| example.has_path(owner, &item.name))
        || owner.is_none() && example.uses(&item.name)
}

/// The methods that the first paragraph of a documentation links to.
fn links(docs: &str) -> impl Iterator<Item = &str> {
    let paragraph = docs.split("\n\n").next().unwrap_or_default();
    paragraph
        .split("[`")
        .skip(1)
        .filter_map(|rest| rest.split('`').next())
        .filter(|link| link.contains("::"))
}

fn complaint(is_kept: bool, item: &Item, what: &str) -> Vec<String> {
    if is_kept {
        Vec::new()
    } else {
        vec![format!("{} lacks {what}", item.path())]
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    type Rule = fn(&Documentation, &Item) -> Vec<String>;

    const RULES: [Rule; 5] = [
        types_and_functions,
        calls_have_examples,
        methods_are_used,
        calls_name_their_facts,
        examples_do_not_unwrap,
    ];

    fn judged(source: &str) -> Vec<String> {
        let exports = BTreeSet::from(["Api", "AskRequest", "ask"].map(str::to_owned));
        let documentation = Documentation::new(&exports, &[source.to_owned()], &[]);
        RULES
            .iter()
            .flat_map(|rule| documentation.judge(rule))
            .collect()
    }

    const GOOD: &str = r"
/// An area.
///
/// ```
/// # fn run(api: Api) {
/// api.ask().limit(3);
/// # }
/// ```
pub struct Api;

impl Api {
    /// A request.
    ///
    /// Scope: `threads_a`. See [Meta's page](https://developers.facebook.com/a).
    pub fn ask(self) -> AskRequest {}

    /// A call.
    ///
    /// Scope: `threads_a`. See [Meta's page](https://developers.facebook.com/a).
    ///
    /// ```no_run
    /// # async fn run(api: Api) -> Result<()> {
    /// api.tell().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Some.
    pub async fn tell(self) -> Result<()> {}
}

/// A request; made by [`Api::ask`].
///
/// ```no_run
/// # async fn run(api: Api) -> Result<()> {
/// api.ask().send().await?;
/// # Ok(())
/// # }
/// ```
pub struct AskRequest;

impl AskRequest {
    /// How many.
    ///
    /// ```
    /// # fn run(request: AskRequest) {
    /// request.limit(3);
    /// # }
    /// ```
    pub fn limit(self, limit: u8) -> Self {}

    /// Sends it.
    ///
    /// # Errors
    ///
    /// Some.
    pub async fn send(self) -> Result<()> {}

    fn private(self) {}
}

/// A function.
///
/// ```
/// assert_eq!(ask(), 3);
/// ```
pub fn ask() -> u8 {}
";

    #[test]
    fn a_documentation_that_keeps_the_rules_is_let_through() {
        assert_eq!(judged(GOOD), [""; 0]);
    }

    #[test]
    fn what_breaks_a_rule_is_named() {
        let cases = [
            ("ask(), 3", "tell(), 3", "ask lacks an example that uses it"),
            (
                "/// ```\n/// assert",
                "/// ```text\n/// assert",
                "ask lacks an example that uses it",
            ),
            (
                "/// assert",
                "/// # assert",
                "ask lacks an example that uses it",
            ),
            (
                "api.ask().limit(3)",
                "other()",
                "Api lacks an example that uses it",
            ),
            (
                "api.tell()",
                "api.say()",
                "Api::tell lacks an example of its own",
            ),
            (
                ".send().await",
                ".sent().await",
                "AskRequest::send lacks an example of its own",
            ),
            (
                "request.limit(3)",
                "request.most(3)",
                "AskRequest::limit lacks a use in an example",
            ),
            (
                "[`Api::ask`]",
                "an area",
                "AskRequest::send lacks a link to what makes it",
            ),
            (
                "[`Api::ask`]",
                "[`Api::say`]",
                "AskRequest: `Api::say` is not there",
            ),
            (
                "    /// Scope: `threads_a`. See",
                "    /// See",
                "Api::ask lacks the scopes",
            ),
            (
                "https://developers.facebook.com",
                "https://a.example",
                "Api::tell lacks Meta's page",
            ),
            (
                "    /// # Errors",
                "    /// Errors",
                "Api::tell lacks the errors",
            ),
            (
                "api.tell().await?",
                "api.tell().await.unwrap()",
                "Api::tell lacks examples without `unwrap`",
            ),
        ];
        for (part, replacement, expected) in cases {
            assert!(GOOD.contains(part), "{part}");
            let broken = judged(&GOOD.replace(part, replacement));
            assert!(
                broken.iter().any(|broken| broken == expected),
                "{expected}: {broken:?}"
            );
        }
    }
}
