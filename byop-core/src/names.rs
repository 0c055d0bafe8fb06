//! Memorable names: what an app or a server is called when nobody names it.
//!
//! A name is two words, `adjective-noun`, and the same seed always gives the same one. The words are byop's own and
//! plain data, so that names do not change with the version of some list or random generator. Names are safe as DNS
//! labels, as names of apps, and to read out on the telephone.

mod words;

use crate::digest::Digest;

/// How many names of two words are tried, and then of three, before a number is put to one.
const TRIES: u32 = 24;

/// The name for a seed, such as the id of an app.
///
/// ```
/// use byop_core::model::AppName;
/// use byop_core::names::memorable;
///
/// let name = memorable("0d9a6f2c");
/// assert_eq!(name, memorable("0d9a6f2c"));
/// assert_eq!(name.split('-').count(), 2);
/// assert!(AppName::new(name).is_ok());
/// ```
#[must_use]
pub fn memorable(seed: &str) -> String {
    unique(seed, |_| false)
}

/// The first name for a seed that is not taken: two words, then three, and a number only as the last resort.
///
/// The order of candidates depends on the seed alone. Where names are given at the same time in several places, let the
/// store refuse the second and ask again.
///
/// ```
/// use byop_core::names::{memorable, unique};
///
/// let taken = [memorable("shop")];
/// let other = unique("shop", |name| taken.iter().any(|taken| taken == name));
/// assert_ne!(other, taken[0]);
/// ```
#[must_use]
pub fn unique(seed: &str, mut is_taken: impl FnMut(&str) -> bool) -> String {
    let lists = Lists::new();
    let mut fits = |name: &String| is_clean(name) && !is_reserved(name) && !is_taken(name);
    let words = (0..TRIES).map(|salt| lists.pair(seed, salt));
    let more = (TRIES..2 * TRIES).map(|salt| lists.triple(seed, salt));
    if let Some(name) = words.chain(more).find(&mut fits) {
        return name;
    }
    let mut number: u64 = 2;
    loop {
        // The words change with the number, so that one rude pair does not stand in the way for ever.
        let salt = u32::try_from(number).unwrap_or(u32::MAX);
        let name = format!("{}-{number}", lists.pair(seed, salt));
        if fits(&name) || number == u64::MAX {
            return name;
        }
        number += 1;
    }
}

/// Whether a name has a meaning of its own to hosts, mail or platforms, such as `www` or `admin`: not for customers.
///
/// ```
/// use byop_core::names::is_reserved;
///
/// assert!(is_reserved("www") && is_reserved("NS1") && !is_reserved("shop-of-anna"));
/// ```
#[must_use]
pub fn is_reserved(name: &str) -> bool {
    words::RESERVED.split_ascii_whitespace().any(|word| word.eq_ignore_ascii_case(name))
}

/// Whether no rude word stands in a name, not even over a hyphen.
fn is_clean(name: &str) -> bool {
    let joined = name.replace('-', "");
    !words::RUDE.split_ascii_whitespace().any(|rude| joined.contains(rude))
}

struct Lists {
    adverbs: Vec<&'static str>,
    adjectives: Vec<&'static str>,
    nouns: Vec<&'static str>,
}

impl Lists {
    fn new() -> Self {
        let list = |text: &'static str| text.split_ascii_whitespace().collect();
        Self { adverbs: list(words::ADVERBS), adjectives: list(words::ADJECTIVES), nouns: list(words::NOUNS) }
    }

    fn pair(&self, seed: &str, salt: u32) -> String {
        let [a, b, _] = numbers(seed, salt);
        format!("{}-{}", pick(&self.adjectives, a), pick(&self.nouns, b))
    }

    fn triple(&self, seed: &str, salt: u32) -> String {
        let [_, _, c] = numbers(seed, salt);
        format!("{}-{}", pick(&self.adverbs, c), self.pair(seed, salt))
    }
}

/// Three numbers of a seed that have nothing to do with one another.
fn numbers(seed: &str, salt: u32) -> [u64; 3] {
    let digest = Digest::of_json(&(seed, salt));
    let hex = digest.as_str().rsplit(':').next().unwrap_or_default();
    [0, 15, 30].map(|start| {
        hex.get(start..start + 15).and_then(|part| u64::from_str_radix(part, 16).ok()).unwrap_or_default()
    })
}

fn pick<'a>(list: &[&'a str], number: u64) -> &'a str {
    let index = usize::try_from(number % list.len().max(1) as u64).unwrap_or_default();
    list.get(index).copied().unwrap_or("plain")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::model::AppName;

    #[test]
    fn the_words_are_many_short_plain_and_without_repetition() {
        for (list, least) in [(words::ADVERBS, 60), (words::ADJECTIVES, 200), (words::NOUNS, 200)] {
            let all: Vec<&str> = list.split_ascii_whitespace().collect();
            let different: BTreeSet<&str> = all.iter().copied().collect();
            let twice: Vec<&str> =
                different.iter().copied().filter(|w| all.iter().filter(|a| a == &w).count() > 1).collect();
            assert!(twice.is_empty(), "{twice:?}");
            assert!(all.len() >= least, "{} words", all.len());
            for word in all {
                assert!(word.len() <= 10 && word.bytes().all(|b| b.is_ascii_lowercase()), "{word}");
                assert!(is_clean(word) && !is_reserved(word), "{word} is rude or reserved");
            }
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_name_for_ever() {
        let names = ["", "shop", "0d9a6f2c", "日本"].map(memorable);
        assert_eq!(names, ["young-temple", "modern-falcon", "wooden-hyacinth", "ample-kestrel"]);
    }

    #[test]
    fn every_name_is_one_of_an_app_and_the_longest_fits() {
        for number in 0..2_000 {
            let name = memorable(&number.to_string());
            assert!(AppName::new(name.as_str()).is_ok() && is_clean(&name), "{name}");
        }
        let longest = |list: &str| list.split_ascii_whitespace().map(str::len).max().unwrap_or_default();
        let lists = [words::ADVERBS, words::ADJECTIVES, words::NOUNS];
        assert!(lists.map(longest).iter().sum::<usize>() + 2 <= 40);
    }

    #[test]
    fn names_are_given_once_and_a_number_comes_last() {
        let mut taken = BTreeSet::new();
        for _ in 0..200 {
            let name = unique("shop", |name| taken.contains(name));
            assert!(AppName::new(name.as_str()).is_ok(), "{name}");
            assert!(taken.insert(name));
        }
        let words = |name: &String| name.split('-').count();
        assert!(taken.iter().any(|name| words(name) == 3 && name.ends_with(char::is_alphabetic)));
        assert!(taken.iter().any(|name| name.ends_with(char::is_numeric)));
        let first = unique("shop", |_| false);
        assert!(!first.contains(char::is_numeric) && words(&first) == 2);
    }

    #[test]
    fn names_spread_over_the_lists() {
        let names: BTreeSet<String> = (0..2_000).map(|number| memorable(&format!("app-{number}"))).collect();
        // Of 2,000 names out of about 100,000, some 20 meet by chance.
        assert!(names.len() > 1_950, "{}", names.len());
    }

    #[test]
    fn rude_words_are_seen_over_a_hyphen() {
        assert!(!is_clean("epi-cock") && !is_clean("public-umbrella") && is_clean("bright-otter"));
    }
}
