//! The sandbox's own deterministic numbers.
//!
//! Everything that looks random is a pure function of a seed and a few keys, so
//! the same question at the same virtual time always gets the same answer, in
//! whatever order questions arrive. The mixing step is SplitMix64's finaliser
//! (public domain, Sebastiano Vigna): tiny, well studied and stable for ever,
//! which a dependency's generator does not promise.

/// A seed from which numbers are drawn by key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Seed(u64);

impl Seed {
    /// The seed that belongs to a text such as `demo`.
    pub(crate) fn from_text(text: &str) -> Self {
        Self(hash_bytes(text.as_bytes()))
    }

    /// An independent seed for one concern, named by `label` and `key`.
    pub(crate) fn child(self, label: &str, key: u64) -> Self {
        Self(mix(self.0
            ^ mix(
                hash_bytes(label.as_bytes()) ^ mix(key.wrapping_add(GOLDEN))
            )))
    }

    /// 64 evenly distributed bits for `key`.
    pub(crate) fn bits(self, key: u64) -> u64 {
        mix(self.0 ^ mix(key.wrapping_mul(GOLDEN).wrapping_add(GOLDEN)))
    }

    /// A number in `0.0..1.0` for `key`.
    #[expect(
        clippy::cast_precision_loss,
        reason = "53 bits fit the mantissa exactly"
    )]
    pub(crate) fn unit(self, key: u64) -> f64 {
        (self.bits(key) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A number in `low..high` for `key`.
    pub(crate) fn between(self, key: u64, low: f64, high: f64) -> f64 {
        low + self.unit(key) * (high - low)
    }

    /// A roughly normal number (mean 0, deviation 1) for `key`.
    pub(crate) fn normal(self, key: u64) -> f64 {
        // The sum of twelve uniform numbers has variance one.
        (0..12)
            .map(|part| self.unit(key.wrapping_mul(12).wrapping_add(part)))
            .sum::<f64>()
            - 6.0
    }

    /// One element of `items` for `key`, or nothing when there are none.
    pub(crate) fn pick<T>(self, key: u64, items: &[T]) -> Option<&T> {
        let length = u64::try_from(items.len()).ok()?;
        let index = self.bits(key).checked_rem(length)?;
        items.get(usize::try_from(index).ok()?)
    }

    /// A text of `length` letters and digits for `key`.
    pub(crate) fn text(self, key: u64, length: u64) -> String {
        const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
        let letters = self.child("text", key);
        (0..length)
            .filter_map(|position| letters.pick(position, ALPHABET))
            .map(|&letter| char::from(letter))
            .collect()
    }
}

const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

fn mix(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    value ^ (value >> 31)
}

/// Folds bytes into 64 bits; also the fingerprint of secrets in the request log.
pub(crate) fn hash_bytes(bytes: &[u8]) -> u64 {
    bytes.iter().fold(GOLDEN, |state, &byte| {
        mix(state ^ u64::from(byte).wrapping_add(GOLDEN))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_and_key_give_the_same_number() {
        let first = Seed::from_text("demo").child("views", 3);
        let second = Seed::from_text("demo").child("views", 3);

        assert_eq!(first.bits(17), second.bits(17));
    }

    #[test]
    fn other_keys_labels_and_seeds_give_other_numbers() {
        let seed = Seed::from_text("demo");

        assert_ne!(seed.bits(1), seed.bits(2));
        assert_ne!(seed.child("a", 1).bits(1), seed.child("b", 1).bits(1));
        assert_ne!(seed.bits(1), Seed::from_text("other").bits(1));
    }

    #[test]
    fn units_are_spread_over_the_whole_interval() {
        let seed = Seed::from_text("spread");
        let below_half = (0..10_000).filter(|&key| seed.unit(key) < 0.5).count();

        assert!((4_800..5_200).contains(&below_half), "{below_half}");
    }
}
