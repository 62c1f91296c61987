//! What the messages of a run carry.

use super::Pattern;

/// Bytes of payloads: from the first number to the second, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sizes {
    /// The smallest payload.
    pub least: usize,
    /// The largest.
    pub most: usize,
}

impl Sizes {
    /// Whether all payloads have one size.
    #[must_use]
    pub const fn is_fixed(self) -> bool {
        self.least == self.most
    }

    /// The size of the message with this number in a stream with this seed:
    /// evenly spread, and the same in every run.
    #[must_use]
    pub(in crate::bench) fn of(self, seed: u32, sequence: u64) -> usize {
        let span = u64::try_from(self.most.saturating_sub(self.least)).unwrap_or(u64::MAX);
        let random = scatter(u64::from(seed) << 40 ^ sequence);
        let extra = random.checked_rem(span.saturating_add(1)).unwrap_or_default();
        self.least + usize::try_from(extra).unwrap_or_default()
    }
}

impl From<usize> for Sizes {
    fn from(size: usize) -> Self {
        Self { least: size, most: size }
    }
}

/// A number that looks like chance (the finaliser of `SplitMix64`).
#[must_use]
pub(in crate::bench) const fn scatter(number: u64) -> u64 {
    let number = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

/// What payloads are made of.
#[derive(Debug, Clone)]
pub enum Content {
    /// A header that is measured with, and filling up to the size.
    Filling {
        /// Bytes of the whole payload.
        sizes: Sizes,
        /// What the header is.
        headers: Headers,
    },
    /// These bytes.
    Bytes(Vec<u8>),
    /// Text that is filled in for each client and message: the places of a
    /// [`Pattern`] and those of [`crate::template::Template`].
    Text(Pattern),
}

impl Content {
    /// Bytes of the largest payload, as far as that is known before.
    #[must_use]
    pub const fn largest(&self) -> usize {
        match self {
            Self::Filling { sizes, .. } => sizes.most,
            Self::Bytes(bytes) => bytes.len(),
            Self::Text(_) => 0,
        }
    }
}

impl Default for Content {
    fn default() -> Self {
        Self::Filling { sizes: 64.into(), headers: Headers::Mqx }
    }
}

/// The header that filling begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Headers {
    /// That of mqx, see [`HEADER_SIZE`](crate::bench::HEADER_SIZE).
    #[default]
    Mqx,
    /// Those of emqtt-bench, in its order.
    Emqtt {
        /// A counter of eight bytes.
        counter: bool,
        /// The time in milliseconds since 1970, eight bytes.
        time: bool,
    },
}

impl Headers {
    /// Bytes of it.
    #[must_use]
    pub(in crate::bench) const fn size(self) -> usize {
        match self {
            Self::Mqx => crate::bench::HEADER_SIZE,
            Self::Emqtt { counter, time } => 8 * (counter as usize + time as usize),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn sizes_lie_between_their_bounds(
            least in 0..100_usize, more in 0..100_usize, seed: u32, sequence: u64,
        ) {
            let sizes = Sizes { least, most: least + more };
            let size = sizes.of(seed, sequence);
            prop_assert!((least..=least + more).contains(&size));
        }
    }

    #[test]
    fn a_range_of_sizes_is_used_to_its_ends() {
        let sizes = Sizes { least: 3, most: 5 };
        let seen: Vec<_> = (0..100).map(|sequence| sizes.of(1, sequence)).collect();
        assert!([3, 4, 5].iter().all(|size| seen.contains(size)), "{seen:?}");
    }
}
