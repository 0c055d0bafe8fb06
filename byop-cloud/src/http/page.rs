//! Lists that come in pages.

use std::fmt::Debug;

use byop_core::{Error, ErrorKind, Result};

/// No list of a real account is longer; what is longer goes round in circles.
const MOST_PAGES: usize = 10_000;

/// Reads every page of a list. `fetch` gets a cursor and returns the items of that page and the next cursor, if
/// there is a next page.
///
/// # Errors
/// Those of `fetch`; `Unavailable` when the other side gives the same cursor again or never comes to an end.
pub async fn collect_pages<T, C, F, P>(operation: &'static str, first: C, mut fetch: F) -> Result<Vec<T>>
where
    C: Clone + PartialEq + Debug,
    F: FnMut(C) -> P,
    P: Future<Output = Result<(Vec<T>, Option<C>)>>,
{
    let mut all = Vec::new();
    let mut cursor = first;
    for _ in 0..MOST_PAGES {
        let (items, next) = fetch(cursor.clone()).await?;
        all.extend(items);
        match next {
            None => return Ok(all),
            Some(next) if next == cursor => {
                return Err(endless(operation, "the provider gives the same page again and again"));
            }
            Some(next) => cursor = next,
        }
    }
    Err(endless(operation, "the provider's list does not end"))
}

fn endless(operation: &'static str, message: &str) -> Error {
    Error::new(ErrorKind::Unavailable, operation, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_page_is_read_in_order() {
        let pages = [vec![1, 2], vec![], vec![3]];
        let all =
            collect_pages("x.list", 0, async |n: usize| Ok((pages[n].clone(), (n < 2).then_some(n + 1))))
                .await;
        assert_eq!(all.unwrap(), [1, 2, 3]);
    }

    #[tokio::test]
    async fn an_error_on_a_later_page_is_an_error_of_the_list() {
        let result = collect_pages("x.list", 0, async |n: u32| match n {
            0 => Ok((vec![1], Some(1))),
            _ => Err(Error::new(ErrorKind::RateLimited, "x.list", "slow down")),
        });
        assert_eq!(result.await.unwrap_err().kind(), ErrorKind::RateLimited);
    }

    #[tokio::test]
    async fn a_cursor_that_stays_is_an_error() {
        let result = collect_pages("x.list", "a", async |cursor| Ok((vec![()], Some(cursor)))).await;
        assert_eq!(result.unwrap_err().kind(), ErrorKind::Unavailable);
    }

    #[tokio::test]
    async fn a_list_without_an_end_is_an_error() {
        let result = collect_pages("x.list", 0_u64, async |n| Ok((Vec::<()>::new(), Some(n + 1)))).await;
        assert_eq!(result.unwrap_err().kind(), ErrorKind::Unavailable);
    }
}
