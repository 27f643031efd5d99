//! Objects of which it is still to be found what they need, in the order in which the loader goes through them.

use super::Loaded;
use crate::host::Id;
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

/// Each object once. One in the middle is found as fast as the first.
#[derive(Default)]
pub(super) struct Queue {
    objects: BTreeMap<i64, Rc<Loaded>>,
    places: HashMap<Id, i64>,
}

impl Queue {
    pub(super) fn push_back(&mut self, loaded: Rc<Loaded>) {
        self.insert(self.end(), loaded);
    }

    pub(super) fn push_front(&mut self, loaded: Rc<Loaded>) {
        let first = self.objects.first_key_value().map_or(0, |(place, _)| *place);
        self.insert(first - 1, loaded);
    }

    pub(super) fn pop_front(&mut self) -> Option<Rc<Loaded>> {
        let (_, loaded) = self.objects.pop_first()?;
        self.places.remove(&loaded.id);
        Some(loaded)
    }

    /// Where the next one will be put.
    pub(super) fn end(&self) -> i64 {
        self.objects.last_key_value().map_or(0, |(place, _)| place + 1)
    }

    /// Takes out those that were put there since this was its end.
    pub(super) fn take_from(&mut self, end: i64) -> Vec<Rc<Loaded>> {
        let taken: Vec<_> = self.objects.split_off(&end).into_values().collect();
        for loaded in &taken {
            self.places.remove(&loaded.id);
        }
        taken
    }

    /// Takes out the object of this id, if its turn has not come yet.
    pub(super) fn remove(&mut self, id: Id) -> Option<Rc<Loaded>> {
        self.objects.remove(&self.places.remove(&id)?)
    }

    pub(super) fn clear(&mut self) {
        self.objects.clear();
        self.places.clear();
    }

    fn insert(&mut self, place: i64, loaded: Rc<Loaded>) {
        self.places.insert(loaded.id, place);
        self.objects.insert(place, loaded);
    }
}
