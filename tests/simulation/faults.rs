//! How bad the world of a seed is.

use byop_core::testing::simulation::{FaultRates, Random};

/// What is drawn for a seed before anything happens.
#[derive(Debug, Clone)]
pub struct Weather {
    pub rates: FaultRates,
    pub apps: usize,
    pub processes: usize,
    pub operations: u64,
    /// Whether the wall clock jumps.
    pub jumps: bool,
    /// Whether nothing but deaths goes wrong, so that every good deployment has to succeed.
    pub only_deaths: bool,
}

impl Weather {
    pub fn of_seed(random: &Random) -> Self {
        let mut rates = FaultRates::none();
        let only_deaths = random.in_thousand(200);
        let level = |often: u64, most: u64| {
            if random.in_thousand(often) { random.between(1, most) } else { 0 }
        };
        rates.death = level(700, 60);
        rates.late_death = level(700, 60);
        rates.twice = level(500, 200);
        if !only_deaths {
            rates.before = level(500, 150);
            rates.after = level(500, 150);
            rates.delay = level(500, 150);
            rates.slow = level(500, 150);
            rates.freeze = level(300, 25);
            rates.deafness = level(300, 25);
        }
        Self {
            rates,
            apps: usize::try_from(random.between(1, 3)).unwrap(),
            processes: usize::try_from(random.between(1, 3)).unwrap(),
            operations: random.between(3, 10),
            jumps: !only_deaths && random.in_thousand(250),
            only_deaths,
        }
    }
}
