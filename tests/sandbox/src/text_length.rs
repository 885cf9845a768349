//! How long a text is in the reading of the limit that Meta's page gives.

/// The characters of a text, where each emoji counts as its UTF-8 bytes.
pub(crate) fn emoji_bytes(text: &str) -> usize {
    text.chars()
        .map(|character| {
            if is_emoji(character) {
                character.len_utf8()
            } else {
                1
            }
        })
        .sum()
}

/// Whether a character is an emoji or part of one; near enough for a stand-in.
fn is_emoji(character: char) -> bool {
    matches!(
        character,
        '\u{200D}' | '\u{20E3}' | '\u{FE0F}' | '\u{2600}'..='\u{27BF}' | '\u{2B00}'..='\u{2BFF}'
            | '\u{1F000}'..='\u{1FAFF}' | '\u{E0020}'..='\u{E007F}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_count_once_and_emojis_by_their_bytes() {
        assert_eq!(emoji_bytes("é’語"), 3);
        assert_eq!(emoji_bytes("a😀"), 5);
        assert_eq!(emoji_bytes("☕"), 3);
    }
}
