//! Files that are named on the command line, read whole.

use crate::locale::Locale;
use crate::quote::quote_for_shell;
use hc::{Context, Error, Result};
use nix::fcntl::OFlag;
use std::ffi::OsStr;
use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;

/// Sixteen MiB: more than twice what an environment can have, for comments. /dev/zero is not to take all memory.
const LIMIT: u64 = 16 << 20;

/// All of `file`, which `-` makes standard input. Waits for one that is a FIFO.
pub(crate) fn read(file: &OsStr) -> Result<Vec<u8>> {
    let mut content = Vec::new();
    let read = open(file).and_then(|opened| opened.take(LIMIT + 1).read_to_end(&mut content));
    let what = || format!("cannot read {}", quote_for_shell(file.as_bytes(), &Locale::current()));
    match read {
        Ok(length) if length as u64 > LIMIT => Err(Error::new(format!("{}: larger than 16 MiB", what()))),
        Ok(_) => Ok(content),
        Err(error) => Err(error).context(what()),
    }
}

/// The standard library would take a closed standard input for an empty one; a duplicate of it, which is
/// closed with its value and in NEXT, tells the difference.
fn open(file: &OsStr) -> io::Result<File> {
    if file == "-" {
        return io::stdin().as_fd().try_clone_to_owned().map(File::from);
    }
    OpenOptions::new().read(true).custom_flags(OFlag::O_NOCTTY.bits()).open(file)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::path::PathBuf;

    /// A file of this test alone, removed at its end.
    struct Scratch(PathBuf);

    impl Scratch {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("hc-env-input-{name}-{}", std::process::id()));
            fs::write(&path, b"A=1\n\0\xff").unwrap();
            Scratch(path)
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            fs::remove_file(&self.0).unwrap();
        }
    }

    fn error(file: &OsStr) -> String {
        read(file).unwrap_err().render("hc-env", hc::Manner::Coreutils)
    }

    #[test]
    fn a_file_is_read_as_it_is() {
        let file = Scratch::new("whole");
        assert_eq!(read(file.0.as_os_str()).unwrap(), b"A=1\n\0\xff");
        // Of this one, the size is not known before.
        assert_eq!(read(OsStr::new("/proc/self/comm")).unwrap(), fs::read("/proc/self/comm").unwrap());
        assert_eq!(read(OsStr::new("/dev/null")), Ok(Vec::new()));
    }

    #[test]
    fn what_cannot_be_read_is_named_with_the_reason() {
        assert_eq!(error(OsStr::new("/")), "hc-env: cannot read '/': Is a directory\n");
        let text = "hc-env: cannot read '/nosuch'$'\\n''file': No such file or directory\n";
        assert_eq!(error(OsStr::new("/nosuch\nfile")), text);
        assert_eq!(error(OsStr::new("")), "hc-env: cannot read '': No such file or directory\n");
    }

    #[test]
    fn sixteen_mebibytes_are_read_and_no_byte_more() {
        let text = "hc-env: cannot read '/dev/zero': larger than 16 MiB\n";
        assert_eq!(error(OsStr::new("/dev/zero")), text);
        let file = Scratch::new("limit");
        fs::File::options().write(true).open(&file.0).unwrap().set_len(LIMIT).unwrap();
        assert_eq!(read(file.0.as_os_str()).unwrap().len() as u64, LIMIT);
        fs::File::options().write(true).open(&file.0).unwrap().set_len(LIMIT + 1).unwrap();
        assert_eq!(error(file.0.as_os_str()), text.replace("/dev/zero", file.0.to_str().unwrap()));
    }
}
