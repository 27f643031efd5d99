//! A command line that is timed, and what has to be done after it.

use hc_tests::Dir;
use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// Something to do after each run; it gets the run's number. Its time does not count.
type Aside = Box<dyn FnMut(usize)>;

/// The words of a command line, from what is at hand.
pub(crate) fn words(words: &[&dyn AsRef<OsStr>]) -> Vec<OsString> {
    words.iter().map(|word| word.as_ref().to_owned()).collect()
}

/// One of the command lines that are compared.
pub(crate) struct Line {
    /// What the table calls it.
    pub(crate) name: String,
    words: Vec<OsString>,
    environment: Option<Vec<(String, String)>>,
    after: Option<Aside>,
}

impl Line {
    /// A program, by path or searched for in `PATH`, and its arguments. `name` is what the table calls it.
    pub(crate) fn new<W: Into<OsString>>(name: &str, words: impl IntoIterator<Item = W>) -> Self {
        let words: Vec<OsString> = words.into_iter().map(Into::into).collect();
        assert!(!words.is_empty(), "{name}: a command line has a program");
        Line { name: name.to_owned(), words, environment: None, after: None }
    }

    /// Nothing but these variables, instead of this process's environment.
    pub(crate) fn environment(mut self, entries: Vec<(String, String)>) -> Self {
        self.environment = Some(entries);
        self
    }

    /// Nothing but the PATH on which a system's own programs are: those that are scripts need its interpreters.
    pub(crate) fn with_programs_of_the_system(self) -> Self {
        self.environment(vec![("PATH".to_owned(), "/usr/sbin:/usr/bin:/sbin:/bin".to_owned())])
    }

    /// Done after each run.
    pub(crate) fn after(mut self, aside: impl FnMut(usize) + 'static) -> Self {
        self.after = Some(Box::new(aside));
        self
    }

    /// Runs it to its end, with standard input and output on `/dev/null`. `{}` in a word stands for the run's number.
    /// A command that fails has not done its job: that ends the benchmark.
    pub(crate) fn run(&mut self, number: usize) -> Duration {
        self.try_run(number).unwrap_or_else(|why| panic!("{}: {:?}: {why}", self.name, self.words))
    }

    /// The same; what the command said when it failed, on one line.
    pub(crate) fn try_run(&mut self, number: usize) -> Result<Duration, String> {
        let said = said();
        let mut command = self.command(number);
        command.stderr(File::create(&said).expect("a file for messages"));
        let start = Instant::now();
        let status = command.status();
        let time = start.elapsed();
        let status = status.map_err(|error| error.to_string())?;
        if !status.success() {
            let said = fs::read_to_string(&said).unwrap_or_default();
            return Err(format!("{status}: {}", said.trim().lines().last().unwrap_or("no message")));
        }
        if let Some(after) = &mut self.after {
            after(number);
        }
        Ok(time)
    }

    fn command(&self, number: usize) -> Command {
        let number = number.to_string();
        let mut words = self.words.iter().map(|word| match word.to_str() {
            Some(text) if text.contains("{}") => text.replace("{}", &number).into(),
            _ => word.clone(),
        });
        let mut command = Command::new(words.next().expect("a program"));
        command.args(words).stdin(Stdio::null()).stdout(Stdio::null());
        if let Some(entries) = &self.environment {
            command.env_clear().envs(entries.iter().map(|(name, value)| (name, value)));
        }
        command
    }
}

/// Where command lines say what they have to say. Shown when one fails.
fn said() -> PathBuf {
    static PLACE: OnceLock<Dir> = OnceLock::new();
    PLACE.get_or_init(Dir::new).join("said")
}
