//! What the first bytes of a file say.

use super::ImageDimensions;
use crate::MediaKind;

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";
const JPEG: &[u8] = b"\xff\xd8\xff";

/// Whether the file is of a format that Meta takes: JPEG or PNG, MP4 or MOV.
pub(super) fn is_of(kind: MediaKind, start: &[u8]) -> bool {
    match kind {
        MediaKind::Image => start.starts_with(PNG) || start.starts_with(JPEG),
        // Old MOV files do without `ftyp`.
        MediaKind::Video => matches!(
            start.get(4..8),
            Some(b"ftyp" | b"moov" | b"mdat" | b"wide" | b"free" | b"skip")
        ),
    }
}

/// Width and height, if they are within the bytes that were read.
pub(crate) fn dimensions(start: &[u8]) -> Option<ImageDimensions> {
    let (width, height) = if start.starts_with(PNG) {
        (number(start, 16, 4)?, number(start, 20, 4)?)
    } else {
        jpeg_dimensions(start)?
    };
    // An image without an extent has none that could be judged.
    if width == 0 || height == 0 {
        return None;
    }
    Some(ImageDimensions {
        width: u32::try_from(width).ok()?,
        height: u32::try_from(height).ok()?,
    })
}

/// Walks over the segments up to the one that starts the frame.
fn jpeg_dimensions(start: &[u8]) -> Option<(u64, u64)> {
    let mut at = 2;
    loop {
        if start.get(at) != Some(&0xff) {
            return None;
        }
        match *start.get(at + 1)? {
            // Filling.
            0xff => at += 1,
            // Markers without a segment.
            0x01 | 0xd0..=0xd8 => at += 2,
            // Tables that share the range of the frames.
            0xc4 | 0xc8 | 0xcc => at += 2 + segment(start, at)?,
            0xc0..=0xcf => return Some((number(start, at + 7, 2)?, number(start, at + 5, 2)?)),
            // Pictures, or the end.
            0xd9 | 0xda => return None,
            _ => at += 2 + segment(start, at)?,
        }
    }
}

fn segment(start: &[u8], at: usize) -> Option<usize> {
    usize::try_from(number(start, at + 2, 2)?)
        .ok()
        .filter(|length| *length >= 2)
}

/// Whether a video begins with its pictures (`mdat`) rather than with its index (`moov`).
pub(crate) fn has_its_index_last(start: &[u8]) -> bool {
    let mut at = 0_usize;
    loop {
        match start.get(at.saturating_add(4)..at.saturating_add(8)) {
            Some(b"mdat") => return true,
            Some(b"moov") | None => return false,
            Some(_) => {}
        }
        let length = match number(start, at, 4) {
            Some(1) => number(start, at.saturating_add(8), 8),
            length => length,
        };
        let length = length.and_then(|length| usize::try_from(length).ok());
        match length {
            Some(length) if length >= 8 => at = at.saturating_add(length),
            _ => return false,
        }
    }
}

/// A number of `length` bytes, the highest first.
fn number(bytes: &[u8], at: usize, length: usize) -> Option<u64> {
    let bytes = bytes.get(at..at.checked_add(length)?)?;
    Some(
        bytes
            .iter()
            .fold(0, |number, byte| number << 8 | u64::from(*byte)),
    )
}
