//! GitHub's primary limit as a value: a fixed window that opens with the first call.
//!
//! Pure: the time is an argument. Who owns a window is decided in `state`.

/// A budget of calls that starts again when its window has passed.
#[derive(Debug, Clone)]
pub(crate) struct Window {
    limit: u32,
    length_ms: i64,
    open: Option<Open>,
}

#[derive(Debug, Clone, Copy)]
struct Open {
    ends_ms: i64,
    used: u32,
}

/// What a window looks like at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Standing {
    /// The size of the budget.
    pub(crate) limit: u32,
    /// Calls made in this window; goes on past the limit when refused calls keep coming.
    pub(crate) used: u32,
    /// The end of the window. Of a window that is not open: the end it would have if it opened now.
    pub(crate) ends_ms: i64,
}

impl Standing {
    /// Returns what is left of the budget.
    pub(crate) fn remaining(&self) -> u32 {
        self.limit.saturating_sub(self.used)
    }

    /// Returns whether the last call was inside the budget.
    pub(crate) fn is_within(&self) -> bool {
        self.used <= self.limit
    }

    /// Returns the end of the window in whole epoch seconds, rounded down as a header is.
    ///
    /// The window itself may end up to one second later.
    pub(crate) fn reset_s(&self) -> i64 {
        self.ends_ms.div_euclid(1000)
    }
}

impl Window {
    /// Makes a window that has not been opened yet.
    pub(crate) fn new(limit: u32, length_ms: i64) -> Self {
        Self { limit, length_ms, open: None }
    }

    /// Counts `calls` and returns the standing after them, opening a window where none is open.
    pub(crate) fn spend(&mut self, calls: u32, now_ms: i64) -> Standing {
        let mut open = self.open_at(now_ms);
        open.used = open.used.saturating_add(calls);
        self.open = Some(open);
        self.standing(now_ms)
    }

    /// Uses up all that is left, as if other clients had made the calls.
    pub(crate) fn exhaust(&mut self, now_ms: i64) -> Standing {
        let left = self.standing(now_ms).remaining();
        self.spend(left, now_ms)
    }

    /// Returns the standing without counting a call.
    pub(crate) fn standing(&self, now_ms: i64) -> Standing {
        let open = self.open_at(now_ms);
        Standing { limit: self.limit, used: open.used, ends_ms: open.ends_ms }
    }

    fn open_at(&self, now_ms: i64) -> Open {
        self.open
            .filter(|open| now_ms < open.ends_ms)
            .unwrap_or(Open { ends_ms: now_ms + self.length_ms, used: 0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opens_with_the_first_call_and_ends_one_length_later() {
        let mut window = Window::new(2, 60_000);
        assert_eq!(window.standing(5_000).used, 0);
        assert_eq!(window.spend(1, 7_900).ends_ms, 67_900);
        assert_eq!(window.standing(20_000).reset_s(), 67);
        assert!(window.spend(1, 67_899).is_within());
        assert!(!window.spend(1, 67_899).is_within());
        assert_eq!(window.standing(67_899).remaining(), 0);
        let fresh = window.spend(1, 67_900);
        assert_eq!((fresh.used, fresh.ends_ms), (1, 127_900));
    }

    #[test]
    fn exhausting_leaves_nothing_and_counts_no_more_than_the_limit() {
        let mut window = Window::new(10, 60_000);
        window.spend(3, 0);
        assert_eq!(window.exhaust(1).used, 10);
        assert_eq!(window.exhaust(2).used, 10);
        assert!(!window.spend(1, 3).is_within());
    }
}
