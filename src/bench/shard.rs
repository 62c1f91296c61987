//! A run on several machines: which part of it is whose.

use foldhash::fast::FixedState;
use serde::{Deserialize, Serialize};
use std::hash::BuildHasher as _;

/// A part of a run: every `count`-th client, from the one with the number `index` on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shard {
    index: u32,
    count: u32,
}

/// The processes that carry out a run together, and the part of this one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Party {
    /// The part of this process.
    pub shard: Shard,
    /// What tells the run from others at the same broker.
    pub name: String,
}

impl Party {
    /// The number of the run, the same for all who carry it out.
    #[must_use]
    pub(super) fn run(&self) -> u32 {
        let hash = FixedState::default().hash_one((&self.name, self.shard.count));
        u32::try_from(hash >> 32).unwrap_or_default()
    }
}

/// Where a scheduler says which part a process is, and of how many if it does.
const SCHEDULERS: [(&str, Option<&str>); 3] = [
    ("JOB_COMPLETION_INDEX", None),
    ("SLURM_PROCID", Some("SLURM_NTASKS")),
    ("OMPI_COMM_WORLD_RANK", Some("OMPI_COMM_WORLD_SIZE")),
];

impl Shard {
    /// All of it.
    pub const WHOLE: Self = Self { index: 0, count: 1 };

    /// The part with this number, from zero on, of so many.
    ///
    /// # Errors
    /// When there is no such part.
    pub fn new(index: u32, count: u32) -> Result<Self, String> {
        if index < count {
            return Ok(Self { index, count });
        }
        Err(format!("there is no shard {index} of {count}: they count from 0"))
    }

    /// The part in `text`: `1/4`, or `4` with the index that a scheduler has put
    /// into the environment.
    ///
    /// # Errors
    /// When it is no part, or nobody says which.
    pub fn parse(text: &str, variable: impl Fn(&str) -> Option<String>) -> Result<Self, String> {
        let number = |text: &str| text.trim().parse().map_err(|_| "give I/N, as in 0/4".to_owned());
        if let Some((index, count)) = text.split_once('/') {
            return Self::new(number(index)?, number(count)?);
        }
        let known = SCHEDULERS.iter().find_map(|(index, _)| variable(index));
        let names = SCHEDULERS.map(|(index, _)| index).join(", ");
        let index = known.ok_or_else(|| format!("give I/N: none of {names} is set"))?;
        Self::new(number(&index)?, number(text)?)
    }

    /// The part that a scheduler has put into the environment, if it says of how many.
    ///
    /// # Errors
    /// When what it says is no part.
    pub fn of_scheduler(variable: impl Fn(&str) -> Option<String>) -> Result<Option<Self>, String> {
        for (index, count) in SCHEDULERS {
            let count = count.and_then(&variable);
            if let Some((index, count)) = variable(index).zip(count) {
                return Self::parse(&format!("{index}/{count}"), variable).map(Some);
            }
        }
        Ok(None)
    }

    /// Its number, from zero on.
    #[must_use]
    pub const fn index(self) -> u32 {
        self.index
    }

    /// How many there are.
    #[must_use]
    pub const fn count(self) -> u32 {
        self.count
    }

    /// Whether the client with this number belongs to it.
    #[must_use]
    pub(super) const fn has(self, number: usize) -> bool {
        number % self.count as usize == self.index as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(pairs: &'static [(&str, &str)]) -> impl Fn(&str) -> Option<String> {
        |wanted| {
            pairs.iter().find(|(name, _)| *name == wanted).map(|(_, value)| (*value).to_owned())
        }
    }

    #[test]
    fn a_part_is_typed_or_what_a_scheduler_says() {
        let nothing = environment(&[]);
        assert_eq!(Shard::parse("1/4", &nothing), Shard::new(1, 4));
        assert_eq!(Shard::of_scheduler(&nothing), Ok(None));
        let kubernetes = environment(&[("JOB_COMPLETION_INDEX", "3")]);
        assert_eq!(Shard::parse("4", &kubernetes), Shard::new(3, 4));
        assert_eq!(Shard::of_scheduler(&kubernetes), Ok(None), "of how many is not said");
        let slurm = environment(&[("SLURM_PROCID", "2"), ("SLURM_NTASKS", "8")]);
        assert_eq!(Shard::of_scheduler(slurm), Shard::new(2, 8).map(Some));
        let mpi = environment(&[("OMPI_COMM_WORLD_RANK", "0"), ("OMPI_COMM_WORLD_SIZE", "2")]);
        assert_eq!(Shard::of_scheduler(mpi), Shard::new(0, 2).map(Some));
    }

    #[test]
    fn what_is_no_part_is_refused() {
        let nothing = environment(&[]);
        for wrong in ["", "4", "4/4", "1/0", "-1/4", "a/b"] {
            assert!(Shard::parse(wrong, &nothing).is_err(), "{wrong}");
        }
    }

    #[test]
    fn everyone_belongs_to_one_part() {
        for number in 0..50 {
            let owners = (0..7).filter(|index| Shard::new(*index, 7).unwrap().has(number));
            assert_eq!(owners.count(), 1);
        }
    }
}
