use super::*;
use crate::options::{self, Plan};
use hc::Args;

/// The chain of that command line, tool by tool, where there are cgroups of version 1 alone.
fn chain(words: &[&str], caller: Caller, place: Place) -> Vec<String> {
    chain_with(Cgroups::None, words, caller, place)
}

fn chain_with(cgroups: Cgroups, words: &[&str], caller: Caller, place: Place) -> Vec<String> {
    let plan = options::parse(Args::new(words.iter().map(OsString::from).collect::<Vec<_>>())).unwrap();
    let Plan::Run(container) = plan else { panic!("{words:?}") };
    let container = container.for_caller(caller).unwrap();
    let ids = container.user.as_ref().map(|user| user.look_up(OsStr::new("/")).unwrap());
    let directories = vec!["run", "tmp"];
    let program = "/bin/echo".into();
    let setting = Setting { caller, place, ids, program, resolv_conf: true, directories, cgroups };
    let links = write(&container, &setting);
    let words = |link: Link| link.words.join(OsStr::new(" ")).into_string().unwrap();
    links.into_iter().map(|link| format!("{} {}", link.tool.name(), words(link))).collect()
}

fn kept() -> Place {
    Place::Kept("/ns/a".into())
}

fn tmpfs() -> Place {
    Place::Tmpfs("/mnt".into())
}

const ENV: &str = "hc-env -i --if-unset=PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin --if-unset=HOME=/root container=handcraft";

#[test]
fn a_kept_root_directory() {
    let jail = format!("hc-unshare --jail --root=/ns/a --hostname=a --cap-add={CAPABILITIES} /bin/echo --hi");
    let expected = ["hc-rootfs /ns/a /bin/echo --", ENV, &jail];
    for caller in [Caller::User, Caller::UserWithIds] {
        assert_eq!(chain(&["--name=a", "echo", "--hi"], caller, kept()), expected);
    }
    assert_eq!(chain(&["--name=a", "--network=none", "echo", "--hi"], Caller::Root, kept()), expected);
}

#[test]
fn root_s_has_a_network_namespace_of_its_name() {
    let jail = format!(
        "hc-unshare --jail --root=/ns/a --share=net --hostname=a --cap-add={CAPABILITIES} /bin/echo --hi"
    );
    let named = "hc-netns up --no-link --low-ports -- a";
    let expected = ["hc-rootfs /ns/a /bin/echo --", named, ENV, &jail];
    assert_eq!(chain(&["--name=a", "echo", "--hi"], Caller::Root, kept()), expected);
    // But not the caller's own.
    let host = chain(&["--name=a", "--network=host", "echo"], Caller::Root, kept());
    assert!(!host.iter().any(|link| link.starts_with("hc-netns")), "{host:?}");
}

#[test]
fn one_that_goes_with_the_container() {
    let first = |caller| chain(&["echo"], caller, tmpfs()).swap_remove(0);
    assert_eq!(first(Caller::Root), "hc-unshare -m --tmpfs=/mnt");
    // The user is root in it already.
    assert_eq!(first(Caller::User), "hc-unshare -rm --tmpfs=/mnt");
    assert_eq!(first(Caller::UserWithIds), "hc-unshare -rm --map-auto --tmpfs=/mnt");
    // Root's, and no other, may get owners that a jail has chosen: on a kernel that cannot mount a tmpfs with other ids.
    let jail = |caller, place| chain(&["echo"], caller, place).pop().unwrap();
    assert!(jail(Caller::Root, tmpfs()).starts_with("hc-unshare --jail --root=/mnt --idmap=chown "));
    for last in [jail(Caller::Root, kept()), jail(Caller::User, tmpfs()), jail(Caller::UserWithIds, tmpfs())]
    {
        assert!(!last.contains("--idmap"), "{last}");
    }
}

#[test]
fn each_option_goes_to_its_link_and_the_links_keep_their_order() {
    let words = [
        "-r/r",
        "-it",
        "-m64m",
        "-eA=1",
        "-eTERM",
        "--env-file=f",
        "-e--x=1",
        "-v/a:/b:ro",
        "-u5:6",
        "--network=br0:nat",
        "-p8080:80",
        "--cpus=0.5",
        "--cap-add=net_raw",
        "--cap-drop=all",
        "--read-only",
        "echo",
        "hi",
    ];
    let expected = [
        "hc-netns run --bridge=br0 --addr=auto --low-ports --nat --publish=8080:80 --".to_owned(),
        "hc-cgroup --wait --memory=64m --cpus=0.5 --".into(),
        format!(
            "hc-env -i --keep=TERM --env-file=f --if-unset=PATH={PATH} --if-unset=HOME=/ --if-unset=TERM=xterm -- \
             container=handcraft A=1 --x=1"
        ),
        "hc-unshare --jail --root=/r --share=net --bind=/etc/resolv.conf:/etc/resolv.conf:ro --hostname=hc --pty \
         --cap-drop=all --bind=/a:/b:rec,nosuid,nodev,idmap,ro --cap-add=net_raw --read-only --setuid=5 --setgid=6 /bin/echo hi"
            .into(),
    ];
    assert_eq!(chain(&words, Caller::Root, Place::Kept("/r".into())), expected);
}

#[test]
fn a_user_who_is_all_there_can_be_is_another_one_by_name_only() {
    let last = |caller| chain(&["-u5", "echo"], caller, tmpfs()).pop().unwrap();
    assert!(last(Caller::User).ends_with("--map-user=5 --map-group=0 /bin/echo"));
    assert!(last(Caller::UserWithIds).ends_with("--setuid=5 --setgid=0 /bin/echo"));
}

#[test]
fn an_init_may_end_its_namespace() {
    let last = chain(&["-r/r", "/sbin/init"], Caller::Root, kept()).pop().unwrap();
    assert!(last.contains("--no-init --forward-signals") && last.contains("--cap-add=sys_boot"), "{last}");
    let last = chain(&["-r/r", "--no-init", "echo"], Caller::Root, kept()).pop().unwrap();
    assert!(last.contains("--cap-add=sys_boot") && !last.contains("--tmpfs"), "{last}");
}

#[test]
fn an_operating_system_has_cgroups_of_its_own_if_its_caller_can_give_them() {
    let places = "--forward-signals --tmpfs=/run --tmpfs=/run/lock --tmpfs=/tmp:mode=1777 --cap-add";
    for cgroups in [Cgroups::None, Cgroups::Beside, Cgroups::Alone] {
        for caller in [Caller::Root, Caller::User, Caller::UserWithIds] {
            let links = chain_with(cgroups, &["-r/r", "/sbin/init"], caller, kept());
            let last = links.last().unwrap();
            if caller == Caller::Root && cgroups != Cgroups::None {
                assert_eq!(links.first().unwrap(), "hc-cgroup --wait --");
                assert!(
                    last.contains("--forward-signals --cgroupfs --tmpfs=/run --tmpfs=/run/lock"),
                    "{last}"
                );
            } else {
                assert!(links.first().unwrap().starts_with("hc-env ") && last.contains(places), "{last}");
            }
        }
    }
    let links = chain_with(Cgroups::Alone, &["-r/r", "-m1g", "init"], Caller::Root, kept());
    assert_eq!(links.first().unwrap(), "hc-cgroup --wait --memory=1g --");
    assert!(links.last().unwrap().contains(" --cgroupfs "), "{links:?}");
}

#[test]
fn limits_are_to_be_read_inside_where_one_hierarchy_has_them() {
    for (cgroups, is_shown) in [(Cgroups::None, false), (Cgroups::Beside, false), (Cgroups::Alone, true)] {
        let last = |words: &[&str]| chain_with(cgroups, words, Caller::User, kept()).pop().unwrap();
        assert_eq!(last(&["-m64m", "echo"]).contains(" --cgroupfs=ro "), is_shown);
        assert!(!last(&["echo"]).contains("--cgroupfs"));
    }
}

#[test]
fn a_published_port_has_a_network_without_more_words() {
    let networks = |words: &[&str], caller| {
        let links = chain(words, caller, kept());
        links.into_iter().find(|link| link.starts_with("hc-netns") || link.starts_with("pasta")).unwrap()
    };
    let own = "hc-netns run --bridge=hc0 --bridge-addr=10.104.99.1/24 --nat --addr=auto --low-ports";
    assert_eq!(networks(&["-p80:80", "x"], Caller::Root), format!("{own} --publish=80:80 --"));
    assert_eq!(networks(&["--network=bridge", "x"], Caller::Root), format!("{own} --"));
    assert_eq!(
        networks(&["-p80:80", "x"], Caller::User),
        "pasta --quiet --netns-only --config-net -t 80:80 --"
    );
    let with_address = networks(&["--ip=10.104.99.7/24", "x"], Caller::Root);
    assert!(
        with_address.contains(" --gateway=auto ") && !with_address.contains("--addr=auto"),
        "{with_address}"
    );
    assert!(!networks(&["--network=br0:dhcp", "x"], Caller::Root).contains("--addr"));
}
