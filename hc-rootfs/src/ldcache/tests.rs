//! Caches as they should be, and as they should not.

use super::*;

pub(super) const AMD64: Machine = Machine { wide: true, little_endian: true, number: EM_X86_64 };
const I386: Machine = Machine { wide: false, little_endian: true, number: EM_386 };

/// A cache of `(flags, name, path, hwcap)`, which must be in descending order.
fn cache(entries: &[(u32, &str, &str, u64)]) -> Vec<u8> {
    let mut data = MAGIC.to_vec();
    data.extend(u32::try_from(entries.len()).unwrap().to_le_bytes());
    data.resize(HEADER, 0);
    data[28] = 2;
    let mut strings = Vec::new();
    let base = HEADER + entries.len() * ENTRY;
    for (flags, name, path, hwcap) in entries {
        let mut add = |text: &str| {
            let at = u32::try_from(base + strings.len()).unwrap();
            strings.extend(text.bytes().chain([0]));
            at.to_le_bytes()
        };
        let (name, path) = (add(name), add(path));
        data.extend(flags.to_le_bytes().iter().chain(&name).chain(&path).chain(&[0; 4]));
        data.extend(hwcap.to_le_bytes());
    }
    data.extend(strings);
    data
}

/// The plain file of a name.
fn plain(cache: &Cache, name: &[u8], machine: Machine) -> Option<String> {
    let found = cache.find(name, machine).into_iter().find(|entry| !entry.is_variant());
    found.map(|entry| String::from_utf8(entry.path.to_vec()).unwrap())
}

pub(crate) fn sample() -> Vec<u8> {
    cache(&[
        (0x303, "libz.so.1", "/lib/libz.so.1", 0),
        (0x303, "libx.so.10", "/lib/libx.so.10", 0),
        (0x303, "libx.so.9", "/lib/hw/libx.so.9", 1 << 62),
        (0x3, "libx.so.9", "/lib32/libx.so.9", 0),
        (0x303, "libx.so.9", "/lib/libx.so.9", 0),
        (0x303, "libc.so.6", "/lib/libc.so.6", 0),
    ])
}

#[test]
fn a_name_is_found_for_the_right_machine() {
    let cache = Cache::parse(Rc::new(sample())).unwrap();
    assert_eq!(plain(&cache, b"libz.so.1", AMD64).as_deref(), Some("/lib/libz.so.1"));
    assert_eq!(plain(&cache, b"libx.so.9", AMD64).as_deref(), Some("/lib/libx.so.9"));
    assert_eq!(plain(&cache, b"libx.so.9", I386).as_deref(), Some("/lib32/libx.so.9"));
    assert_eq!(plain(&cache, b"libx.so.10", AMD64).as_deref(), Some("/lib/libx.so.10"));
    let all = [(&b"/lib/hw/libx.so.9"[..], true), (b"/lib/libx.so.9", false)];
    let found = cache.find(b"libx.so.9", AMD64).into_iter();
    assert_eq!(found.map(|entry| (entry.path, entry.is_variant())).collect::<Vec<_>>(), all);
    assert!(cache.find(b"libc.so.6", I386).is_empty());
    assert!(cache.find(b"liba.so", AMD64).is_empty());
    assert!(cache.find(b"libzz.so", AMD64).is_empty());
}

#[test]
fn the_new_part_is_found_behind_an_old_one() {
    // Its count is of that machine, too, which need not be like this one.
    for count in [1_u32.to_le_bytes(), 1_u32.to_be_bytes()] {
        let mut file = [OLD_MAGIC, &count].concat();
        file.resize(32, 0xee);
        file.extend(sample());
        assert!(Cache::parse(Rc::new(file)).unwrap().find(b"libz.so.1", AMD64).len() == 1);
    }
    assert!(Cache::parse(Rc::new([OLD_MAGIC, &[0xff; 4]].concat())).is_none());
}

#[test]
fn names_compare_as_ldconfig_sorts_them() {
    assert_eq!(compare(b"libx.so.10", b"libx.so.9"), Ordering::Greater);
    assert_eq!(compare(b"lib1", b"liba"), Ordering::Greater);
    assert_eq!(compare(b"lib", b"libx"), Ordering::Less);
    assert_eq!(compare(b"lib", b"lib"), Ordering::Equal);
}

#[test]
fn a_name_that_stands_there_for_ever_is_not_read_for_ever() {
    let mut entries = vec![(0x3, "liba.so", "/lib32/liba.so", 0); MAX_SAME];
    let found = |entries: &[_]| {
        let cache = Cache::parse(Rc::new(cache(entries))).unwrap();
        cache.find(b"liba.so", AMD64).len()
    };
    entries[MAX_SAME - 1].0 = 0x303;
    assert_eq!(found(&entries), 1);
    entries.insert(0, entries[0]);
    assert_eq!(found(&entries), 0);
}

#[test]
fn every_name_of_this_machine_s_cache_is_found() {
    let cache = Cache::parse(Rc::new(std::fs::read("/etc/ld.so.cache").unwrap())).unwrap();
    assert!(cache.entries > 0);
    for index in 0..cache.entries {
        let entry = cache.entry(index).unwrap();
        if entry.flags == 0x303 && entry.hwcap == 0 {
            assert!(!cache.find(entry.name, AMD64).is_empty());
        }
    }
}

#[test]
fn a_hostile_cache_does_no_harm() {
    let good = sample();
    for at in 0..good.len() {
        for value in [0, 1, 0x7f, 0x80, 0xff] {
            let mut bad = good.clone();
            bad[at] = value;
            if let Some(cache) = Cache::parse(Rc::new(bad)) {
                let _ = cache.find(b"libx.so.9", AMD64);
            }
        }
        if let Some(cache) = Cache::parse(Rc::new(good[..at].to_vec())) {
            let _ = cache.find(b"libx.so.9", I386);
        }
    }
    // Several bytes at once, and the old format before it.
    let mut number = crate::chance::numbers();
    let compatible = [OLD_MAGIC, &[1, 0, 0, 0], &[0; 16], &good].concat();
    for round in 0..20_000 {
        let mut bad = if round % 2 == 0 { good.clone() } else { compatible.clone() };
        for _ in 0..=number(6) {
            let at = number(bad.len());
            bad[at] = [0, 1, 2, 0x7f, 0x80, 0xff, 0x30, 0x10][number(8)];
        }
        if let Some(cache) = Cache::parse(Rc::new(bad)) {
            for name in [&b"libx.so.9"[..], b"libz.so.1", b"", b"libx.so.99999999999999999999999"] {
                let _ = cache.find(name, AMD64);
            }
        }
    }
}
