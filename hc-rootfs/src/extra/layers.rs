//! What -f puts where. Each request is a layer upon those before it: directories are one with those of the same
//! place, and anything else is there instead of what was.

use crate::host::{Owner, Source, Step, Ware, leave_trail};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::ffi::OsString;
use std::ops::Bound;
use std::path::{Component, Path, PathBuf};
use std::rc::Rc;

/// What is to be at a place.
pub(super) enum Node {
    File(Rc<Source>),
    Link {
        target: PathBuf,
        to_directory: bool,
        /// It leads where it says: not to a file that is not copied.
        is_whole: bool,
    },
    Directory(Owner),
}

/// A directory of the new root in which the places of one request are, or which is one.
struct Base {
    /// As it is asked for.
    name: PathBuf,
    /// Without symlinks.
    place: PathBuf,
    way: Vec<Step>,
}

/// Which [`Base`] it is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct BaseId(usize);

/// By place, so what is in a directory comes next to it.
#[derive(Default)]
pub(super) struct Layers {
    nodes: BTreeMap<PathBuf, (BaseId, Node)>,
    bases: Vec<Base>,
    /// The directories on the way to those that nobody else has,
    made: HashSet<PathBuf>,
    /// and the symlinks.
    links: HashSet<PathBuf>,
}

/// The way to a directory.
pub(super) struct Way {
    pub(super) steps: Vec<Step>,
    /// Where it ends, without symlinks.
    pub(super) place: PathBuf,
    /// What has to be made for it.
    pub(super) made: Vec<PathBuf>,
}

impl Layers {
    pub(super) fn is_empty(&self) -> bool {
        self.bases.is_empty()
    }

    pub(super) fn node(&self, place: &Path) -> Option<&Node> {
        self.nodes.get(place).map(|(_, node)| node)
    }

    /// True for a directory that is there for what is put below it.
    pub(super) fn is_made(&self, place: &Path) -> bool {
        self.made.contains(place)
    }

    /// True for a link that something was put behind: a directory in its place is the one that it leads to.
    pub(super) fn is_passed(&self, place: &Path) -> bool {
        self.links.contains(place)
    }

    /// The names of what is put into the directory `place`.
    pub(super) fn names(&self, place: &Path) -> Vec<OsString> {
        let mut names = Vec::new();
        let mut behind = Bound::Excluded(place.to_owned());
        // From one to the next over all that is below it: a tree may be as deep as it is large.
        while let Some(path) = self.nodes.range((behind, Bound::Unbounded)).next().map(|(path, _)| path) {
            let Some(Component::Normal(name)) =
                path.strip_prefix(place).ok().and_then(|rest| rest.components().next())
            else {
                break;
            };
            if path.parent() == Some(place) {
                names.push(name.to_owned());
            }
            // No name has a NUL, so this comes after all that begin with this one.
            let mut next = name.to_owned();
            next.push("\0");
            behind = Bound::Included(place.join(next));
        }
        names
    }

    fn below<'a>(&'a self, place: &'a Path) -> impl Iterator<Item = &'a PathBuf> {
        let behind = (Bound::Excluded(place), Bound::Unbounded);
        self.nodes
            .range::<Path, _>(behind)
            .map(|(path, _)| path)
            .take_while(move |path| path.starts_with(place))
    }

    /// Begins with what is put into the directory to which `way` leads.
    pub(super) fn base(&mut self, name: PathBuf, way: Way) -> BaseId {
        let Way { steps, place, made } = way;
        for path in made {
            self.nodes.remove(&path);
            self.made.insert(path);
        }
        self.links.extend(links_on(&steps));
        self.bases.push(Base { name, place, way: steps });
        BaseId(self.bases.len() - 1)
    }

    /// Puts `node` at `place`, which is that of `base` or below it.
    pub(super) fn put(&mut self, base: BaseId, place: PathBuf, node: Node) {
        if !matches!(node, Node::Directory(_)) {
            let hidden: Vec<PathBuf> = self.below(&place).cloned().collect();
            for path in hidden {
                self.nodes.remove(&path);
            }
            self.made.remove(&place);
            if self.links.remove(&place) {
                self.avoid(&place);
            }
        }
        self.nodes.insert(place, (base, node));
    }

    /// There is no link at `place` any more: what was put behind it keeps its other name.
    fn avoid(&mut self, place: &Path) {
        for base in &mut self.bases {
            if links_on(&base.way).iter().any(|link| link == place) {
                base.way = without_links(&base.way);
                base.name.clone_from(&base.place);
            }
        }
    }

    /// All of it: the files, and the ways that end in a directory or a symlink.
    pub(super) fn goods(&self) -> (Vec<Ware>, Vec<Vec<Step>>) {
        let (mut wares, mut ways) = (Vec::new(), Vec::new());
        let mut known: HashMap<&Path, (BaseId, Rc<[Step]>)> = HashMap::new();
        for (place, (base, node)) in &self.nodes {
            if let Some(top) = self.bases.get(base.0).filter(|top| top.place == *place) {
                ways.push(top.way.clone());
                known.insert(place, (*base, top.way.clone().into()));
                continue;
            }
            let (Some(name), Some(parent)) = (place.file_name(), place.parent()) else { continue };
            let above = match known.get(parent) {
                Some((of, way)) if of == base => Rc::clone(way),
                _ => {
                    let way: Rc<[Step]> = self.way_to(parent, *base).into();
                    known.insert(parent, (*base, Rc::clone(&way)));
                    way
                }
            };
            let name = name.to_owned();
            match node {
                Node::File(source) => {
                    let way = vec![Step::Common(above), Step::File(name, Rc::clone(source))];
                    wares.push(Ware { name: self.name_of(place, *base), way, source: Rc::clone(source) });
                }
                Node::Directory(owner) => {
                    let last = Step::Directory(name, *owner);
                    let way: Rc<[Step]> = above.iter().cloned().chain([last]).collect();
                    ways.push(vec![Step::Common(Rc::clone(&way))]);
                    known.insert(place, (*base, way));
                }
                Node::Link { target, to_directory, .. } => {
                    let (target, to_directory) = (target.clone(), *to_directory);
                    ways.push(vec![Step::Common(above), Step::Symlink { name, target, to_directory }]);
                }
            }
        }
        (wares, ways)
    }

    /// The way to the directory `place`, by way of that of `base`.
    fn way_to(&self, place: &Path, base: BaseId) -> Vec<Step> {
        let Some(base) = self.bases.get(base.0) else { return Vec::new() };
        let (mut way, mut at) = (base.way.clone(), base.place.clone());
        for name in place.strip_prefix(&base.place).into_iter().flatten() {
            at.push(name);
            if let Some(Node::Directory(owner)) = self.node(&at) {
                way.push(Step::Directory(name.to_owned(), *owner));
            }
        }
        way
    }

    fn name_of(&self, place: &Path, base: BaseId) -> PathBuf {
        let base = self.bases.get(base.0);
        let below = base.and_then(|base| Some(base.name.join(place.strip_prefix(&base.place).ok()?)));
        below.unwrap_or_else(|| place.to_owned())
    }
}

fn links_on(way: &[Step]) -> Vec<PathBuf> {
    let mut links = Vec::new();
    leave_trail(way, &mut PathBuf::from("/"), &mut links);
    links
}

/// The way to the same directory over no symlink.
fn without_links(way: &[Step]) -> Vec<Step> {
    fn follow(way: &[Step], plain: &mut Vec<Step>) {
        for step in way {
            match step {
                Step::Root => plain.truncate(1),
                Step::Up => plain.truncate(plain.len().saturating_sub(1).max(1)),
                Step::Common(steps) => follow(steps, plain),
                Step::Link { then, .. } => follow(then, plain),
                Step::Directory(..) => plain.push(step.clone()),
                Step::File(..) | Step::Symlink { .. } => {}
            }
        }
    }
    let mut plain = vec![Step::Root];
    follow(way, &mut plain);
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWNER: Owner = Owner { mode: 0o755, uid: 0, gid: 0 };

    fn way(place: &str, made: &[&str]) -> Way {
        Way { steps: vec![Step::Root], place: place.into(), made: made.iter().map(PathBuf::from).collect() }
    }

    fn link(target: &str) -> Node {
        Node::Link { target: target.into(), to_directory: false, is_whole: true }
    }

    fn places(layers: &Layers) -> Vec<&str> {
        layers.nodes.keys().filter_map(|place| place.to_str()).collect()
    }

    #[test]
    fn the_last_one_counts() {
        let mut layers = Layers::default();
        let root = layers.base("/".into(), way("/", &[]));
        for place in ["/a", "/a/b"] {
            layers.put(root, place.into(), Node::Directory(OWNER));
        }
        for place in ["/a/b/c", "/a/d", "/a-b"] {
            layers.put(root, place.into(), link("x"));
        }
        layers.put(root, "/a".into(), Node::Directory(OWNER));
        assert_eq!(places(&layers), ["/a", "/a/b", "/a/b/c", "/a/d", "/a-b"], "directories are one");
        assert_eq!(layers.names(Path::new("/a")), ["b", "d"]);
        layers.put(root, "/a/b".into(), link("y"));
        assert_eq!(places(&layers), ["/a", "/a/b", "/a/d", "/a-b"], "a link hides what was below");
        layers.put(root, "/a/b".into(), Node::Directory(OWNER));
        assert!(matches!(layers.node(Path::new("/a/b")), Some(Node::Directory(_))));
        layers.put(root, "/a-b/c/d".into(), link("x"));
        assert_eq!(layers.names(Path::new("/a-b")), [""; 0], "only what was put there itself");
        assert_eq!(layers.names(Path::new("/")), ["a", "a-b"]);
        layers.put(root, "/a-b".into(), link("x"));
        assert_eq!(places(&layers), ["/a", "/a/b", "/a/d", "/a-b"], "also where no directory was put");
        layers.base("/a/d/e".into(), way("/a/d/e", &["/a/d", "/a/d/e"]));
        assert_eq!(places(&layers), ["/a", "/a/b", "/a-b"], "nothing but a directory is above");
        assert!(layers.is_made(Path::new("/a/d")) && !layers.is_made(Path::new("/a/b")));
    }

    #[test]
    fn a_way_can_do_without_its_links() {
        let directory = |name: &str| Step::Directory(name.into(), OWNER);
        let then = vec![Step::Up, directory("b"), directory("c")];
        let over = Step::Link { name: "l".into(), target: "../b/c".into(), then };
        let plain = without_links(&[Step::Root, directory("a"), over, directory("d")]);
        let names: Vec<_> = plain.iter().map(|step| format!("{step:?}")).collect();
        let expected = [Step::Root, directory("b"), directory("c"), directory("d")];
        assert_eq!(names, expected.map(|step| format!("{step:?}")));
    }
}
