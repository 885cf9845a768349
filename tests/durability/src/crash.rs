//! Which crash states are tried at one moment.

use std::collections::BTreeSet;

use crate::disk::{Disk, Fate, Image, Unit};
use crate::numbers::Numbers;

/// With at most so many things that may be lost, every combination is tried.
const EXHAUSTIVE: usize = 7;

/// With more of them than this, only some are treated one by one.
const ONE_BY_ONE: usize = 24;

/// Everything lost, and everything kept, are always tried.
const ALWAYS: usize = 2;

/// The crash states of one moment.
#[derive(Debug)]
pub struct Moment {
    /// Images, no two of them equal.
    pub images: Vec<Image>,
    /// Whether these are all there are.
    pub is_exhaustive: bool,
}

/// Every crash state if there are few, otherwise the notorious ones and some at random; of
/// them at most so many, chosen at random.
pub fn states(disk: &Disk, numbers: &mut Numbers, at_random: usize, most: usize) -> Moment {
    let units = disk.units();
    let pieces = units
        .iter()
        .map(|unit| match unit {
            Unit::Write(pieces) => *pieces,
            Unit::Name | Unit::Length => 1,
        })
        .sum::<usize>();
    let mut is_exhaustive = pieces <= EXHAUSTIVE;
    let mut fates = vec![vec![Fate::Lost; units.len()], vec![Fate::Kept; units.len()]];
    fates.extend(if is_exhaustive {
        combinations(&units, pieces)
    } else {
        notorious(&units, numbers)
    });
    // A length without the data is a state besides.
    for (index, unit) in units.iter().enumerate().take(ONE_BY_ONE) {
        if let Unit::Write(_) = unit {
            for fate in [Fate::Zeros, Fate::Noise] {
                let mut one = vec![Fate::Kept; units.len()];
                one[index] = fate;
                fates.push(one);
            }
        }
    }
    if !is_exhaustive {
        fates.extend((0..at_random).map(|_| random(&units, numbers)));
    }
    while fates.len() > most.max(ALWAYS) {
        is_exhaustive = false;
        fates.swap_remove(ALWAYS + numbers.below(fates.len() - ALWAYS));
    }
    let mut known = BTreeSet::new();
    let images = fates
        .iter()
        .map(|fates| disk.image(fates, numbers))
        .filter(|image| known.insert(image.digest()))
        .collect();
    Moment {
        images,
        is_exhaustive,
    }
}

/// What a program finds that is started again without a power loss.
pub fn kept(disk: &Disk) -> Image {
    let fates = vec![Fate::Kept; disk.units().len()];
    disk.image(&fates, &mut Numbers::new(0))
}

fn combinations(units: &[Unit], pieces: usize) -> Vec<Vec<Fate>> {
    (0..1_u32 << pieces)
        .map(|bits| {
            let mut bit = 0;
            let mut next = || {
                bit += 1;
                bits >> (bit - 1) & 1 == 1
            };
            units
                .iter()
                .map(|unit| match unit {
                    Unit::Write(pieces) => Fate::Torn((0..*pieces).map(|_| next()).collect()),
                    Unit::Name | Unit::Length if next() => Fate::Kept,
                    Unit::Name | Unit::Length => Fate::Lost,
                })
                .collect()
        })
        .collect()
}

fn notorious(units: &[Unit], numbers: &mut Numbers) -> Vec<Vec<Fate>> {
    let all = |fate: fn(Unit) -> Fate| units.iter().map(|unit| fate(*unit)).collect::<Vec<_>>();
    let kept = all(|_| Fate::Kept);
    let lost = all(|_| Fate::Lost);
    let mut states = vec![
        // Names before the data, and data without the names.
        all(|unit| match unit {
            Unit::Name => Fate::Kept,
            _ => Fate::Lost,
        }),
        all(|unit| match unit {
            Unit::Name => Fate::Lost,
            _ => Fate::Kept,
        }),
        // Lengths before the data.
        all(|unit| match unit {
            Unit::Write(_) => Fate::Zeros,
            _ => Fate::Kept,
        }),
        all(|unit| match unit {
            Unit::Write(_) => Fate::Noise,
            _ => Fate::Kept,
        }),
    ];
    // What came first, up to each place: a disk that writes in order.
    for end in 0..units.len().min(ONE_BY_ONE) {
        let mut first = lost.clone();
        first[..end].clone_from_slice(&kept[..end]);
        states.push(first);
    }
    let mut places: Vec<usize> = (0..units.len()).collect();
    while places.len() > ONE_BY_ONE {
        places.swap_remove(numbers.below(places.len()));
    }
    for place in places {
        let unit = units[place];
        for (base, fate) in [(&kept, Fate::Lost), (&lost, Fate::Kept)] {
            let mut one = base.clone();
            one[place] = fate;
            states.push(one);
        }
        if let Unit::Write(pieces) = unit
            && pieces > 1
        {
            let cut = 1 + numbers.below(pieces - 1);
            for is_beginning in [true, false] {
                let mut one = kept.clone();
                one[place] = Fate::Torn((0..pieces).map(|at| (at < cut) == is_beginning).collect());
                states.push(one);
            }
        }
    }
    states
}

fn random(units: &[Unit], numbers: &mut Numbers) -> Vec<Fate> {
    let keeps = 1 + numbers.below(4);
    units
        .iter()
        .map(|unit| {
            let is_lost = numbers.one_in(keeps + 1);
            match unit {
                Unit::Write(pieces) if numbers.one_in(4) => {
                    Fate::Torn((0..*pieces).map(|_| !numbers.one_in(2)).collect())
                }
                Unit::Write(_) if numbers.one_in(12) => Fate::Zeros,
                Unit::Write(_) if numbers.one_in(12) => Fate::Noise,
                _ if is_lost => Fate::Lost,
                _ => Fate::Kept,
            }
        })
        .collect()
}
