//! Queues give back the room that a burst took.

use std::collections::VecDeque;

/// Items that a queue may keep room for whatever it holds.
const FEW: usize = 256;

/// Gives room back when less than a quarter of it is used. Done after every
/// removal this costs a comparison, and a few moves of each item at most.
pub fn trim<T>(queue: &mut VecDeque<T>) {
    if queue.capacity() > FEW && queue.len() < queue.capacity() / 4 {
        queue.shrink_to(2 * queue.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_queue_that_drains_gives_its_room_back_and_moves_little() {
        let mut queue: VecDeque<u32> = (0..100_000).collect();
        let mut moved = 0;
        while queue.pop_front().is_some() {
            let before = queue.capacity();
            trim(&mut queue);
            moved += if queue.capacity() < before { queue.len() } else { 0 };
            assert!(queue.capacity() <= (4 * queue.len()).max(FEW) + 3);
        }
        assert!(moved < 100_000, "{moved} moves for 100,000 items");
        assert!(queue.capacity() <= FEW);
    }
}
