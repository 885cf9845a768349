//! Drafts that were kept as JSON, and the texts, links and topics in them.

use std::collections::HashSet;

use threads_client::{
    Draft, DraftGif, DraftPoll, DraftSpoiler, DraftStyling, DraftTextAttachment, DraftTextStyle,
    DraftWarning, in_text_tags, text_length, unique_links,
};
use url::Url;

use crate::promise::text;

/// A draft that is read is written and read again as the same draft, and its rules say the same twice.
pub fn draft(bytes: &[u8]) {
    let Ok(draft) = serde_json::from_slice::<Draft>(bytes) else {
        return;
    };
    let written = serde_json::to_vec(&draft);
    let again = written
        .ok()
        .and_then(|bytes| serde_json::from_slice::<Draft>(&bytes).ok());
    assert_eq!(again.as_ref(), Some(&draft));
    rules(&draft);
}

/// Any text as the text, the topic and the description of a draft.
pub fn texts(bytes: &[u8]) {
    let text = text(bytes);
    let length = text_length(&text);
    assert!(length.code_points <= length.bytes && length.bytes <= 4 * length.code_points);

    rules(&Draft::text(text.clone()));
    rules(&Draft::text("x").topic_tag(text.clone()));
    rules(&Draft::poll("x", DraftPoll::new(text.clone(), "y")));
    rules(&Draft::gif(DraftGif::giphy(text.clone())));
    marked(&text);
    for tag in in_text_tags(&text) {
        assert!((1..=50).contains(&tag.chars().count()), "{tag} is no tag");
        assert!(text.contains(&format!("#{tag}")), "{tag} is not there");
    }
    if let Ok(address) = Url::parse(&text) {
        rules(&Draft::image(address.clone()).alt_text(text));
        rules(&Draft::text("x").link_attachment(address));
    }
}

/// Parts of a text that are in it in bytes, and may be beyond it in anything else.
fn marked(text: &str) {
    let bytes = u32::try_from(text.len()).unwrap_or(u32::MAX);
    for (offset, length) in [(0, bytes), (bytes / 2, bytes / 3), (bytes, u32::MAX)] {
        let style = DraftTextStyle::new(offset, length, [DraftStyling::Bold]);
        rules(&Draft::text(text).spoiler(DraftSpoiler::new(offset, length)));
        rules(&Draft::text_attachment(
            DraftTextAttachment::new(text).style(style),
        ));
    }
}

fn rules(draft: &Draft) {
    let verdict = draft.validate();
    assert_eq!(verdict, draft.validate());
    if let Err(error) = &verdict {
        assert!(error.to_string().len() <= 300, "a long message");
    }
    for warning in draft.warnings() {
        if let DraftWarning::TextOverByteLimit { bytes } = warning {
            assert_eq!(draft.text.as_deref().map(str::len), Some(bytes));
        }
    }
    let links = unique_links(draft);
    let different: HashSet<&String> = links.iter().collect();
    assert_eq!(different.len(), links.len(), "a link is counted twice");
    if verdict.is_ok() {
        let text = draft.text.as_deref().unwrap_or_default();
        assert!(text_length(text).code_points <= 500);
        assert!(links.len() <= 5);
        for link in &links {
            let address = Url::parse(link);
            assert!(
                address.is_ok_and(|address| address.has_host()),
                "{link} is no link"
            );
        }
    }
}
