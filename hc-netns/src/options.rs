//! The command line: ip netns' verbs and our own, as values.

mod given;
mod values;
mod verbs;

use crate::bridge;
use crate::json::Layout;
use crate::list::Wanted;
use crate::named::Name;
use crate::{link::Interface, veth};
use given::Given;
use hc::{Args, Error, Opt, Result};
use std::ffi::OsString;
use verbs::Verb;

const HELP: &str = "\
Usage: hc-netns [OPTION]... [VERB [NAME]... [OPTION]... [--] [NEXT [ARG]...]]
Make, connect, show and remove network namespaces, or run NEXT in one.

  -a, --all       every name: of delete, down and exec
  -j, --json      JSON: of list and list-id
  -p, --pretty    JSON in several lines
  -h, --help      show this help
  -V, --version   show the version

Verbs of ip-netns(8), of which a beginning is enough:
  list                           names, and the ids this namespace has for them (the default)
  list-id [target-nsid ID] [nsid ID]
                                 ids, and the names of their namespaces
  add NAME                       make a network namespace
  attach NAME PID                give a name to the network namespace of a process
  set NAME ID|auto               give a namespace an id
  delete NAME...                 remove names; a namespace in use lives on until its last process ends
  identify [PID]                 names of the network namespace of a process
  pids NAME                      processes in that namespace
  exec NAME [--] NEXT [ARG]...   become NEXT in that namespace
  monitor                        tell when names come and go

Verbs of its own:
  bridge BR [OPTION]...          make a bridge, or bring it into this state
  up NAME [OPTION]... [[--] NEXT [ARG]...]
                                 connect a namespace to a bridge; make both it and its name if there is none;
                                 with NEXT, unless it is connected already, and become NEXT in it
  down NAME... [-- NEXT [ARG]...]
                                 take all that away, and become NEXT
  run [OPTION]... [--] NEXT [ARG]...
                                 become NEXT in a new namespace without a name, connected to a bridge

Options of bridge:
      --port=IF           put this interface on the bridge
      --stp=on|off        spanning tree protocol
      --delete            remove the bridge

Options of bridge, up and run:
      --addr=CIDR|auto    address; auto (up, run): the lowest one of the bridge's network that is free
      --mtu=N             bytes in a packet

Options of up:
      --no-link           connect it to nothing: it has a loopback interface

Options of up and run:
      --bridge=BR         the bridge (br0)
      --host-if=IF        the end of the pair on the bridge (veth1, or the first vethN that is free)
      --if=IF             the end in the namespace (eth1)
      --gateway=IP|auto   where the default route goes; auto: to the bridge
      --mac=MAC           MAC address of the interface in the namespace
      --route=NET[,IP]    route to a network, through a gateway
      --dns=IP            name server in /etc/resolv.conf
      --isolated          can reach the bridge, but no other isolated port of it
      --hairpin           frames may go back to where they came from
      --nat               reach what the host reaches, by its address
      --publish=[IP:]PORT:PORT[/udp]
                          host's port leads to the namespace's
      --dhcp              ask a DHCP server for the IPv4 address
      --low-ports         ports below 1024 in the namespace are for everybody
      --bridge-addr=CIDR  make the bridge, with this address, if there is none; it goes with its last link

See hc-netns(8).
";

const LONGS: &[&str] = &[
    "addr",
    "all",
    "bridge",
    "bridge-addr",
    "delete",
    "dhcp",
    "dns",
    "gateway",
    "hairpin",
    "help",
    "host-if",
    "if",
    "isolated",
    "json",
    "low-ports",
    "mac",
    "mtu",
    "nat",
    "no-link",
    "port",
    "pretty",
    "publish",
    "route",
    "stp",
    "version",
];

/// What the command line asks for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Plan {
    /// Print every name.
    List { json: Option<Layout> },
    /// Print ids.
    ListId { wanted: Wanted, json: Option<Layout> },
    /// Make a namespace of that name.
    Add(Name),
    /// Give the namespace of a process a name.
    Attach { name: Name, process: i32 },
    /// Give a namespace an id: this one, or one that the kernel chooses.
    Set { name: Name, id: Option<u32> },
    /// Remove each of these names.
    Delete(Vec<Name>),
    /// Remove all names.
    DeleteAll,
    /// Print the names of the namespace of a process: of this one without a number.
    Identify(Option<i32>),
    /// Print the processes in the namespace of that name.
    Pids(Name),
    /// Become `argv` in the namespace of that name.
    Exec { name: Name, argv: Vec<OsString> },
    /// Run `argv` in the namespace of each name.
    ExecAll { argv: Vec<OsString> },
    /// Tell of names that come and go.
    Monitor,
    /// Make a bridge, or bring it into that state.
    Bridge(bridge::Wanted),
    /// Remove a bridge.
    DeleteBridge(Interface),
    /// Connect the namespace of that name, and become `argv` in it, if there is one.
    Up { name: Name, link: veth::Wanted, argv: Vec<OsString> },
    /// Have a namespace of that name that nothing connects, and become `argv` in it, if there is one.
    UpUnlinked { name: Name, low_ports: bool, argv: Vec<OsString> },
    /// Take away these names, and what connects their namespaces; and become `argv`, if there is one.
    Down { names: Vec<Name>, argv: Vec<OsString> },
    /// Do so with all names.
    DownAll,
    /// Become `argv` in a namespace without a name.
    Run { link: veth::Wanted, argv: Vec<OsString> },
}

/// Reads the command line. Touches nothing.
pub(crate) fn parse(mut args: Args) -> Result<Plan> {
    let mut given = Given::default();
    options(&mut args, &mut given)?;
    let mut words = args.operands()?.into_iter();
    let verb = words.next().map_or(Ok(Verb::List), |word| verbs::find(&word))?;
    let mut words: Vec<OsString> = words.collect();
    if verb.has_options() {
        // Before the name and after it; those behind NEXT are NEXT's.
        let mut args = Args::new(words);
        options(&mut args, &mut given)?;
        words = args.operands()?;
        if verb != Verb::Run && !words.is_empty() {
            let first = words.remove(0);
            let mut args = Args::new(words);
            options(&mut args, &mut given)?;
            words = args.operands()?;
            words.insert(0, first);
        }
    }
    given.refuse_unless_of(verb)?;
    verbs::plan(verb, words, given).map_err(|error| match error {
        verbs::Refused::Help => Error::answer(HELP),
        verbs::Refused::For(error) => error,
    })
}

fn options(args: &mut Args, given: &mut Given) -> Result<()> {
    while let Some(option) = args.next(LONGS)? {
        match option {
            Opt::Short('h') | Opt::Long("help") => return Err(Error::answer(HELP)),
            Opt::Short('V') | Opt::Long("version") => {
                return Err(Error::version(crate::TOOL, env!("CARGO_PKG_VERSION")));
            }
            Opt::Short('a') if is_word(args, "ll")? => given.all(),
            Opt::Short('j') if is_word(args, "son")? => given.json(),
            Opt::Short('p') if is_word(args, "retty")? => given.pretty(),
            Opt::Long("all") => given.all(),
            Opt::Long("json") => given.json(),
            Opt::Long("pretty") => given.pretty(),
            Opt::Long("port") => given.port(values::interface(&args.value()?)?),
            Opt::Long("stp") => given.stp(values::switch(&args.value()?)?),
            Opt::Long("delete") => given.delete(),
            Opt::Long("addr") => match args.value()? {
                word if word == "auto" => given.auto_address(),
                word => given.address(values::host(&word)?),
            },
            Opt::Long("mtu") => given.mtu(values::mtu(&args.value()?)?),
            Opt::Long("bridge") => given.bridge(values::interface(&args.value()?)?),
            Opt::Long("host-if") => given.outside(values::interface(&args.value()?)?),
            Opt::Long("if") => given.inside(values::interface(&args.value()?)?),
            Opt::Long("gateway") => given.gateway(values::gateway(&args.value()?)?),
            Opt::Long("mac") => given.mac(values::mac(&args.value()?)?),
            Opt::Long("route") => given.route(values::route(&args.value()?)?),
            Opt::Long("dns") => given.dns(values::address(&args.value()?)?),
            Opt::Long("isolated") => given.isolated(),
            Opt::Long("low-ports") => given.low_ports(),
            Opt::Long("bridge-addr") => given.bridge_address(values::host(&args.value()?)?),
            Opt::Long("hairpin") => given.hairpin(),
            Opt::Long("no-link") => given.no_link(),
            Opt::Long("nat") => given.nat(),
            Opt::Long("publish") => given.publish(values::published(&args.value()?)?),
            Opt::Long("dhcp") => given.dhcp(),
            _ => return Err(args.unrecognized(option)),
        }
    }
    Ok(())
}

/// ip(8) has its options as words behind one dash, of which a beginning is enough: `-al` is `-all`. True for these
/// and for the letter alone. `rest` is the word without its first letter.
fn is_word(args: &mut Args, rest: &str) -> Result<bool> {
    match args.optional_value() {
        None => Ok(true),
        Some(given) if rest.as_bytes().starts_with(given.as_encoded_bytes()) => Ok(true),
        Some(given) => {
            let letter = given.to_string_lossy().chars().next().unwrap_or_default();
            Err(args.unrecognized(Opt::Short(letter)))
        }
    }
}

#[cfg(test)]
mod tests;
