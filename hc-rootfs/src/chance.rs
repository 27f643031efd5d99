//! Numbers for tests: like chance, and the same in every run.

/// A function that returns a number below its argument.
pub(crate) fn numbers() -> impl FnMut(usize) -> usize {
    // Knuth's MMIX generator, of which the upper bits are the better ones.
    let mut state = 0x5eed_u64;
    move |below| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        usize::try_from(state >> 33).expect("31 bits") % below
    }
}
