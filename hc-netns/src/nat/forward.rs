//! Which interfaces may pass packets on. See Documentation/networking/ip-sysctl.rst.

use crate::address::{Cidr, from_octets};
use crate::link::{self, Found, Interface};
use crate::netlink::{Batch, Netlink, u32_of};
use crate::rtnl;
use crate::rtnl::{IFA_ADDRESS, IFA_LOCAL, IFADDRMSG};
use hc::{Context, Result};
use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// Lets packets pass from the bridge to the interfaces that have addresses, and back; with `localhost` also those from
/// the machine's own 127.0.0.1 to the bridge. No other interface is touched, and none is asked to stop.
pub(crate) fn allow(host: &mut Netlink, bridge: &Found, localhost: bool) -> Result<()> {
    let mut interfaces: BTreeMap<u32, [bool; 2]> = addressed(host)?;
    let of_bridge = interfaces.remove(&bridge.index).unwrap_or_default();
    pass_on(&bridge.name, of_bridge)?;
    if localhost {
        switch(&setting("ipv4", &bridge.name, "route_localnet"), "1")?;
    }
    for (index, kinds) in interfaces {
        // One that is gone by now needs nothing.
        if let Some(found) = link::by_index(host, index)?.filter(|found| !found.loopback) {
            // What the bridge does not speak is not passed on.
            pass_on(&found.name, [kinds[0] && of_bridge[0], kinds[1] && of_bridge[1]])?;
        }
    }
    Ok(())
}

/// The interfaces that have addresses of their networks: whether of IPv4, and whether of IPv6.
fn addressed(host: &mut Netlink) -> Result<BTreeMap<u32, [bool; 2]>> {
    let mut found: BTreeMap<u32, [bool; 2]> = BTreeMap::new();
    let mut batch = Batch::new();
    batch.message(libc::RTM_GETADDR, 0, &[0; IFADDRMSG]);
    let answered = host.dump(batch, |message| {
        let attributes = message.attributes(IFADDRMSG);
        let address =
            attributes.find(IFA_LOCAL).or_else(|| attributes.find(IFA_ADDRESS)).and_then(from_octets);
        let index = message.body.get(4..).and_then(u32_of);
        if let Some((address, index)) =
            address.zip(index).filter(|(address, _)| rtnl::is_global(&Cidr::single(*address)))
        {
            let [v4, v6] = found.entry(index).or_default();
            *(if address.is_ipv4() { v4 } else { v6 }) = true;
        }
        Ok(())
    })?;
    answered.map(|()| found).map_err(|refusal| refusal.error("list the addresses"))
}

/// Lets an interface pass on what comes in by it.
fn pass_on(interface: &Interface, [v4, v6]: [bool; 2]) -> Result<()> {
    if v4 {
        switch(&setting("ipv4", interface, "forwarding"), "1")?;
    }
    if v6 && !switch(&setting("ipv6", interface, "force_forwarding"), "1")? {
        // Before Linux 6.17 all do or none does. A router does not listen to other routers' announcements, unless it
        // is told to: this machine may have its own address and route from one.
        for entry in fs::read_dir("/proc/sys/net/ipv6/conf").context("/proc/sys/net/ipv6/conf")?.flatten() {
            let listens = entry.path().join("accept_ra");
            if fs::read_to_string(&listens).is_ok_and(|value| value.trim() == "1") {
                switch(&listens, "2")?;
            }
        }
        switch(Path::new("/proc/sys/net/ipv6/conf/all/forwarding"), "1")?;
    }
    Ok(())
}

fn setting(kind: &str, interface: &Interface, name: &str) -> PathBuf {
    Path::new("/proc/sys/net").join(kind).join("conf").join(interface.as_os_str()).join(name)
}

/// Sets a setting that is not so yet. False when there is no such setting.
fn switch(setting: &Path, value: &str) -> Result<bool> {
    match fs::read_to_string(setting) {
        Ok(old) if old.trim() == value => Ok(true),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        _ => fs::write(setting, value).map(|()| true).context(hc::show(setting)),
    }
}
