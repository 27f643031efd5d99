//! The values of options, out of their words.

use crate::address::{Cidr, Mac, width};
use crate::link::Interface;
use crate::nat::{Protocol, Published};
use crate::veth::{Gateway, Route};
use hc::{Error, Result};
use std::ffi::OsStr;
use std::net::{IpAddr, Ipv4Addr};
use std::os::unix::ffi::OsStrExt;

/// What the kernel may have as a name of an interface: `dev_valid_name`, and no `%`, which it would count with.
const MAX_INTERFACE: usize = 15;

fn bad(what: &str, word: &OsStr, because: &str) -> Error {
    Error::new(format!("{what} '{}': {because}", hc::show(word)))
}

/// The name of an interface.
pub(super) fn interface(word: &OsStr) -> Result<Interface> {
    let because = match word.as_bytes() {
        b"" => "is empty",
        b"." | b".." => "is a directory in every directory",
        bytes if bytes.len() > MAX_INTERFACE => "is longer than 15 bytes",
        bytes if bytes.iter().any(|byte| b"/:%".contains(byte)) => "has a slash, colon or per cent sign",
        bytes if bytes.iter().any(|byte| byte.is_ascii_whitespace() || *byte == 0x0b) => "has a space",
        bytes => return Ok(Interface::new(bytes)),
    };
    Err(bad("interface", word, because))
}

/// An IP address.
pub(super) fn address(word: &OsStr) -> Result<IpAddr> {
    parse(word).ok_or_else(|| bad("address", word, "is no IP address"))
}

/// An address and the length of its network's prefix.
pub(super) fn cidr(word: &OsStr) -> Result<Cidr> {
    let error = || bad("address", word, "is not an IP address, a slash and the length of its prefix");
    let (address, prefix) = word.to_str().and_then(|text| text.split_once('/')).ok_or_else(error)?;
    let address: IpAddr = address.parse().map_err(|_| error())?;
    let prefix: u8 = digits(prefix).ok_or_else(error)?;
    let cidr = Cidr { address, prefix };
    if prefix > width(address) {
        return Err(bad("address", word, "has a longer prefix than it has bits"));
    }
    Ok(cidr)
}

/// An address for the container's interface: one that a host can have.
pub(super) fn host(word: &OsStr) -> Result<Cidr> {
    let cidr = cidr(word)?;
    if cidr.address.is_unspecified() || cidr.address.is_multicast() || cidr.address.is_loopback() {
        return Err(bad("address", word, "is none that a host on a network can have"));
    }
    if !cidr.hosts().contains(&cidr.host()) {
        return Err(bad("address", word, "is that of a network, not of a host in it"));
    }
    Ok(cidr)
}

/// `NETWORK[,GATEWAY]`.
pub(super) fn route(word: &OsStr) -> Result<Route> {
    let text = word.to_str().unwrap_or_default();
    let (to, via) = text.split_once(',').map_or((text, None), |(to, via)| (to, Some(via)));
    let to = cidr(if word.to_str().is_some() { to.as_ref() } else { word })?;
    if to != to.network() {
        return Err(bad("route", word, "has bits behind its prefix"));
    }
    let via = via.map(|via| address(via.as_ref())).transpose()?;
    match via {
        Some(via) if via.is_ipv4() != to.address.is_ipv4() => Err(bad("route", word, "mixes IPv4 and IPv6")),
        via => Ok(Route { to, via }),
    }
}

/// `auto` or an address.
pub(super) fn gateway(word: &OsStr) -> Result<Gateway> {
    if word == "auto" { Ok(Gateway::Auto) } else { address(word).map(Gateway::At) }
}

/// Six bytes in hexadecimal, with colons: the address of one interface.
pub(super) fn mac(word: &OsStr) -> Result<Mac> {
    let byte = |part: &str| {
        (part.len() <= 2 && part.bytes().all(|byte| byte.is_ascii_hexdigit()))
            .then(|| u8::from_str_radix(part, 16).ok())
            .flatten()
    };
    let bytes: Option<Vec<u8>> = word.to_str().and_then(|text| text.split(':').map(byte).collect());
    let mac = bytes.and_then(|bytes| <[u8; 6]>::try_from(bytes).ok());
    let mac = mac.ok_or_else(|| bad("MAC address", word, "is not six bytes with colons between them"))?;
    if mac[0] & 1 == 1 || mac == [0; 6] {
        return Err(bad("MAC address", word, "is not that of one interface"));
    }
    Ok(Mac(mac))
}

/// How many bytes a packet may have: from what IPv4 asks for at least, to what the kernel allows.
pub(super) fn mtu(word: &OsStr) -> Result<u32> {
    let mtu = word.to_str().and_then(digits).filter(|mtu| (68..=65535).contains(mtu));
    mtu.ok_or_else(|| bad("MTU", word, "is not a number from 68 to 65535"))
}

/// `on` or `off`.
pub(super) fn switch(word: &OsStr) -> Result<bool> {
    match word.as_bytes() {
        b"on" => Ok(true),
        b"off" => Ok(false),
        _ => Err(bad("STP", word, "is neither 'on' nor 'off'")),
    }
}

/// An id of a namespace.
pub(super) fn id(word: &OsStr) -> Result<u32> {
    let id = word.to_str().and_then(digits).filter(|id| *id <= i32::MAX.unsigned_abs());
    id.ok_or_else(|| bad("id", word, "is not a number from 0 to 2147483647"))
}

/// A process ID.
pub(super) fn process(word: &OsStr) -> Result<i32> {
    let process = word.to_str().and_then(digits).filter(|process| *process > 0);
    process.ok_or_else(|| bad("process", word, "is not a process ID"))
}

/// `[IP:]HOST:PORT[/udp]`.
pub(super) fn published(word: &OsStr) -> Result<Published> {
    let error = || bad("port", word, "is not [IP:]HOST:PORT[/tcp|/udp]");
    let text = word.to_str().ok_or_else(error)?;
    let (text, protocol) = match text.rsplit_once('/') {
        None | Some((_, "tcp")) => (text.strip_suffix("/tcp").unwrap_or(text), Protocol::Tcp),
        Some((text, "udp")) => (text, Protocol::Udp),
        Some(_) => return Err(error()),
    };
    let (rest, inside) = text.rsplit_once(':').ok_or_else(error)?;
    let (at, outside) = rest.rsplit_once(':').map_or((None, rest), |(at, port)| (Some(at), port));
    let at = at.map(|at| {
        let bare = at.strip_prefix('[').and_then(|at| at.strip_suffix(']'));
        let address: Option<IpAddr> = bare.unwrap_or(at).parse().ok();
        // Only an IPv6 address has brackets, and it has them always.
        address.filter(|address| address.is_ipv6() == bare.is_some()).ok_or_else(error)
    });
    let port = |text: &str| digits(text).filter(|port| *port > 0).ok_or_else(error);
    if let Some(Ok(at)) = at
        && at.is_ipv6()
        && at.is_loopback()
    {
        return Err(bad("port", word, "cannot be at ::1: the kernel sends nothing from there elsewhere"));
    }
    let at = at.transpose()?.filter(|at| *at != IpAddr::V4(Ipv4Addr::UNSPECIFIED));
    Ok(Published { at, outside: port(outside)?, inside: port(inside)?, protocol })
}

fn parse<T: std::str::FromStr>(word: &OsStr) -> Option<T> {
    word.to_str()?.parse().ok()
}

/// A number in digits alone: FromStr takes a sign as well.
fn digits<T: std::str::FromStr>(text: &str) -> Option<T> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error<T: std::fmt::Debug>(result: Result<T>) -> String {
        result.unwrap_err().to_string()
    }

    #[test]
    fn interfaces_have_names_that_the_kernel_takes() {
        for good in ["eth1", "a", "fifteen-bytes-x", "\u{e9}", "-x"] {
            assert!(interface(good.as_ref()).is_ok(), "{good}");
        }
        for (name, because) in [
            ("", "is empty"),
            (".", "is a directory in every directory"),
            ("sixteen-bytes-xy", "is longer than 15 bytes"),
            ("a/b", "has a slash, colon or per cent sign"),
            ("veth%d", "has a slash, colon or per cent sign"),
            ("a b", "has a space"),
            ("a\u{b}b", "has a space"),
        ] {
            let shown = hc::show(name).to_string();
            assert_eq!(error(interface(name.as_ref())), format!("interface '{shown}': {because}"));
        }
    }

    #[test]
    fn addresses_are_those_of_hosts() {
        assert_eq!(host("10.0.0.2/24".as_ref()).unwrap().to_string(), "10.0.0.2/24");
        assert_eq!(host("fd00::2/64".as_ref()).unwrap().to_string(), "fd00::2/64");
        for word in
            ["10.0.0.2", "10.0.0.2/", "10.0.0.2/+8", "10.0.0/8", "x/8", "10.0.0.2/24/8", "10.0.0.2/256"]
        {
            let because = "is not an IP address, a slash and the length of its prefix";
            assert_eq!(error(host(word.as_ref())), format!("address '{word}': {because}"));
        }
        assert_eq!(
            error(host("10.0.0.2/33".as_ref())),
            "address '10.0.0.2/33': has a longer prefix than it has bits"
        );
        for word in ["10.0.0.0/24", "10.0.0.255/24", "fd00::/64"] {
            assert_eq!(
                error(host(word.as_ref())),
                format!("address '{word}': is that of a network, not of a host in it")
            );
        }
        for word in ["127.0.0.1/8", "0.0.0.0/0", "224.0.0.1/4", "::1/128", "ff02::1/64"] {
            assert_eq!(
                error(host(word.as_ref())),
                format!("address '{word}': is none that a host on a network can have")
            );
        }
    }

    #[test]
    fn routes_have_a_network_and_may_have_a_gateway() {
        let read = |word: &str| route(word.as_ref()).map(|route| (route.to.to_string(), route.via));
        assert_eq!(read("10.9.0.0/16"), Ok(("10.9.0.0/16".into(), None)));
        assert_eq!(read("fd09::/16,fd00::1"), Ok(("fd09::/16".into(), Some("fd00::1".parse().unwrap()))));
        assert_eq!(error(read("10.9.0.1/16")), "route '10.9.0.1/16': has bits behind its prefix");
        assert_eq!(error(read("10.9.0.0/16,::1")), "route '10.9.0.0/16,::1': mixes IPv4 and IPv6");
        assert_eq!(error(read("10.9.0.0/16,x")), "address 'x': is no IP address");
    }

    #[test]
    fn ports_are_published_on_all_addresses_or_on_one() {
        let read = |word: &str| {
            let Published { at, outside, inside, protocol } = published(word.as_ref())?;
            Ok((at.map(|at| at.to_string()), outside, inside, protocol))
        };
        assert_eq!(read("8080:80"), Ok((None, 8080, 80, Protocol::Tcp)));
        assert_eq!(read("0.0.0.0:8080:80/tcp"), Ok((None, 8080, 80, Protocol::Tcp)));
        assert_eq!(read("127.0.0.1:53:5353/udp"), Ok((Some("127.0.0.1".into()), 53, 5353, Protocol::Udp)));
        assert_eq!(read("[fd00::1]:1:65535"), Ok((Some("fd00::1".into()), 1, 65535, Protocol::Tcp)));
        for word in [
            "",
            "80",
            ":80",
            "80:",
            "0:80",
            "80:65536",
            "80:80/sctp",
            "x:80:80",
            "::1:80:80",
            "[1.2.3.4]:1:1",
            "+80:80",
            "1.2.3.4:80:80:80",
        ] {
            assert_eq!(error(read(word)), format!("port '{word}': is not [IP:]HOST:PORT[/tcp|/udp]"));
        }
    }

    #[test]
    fn numbers_and_macs_are_within_their_bounds() {
        assert_eq!(mac("2:0:AB:4:5:ff".as_ref()), Ok(Mac([2, 0, 0xab, 4, 5, 0xff])));
        for word in ["", "2:0:0:0:0", "2:0:0:0:0:0:0", "2:0:0:0:0:100", "2:0:0:0:0:+1", "2::0:0:0:0"] {
            let because = "is not six bytes with colons between them";
            assert_eq!(error(mac(word.as_ref())), format!("MAC address '{word}': {because}"));
        }
        for word in ["1:0:0:0:0:0", "0:0:0:0:0:0", "ff:ff:ff:ff:ff:ff"] {
            assert_eq!(
                error(mac(word.as_ref())),
                format!("MAC address '{word}': is not that of one interface")
            );
        }
        assert_eq!((mtu("68".as_ref()), mtu("65535".as_ref())), (Ok(68), Ok(65535)));
        assert_eq!(error(mtu("67".as_ref())), "MTU '67': is not a number from 68 to 65535");
        assert_eq!(error(id("-1".as_ref())), "id '-1': is not a number from 0 to 2147483647");
        assert_eq!(error(process("0".as_ref())), "process '0': is not a process ID");
        assert_eq!(error(switch("yes".as_ref())), "STP 'yes': is neither 'on' nor 'off'");
    }
}
