//! Things to do that mostly wait, some at once.

use std::collections::BTreeMap;
use std::sync::Mutex;

/// A busy machine that starts many programs at once lets answers come too late that should not.
const AT_ONCE: usize = 12;

/// Does something with each, some at once, and returns what came of them, in order.
pub(crate) fn for_each<T: Send, R: Send>(things: Vec<T>, work: impl Fn(T) -> R + Sync) -> Vec<R> {
    let waiting = Mutex::new(things.into_iter().enumerate());
    let done = Mutex::new(BTreeMap::new());
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let next = waiting.lock().expect("things").next();
                    let Some((place, thing)) = next else { break };
                    let result = work(thing);
                    done.lock().expect("results").insert(place, result);
                }
            });
        }
    });
    done.into_inner().expect("results").into_values().collect()
}
