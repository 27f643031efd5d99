//! What a search has found since a mark, to be forgotten when it leads to nothing.

use super::{Found, Loaded, Named, Search, Spot};
use crate::host::Id;
use crate::loader::Kind;
use std::rc::Rc;

/// What is known since the last mark, if there is one. It is kept as it comes: a copy of all that is known, for each library that is opened
/// later, would take the square of the time.
#[derive(Default)]
pub(super) struct Journal {
    names: Vec<Vec<u8>>,
    ids: Vec<Id>,
}

/// Where the lists of a search ended, when nothing was in its queue.
pub(super) struct Mark {
    files: usize,
    links: usize,
    cached: usize,
    others: usize,
    loaded: usize,
    variants: usize,
}

impl<F> Search<'_, F> {
    /// Begins anew with what can be forgotten.
    pub(super) fn mark(&mut self) -> Mark {
        self.journal = Some(Journal::default());
        Mark {
            files: self.needs.files.len(),
            links: self.needs.links.len(),
            cached: self.needs.cached.len(),
            others: self.needs.others.len(),
            loaded: self.loaded.len(),
            variants: self.variants.len(),
        }
    }

    /// Forgets what was found since `mark`, the last there was.
    pub(super) fn forget(&mut self, mark: &Mark) {
        for (path, _) in self.needs.files.drain(mark.files..) {
            self.listed.remove(&path);
        }
        self.needs.links.truncate(mark.links);
        self.needs.cached.truncate(mark.cached);
        self.needs.others.truncate(mark.others);
        self.loaded.truncate(mark.loaded);
        self.variants.truncate(mark.variants);
        self.queue.clear();
        let Journal { names, ids } = self.journal.take().unwrap_or_default();
        for name in &names {
            self.known.remove(name);
        }
        for id in &ids {
            self.ids.remove(id);
        }
    }

    /// Gives a file a name, unless another has it.
    pub(super) fn know(&mut self, name: &[u8], named: Named) {
        if !self.known.contains_key(name) {
            self.known.insert(name.to_vec(), named);
            if let Some(journal) = &mut self.journal {
                journal.names.push(name.to_vec());
            }
        }
    }

    /// A DT_SONAME is one more name of a loaded object; to musl an object has only the names it was asked for by.
    pub(super) fn know_soname(&mut self, found: &Found, spot: Option<Spot>) {
        if let Some(soname) = found.object.soname.as_ref().filter(|_| self.kind == Kind::Glibc) {
            self.know(soname, Named { id: found.id, spot });
        }
    }

    /// True for a file that is not loaded yet, which it is from now on.
    pub(super) fn is_new(&mut self, id: Id) -> bool {
        let is_new = self.ids.insert(id);
        if let Some(journal) = self.journal.as_mut().filter(|_| is_new) {
            journal.ids.push(id);
        }
        is_new
    }

    pub(super) fn load(&mut self, loaded: Rc<Loaded>, found: &Found, spot: Option<Spot>) {
        self.know_soname(found, spot);
        self.queue.push_back(loaded);
    }
}
