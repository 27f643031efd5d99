//! Ranges of ids, and a single one's place among them. Pure.

use std::cmp::{max, min};

/// `count` ids, from `inside` on in the user namespace and from `outside` on around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Range {
    pub(crate) inside: u32,
    pub(crate) outside: u32,
    pub(crate) count: u32,
}

impl Range {
    /// One id.
    pub(crate) fn single(inside: u32, outside: u32) -> Self {
        Range { inside, outside, count: 1 }
    }
}

/// The lines of an id map as the kernel takes them.
pub(crate) fn text(ranges: &[Range]) -> String {
    let line = |range: &Range| format!("{} {} {}\n", range.inside, range.outside, range.count);
    ranges.iter().map(line).collect()
}

/// A range, and whether all of its ids have to find a place: then those after a hole move up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Block {
    pub(crate) range: Range,
    pub(crate) moves_up: bool,
}

/// `blocks` in their order with `single` before them. An id that `single` uses is not used twice: the ids of a block are
/// dealt out in order, those inside without `single`'s to those outside without `single`'s, until one side has no more.
pub(crate) fn lay(blocks: &[Block], single: Option<Range>) -> Vec<Range> {
    let pieces = blocks.iter().flat_map(|block| pieces(*block, single));
    single.into_iter().chain(pieces).collect()
}

/// A block with up to two holes in it: the pieces between them.
fn pieces(block: Block, single: Option<Range>) -> Vec<Range> {
    let Range { inside, outside, count } = block.range;
    let Some(single) = single else { return vec![block.range] };
    // How many ids of each side come before its hole; none where there is no hole.
    let before = |first: u32, hole: u32| hole.checked_sub(first).filter(|before| *before < count);
    let (inner, outer) = (before(inside, single.inside), before(outside, single.outside));
    let lost = if block.moves_up { outer.is_some() } else { inner.is_some() || outer.is_some() };
    let total = count - u32::from(lost);
    let cut = |hole: Option<u32>| hole.map_or(total, |at| min(at, total));
    let (first, second) = (min(cut(inner), cut(outer)), max(cut(inner), cut(outer)));
    let piece = |from: u32, to: u32| {
        let past = |hole: Option<u32>| u32::from(hole.is_some_and(|at| from >= at));
        let shifted = |start: u32, hole| start.checked_add(from)?.checked_add(past(hole));
        let range =
            Range { inside: shifted(inside, inner)?, outside: shifted(outside, outer)?, count: to - from };
        (from < to).then_some(range)
    };
    [(0, first), (first, second), (second, total)]
        .into_iter()
        .filter_map(|(from, to)| piece(from, to))
        .collect()
}

/// What the kernel would refuse with no more than EINVAL.
pub(crate) fn check(ranges: &[Range]) -> Result<(), String> {
    // UID_GID_MAP_MAX_EXTENTS of the kernel.
    if ranges.len() > 340 {
        return Err(format!("{} ranges are more than the 340 that the kernel takes", ranges.len()));
    }
    if text(ranges).len() >= 4096 {
        return Err("the map is longer than the 4095 bytes that the kernel takes".to_owned());
    }
    for (at, range) in ranges.iter().enumerate() {
        let shown = format!("{}:{}:{}", range.inside, range.outside, range.count);
        if range.count == 0 {
            return Err(format!("{shown} has no ids"));
        }
        // 4294967295 is no id: it means "no change" to the kernel.
        let ends = |first: u32| first.checked_add(range.count).is_some();
        if !ends(range.inside) || !ends(range.outside) {
            return Err(format!("{shown} goes past the last id, 4294967294"));
        }
        let meet = |a: u32, b: u32, other: &Range| {
            a < b.saturating_add(other.count) && b < a.saturating_add(range.count)
        };
        let overlaps = |other: &&Range| {
            meet(range.inside, other.inside, other) || meet(range.outside, other.outside, other)
        };
        if let Some(other) = ranges.iter().take(at).find(overlaps) {
            let other = format!("{}:{}:{}", other.inside, other.outside, other.count);
            return Err(format!("{other} and {shown} have ids in common"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(inside: u32, outside: u32, count: u32) -> Range {
        Range { inside, outside, count }
    }

    fn laid(block: Range, moves_up: bool, inside: u32, outside: u32) -> Vec<(u32, u32, u32)> {
        let laid = lay(&[Block { range: block, moves_up }], Some(Range::single(inside, outside)));
        laid.iter().map(|range| (range.inside, range.outside, range.count)).collect()
    }

    #[test]
    fn a_single_id_punches_its_hole() {
        let block = range(0, 100_000, 65536);
        // In the way of the first id inside, and of one in the middle.
        assert_eq!(laid(block, false, 0, 1000), [(0, 1000, 1), (1, 100_000, 65535)]);
        assert_eq!(
            laid(block, false, 1000, 1000),
            [(1000, 1000, 1), (0, 100_000, 1000), (1001, 101_000, 64535)]
        );
        // Elsewhere, in the last id's way, and just past it.
        assert_eq!(laid(block, false, 70000, 1000), [(70000, 1000, 1), (0, 100_000, 65536)]);
        assert_eq!(laid(block, false, 65535, 1000), [(65535, 1000, 1), (0, 100_000, 65535)]);
        assert_eq!(laid(block, false, 65536, 165_536), [(65536, 165_536, 1), (0, 100_000, 65536)]);
    }

    #[test]
    fn a_hole_on_each_side() {
        let block = range(0, 0, 10);
        assert_eq!(laid(block, false, 2, 5), [(2, 5, 1), (0, 0, 2), (3, 2, 3), (6, 6, 4)]);
        assert_eq!(laid(block, false, 5, 2), [(5, 2, 1), (0, 0, 2), (2, 3, 3), (6, 6, 4)]);
        assert_eq!(laid(block, false, 3, 3), [(3, 3, 1), (0, 0, 3), (4, 4, 6)]);
        assert_eq!(laid(range(0, 0, 1), false, 0, 0), [(0, 0, 1)]);
    }

    #[test]
    fn all_subordinate_ids_find_a_place() {
        let block = range(0, 100_000, 10);
        assert_eq!(laid(block, true, 0, 1000), [(0, 1000, 1), (1, 100_000, 10)]);
        assert_eq!(laid(block, true, 4, 1000), [(4, 1000, 1), (0, 100_000, 4), (5, 100_004, 6)]);
        // But the caller's own id is used up.
        assert_eq!(laid(block, true, 0, 100_000), [(0, 100_000, 1), (1, 100_001, 9)]);
    }

    #[test]
    fn blocks_keep_their_order() {
        let blocks = [range(10, 1000, 5), range(0, 2000, 5)].map(|range| Block { range, moves_up: false });
        assert_eq!(lay(&blocks, None), [range(10, 1000, 5), range(0, 2000, 5)]);
        assert_eq!(text(&lay(&blocks, Some(Range::single(7, 7)))), "7 7 1\n10 1000 5\n0 2000 5\n");
    }

    #[test]
    fn what_the_kernel_refuses_is_named() {
        assert_eq!(check(&[range(0, 0, u32::MAX)]), Ok(()));
        assert_eq!(check(&[range(0, 5, 5), range(5, 0, 5)]), Ok(()));
        assert_eq!(check(&[range(1, 2, 0)]).unwrap_err(), "1:2:0 has no ids");
        assert_eq!(
            check(&[range(1, 0, u32::MAX)]).unwrap_err(),
            "1:0:4294967295 goes past the last id, 4294967294"
        );
        assert_eq!(
            check(&[range(0, 10, 5), range(4, 0, 5)]).unwrap_err(),
            "0:10:5 and 4:0:5 have ids in common"
        );
        assert!(check(&vec![range(0, 0, 1); 341]).unwrap_err().starts_with("341 ranges"));
    }
}
