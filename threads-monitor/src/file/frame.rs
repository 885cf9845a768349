//! The bytes of a journal: a header, then records.
//!
//! All numbers are little-endian.
//!
//! ```text
//! header   magic [8] | format u32 | store [4] | base u64 | first u64 | crc32c u32 | 0 u32
//! record   length u32 | crc32c u32 | number u64 | payload [length]
//! ```
//!
//! The header's checksum covers what stands before it; these 36 bytes keep their place
//! in every later format, so that an older program can tell a newer file from a damaged
//! one. `base` is the length of the file when it was written whole: what lies before it
//! was synced before the file got its name, so damage there is never a torn tail.
//!
//! A record's checksum covers its length, its number and its payload. Numbers go up by
//! one. The payload is one row in JSON per line.

use crate::error::StoreError;

pub(super) const HEADER_LENGTH: usize = 40;
pub(super) const RECORD_HEADER_LENGTH: usize = 16;

/// More than any write is; a longer one is refused rather than read back as damage.
pub(super) const LONGEST_PAYLOAD: usize = 1 << 28;

const MAGIC: [u8; 8] = *b"thrdmonJ";
const FORMAT: u32 = 1;

/// What a file says about itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    /// Which store it belongs to.
    pub(super) store: [u8; 4],
    /// The length of the part that was written whole.
    pub(super) base: u64,
    /// The number of the first record.
    pub(super) first: u64,
}

/// Why a header is not one that can be read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum HeaderFault {
    NotAJournal,
    Damaged,
    OtherStore,
    TooNew { found: u32 },
}

impl Header {
    pub(super) fn encode(self) -> [u8; HEADER_LENGTH] {
        Self::encode_as(self, FORMAT)
    }

    fn encode_as(self, format: u32) -> [u8; HEADER_LENGTH] {
        let mut bytes = [0; HEADER_LENGTH];
        bytes[..8].copy_from_slice(&MAGIC);
        bytes[8..12].copy_from_slice(&format.to_le_bytes());
        bytes[12..16].copy_from_slice(&self.store);
        bytes[16..24].copy_from_slice(&self.base.to_le_bytes());
        bytes[24..32].copy_from_slice(&self.first.to_le_bytes());
        let checksum = crc32c::crc32c(&bytes[..32]);
        bytes[32..36].copy_from_slice(&checksum.to_le_bytes());
        bytes
    }

    pub(super) fn decode(bytes: &[u8; HEADER_LENGTH], store: [u8; 4]) -> Result<Self, HeaderFault> {
        if bytes[..8] != MAGIC {
            return Err(HeaderFault::NotAJournal);
        }
        if crc32c::crc32c(&bytes[..32]) != u32_at(bytes, 32) {
            return Err(HeaderFault::Damaged);
        }
        let format = u32_at(bytes, 8);
        if format > FORMAT {
            return Err(HeaderFault::TooNew { found: format });
        }
        if bytes[12..16] != store {
            return Err(HeaderFault::OtherStore);
        }
        // The rest is as some program wrote it, but this one may not have been it.
        let base = u64_at(bytes, 16);
        if format == 0 || bytes[36..] != [0; 4] || base < HEADER_LENGTH as u64 {
            return Err(HeaderFault::Damaged);
        }
        Ok(Self {
            store,
            base,
            first: u64_at(bytes, 24),
        })
    }
}

impl HeaderFault {
    /// The error for people, about the file shown.
    pub(super) fn error(self, shown: &str) -> StoreError {
        match self {
            Self::TooNew { found } => StoreError::TooNew {
                what: shown.to_owned(),
                found,
                supported: FORMAT,
            },
            Self::NotAJournal => damaged(format!("{shown} is not a journal")),
            Self::Damaged => damaged(format!("the header of {shown} (offset 0)")),
            Self::OtherStore => damaged(format!("{shown} is the journal of another store")),
        }
    }
}

/// Damage that a person has to look at. Nothing is overwritten.
pub(super) fn damaged(what: String) -> StoreError {
    StoreError::Corrupt {
        what,
        advice: "nothing was changed: copy the data directory, then restore the file from a backup"
            .to_owned(),
    }
}

/// What stands before a payload.
#[derive(Debug, Clone, Copy)]
pub(super) struct RecordHeader {
    pub(super) length: u32,
    checksum: u32,
    pub(super) number: u64,
}

impl RecordHeader {
    pub(super) fn decode(bytes: &[u8; RECORD_HEADER_LENGTH]) -> Self {
        Self {
            length: u32_at(bytes, 0),
            checksum: u32_at(bytes, 4),
            number: u64_at(bytes, 8),
        }
    }

    pub(super) fn fits(self, payload: &[u8]) -> bool {
        self.checksum == checksum(self.length, self.number, payload)
    }
}

/// A record, ready to write; `None` if the payload is too long to be read back.
pub(super) fn record(number: u64, payload: &[u8]) -> Option<Vec<u8>> {
    let length = u32::try_from(payload.len()).ok()?;
    if payload.is_empty() || payload.len() > LONGEST_PAYLOAD {
        return None;
    }
    let mut bytes = Vec::with_capacity(RECORD_HEADER_LENGTH + payload.len());
    bytes.extend_from_slice(&length.to_le_bytes());
    bytes.extend_from_slice(&checksum(length, number, payload).to_le_bytes());
    bytes.extend_from_slice(&number.to_le_bytes());
    bytes.extend_from_slice(payload);
    Some(bytes)
}

/// The first place in these bytes where a whole record stands, whatever its number.
///
/// Used on bytes that are damaged, so the length of one record does not lead to the next.
pub(super) fn find_record(bytes: &[u8], highest_number: u64) -> Option<usize> {
    (0..bytes.len()).find(|&start| {
        let Some((header, rest)) = bytes
            .get(start..)
            .and_then(|rest| rest.split_first_chunk::<RECORD_HEADER_LENGTH>())
        else {
            return false;
        };
        let header = RecordHeader::decode(header);
        // Cheap tests first: a checksum at every offset would take quadratic time.
        (1..=highest_number).contains(&header.number)
            && header.length > 0
            && usize::try_from(header.length)
                .ok()
                .and_then(|length| rest.get(..length))
                .is_some_and(|payload| header.fits(payload))
    })
}

fn checksum(length: u32, number: u64, payload: &[u8]) -> u32 {
    let checksum = crc32c::crc32c(&length.to_le_bytes());
    let checksum = crc32c::crc32c_append(checksum, &number.to_le_bytes());
    crc32c::crc32c_append(checksum, payload)
}

fn u32_at(bytes: &[u8], start: usize) -> u32 {
    let mut number = [0; 4];
    number.copy_from_slice(&bytes[start..start + 4]);
    u32::from_le_bytes(number)
}

fn u64_at(bytes: &[u8], start: usize) -> u64 {
    let mut number = [0; 8];
    number.copy_from_slice(&bytes[start..start + 8]);
    u64::from_le_bytes(number)
}
