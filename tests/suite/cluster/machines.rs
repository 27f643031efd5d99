//! Three machines and a head, on one host: network namespaces by hc-netns(8), each with a host name, processes and a directory
//! `/box` of its own, and with daemons as they are elsewhere.

use hc_tests::{Cmd, Host, Running};
use std::time::{Duration, Instant};

/// Longer than any of the tests takes.
pub(crate) const LIMIT: Duration = Duration::from_mins(8);

/// Waits until `condition` holds, for as long as daemons that ask each other now and then may take.
#[track_caller]
pub(crate) fn patiently(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + LIMIT / 2;
    while !condition() {
        assert!(Instant::now() < deadline, "not within {:?}: {what}", LIMIT / 2);
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Everything has its usual place: it is the host's own.
const NETWORK: &str = r#"
hc-netns bridge br0 --addr=10.7.0.1/24
for number in 1 2 3; do
    hc-netns up node$number --addr=10.7.0.1$number/24 --host-if=port$number
    echo "10.7.0.1$number node$number" >>/etc/hosts
done
hostname head
echo '10.7.0.1 head' >>/etc/hosts
mkdir -p /box /run/log
"#;

const SLURM: &str = r"
mkdir -p /run/munge /etc/munge /etc/slurm /var/lib/slurm/state
rm -f /etc/munge/munge.key
(umask 077; head -c 64 /dev/urandom >/etc/munge/munge.key)
chown root /etc/munge /var/lib/munge /var/log/munge
cat >/etc/slurm/slurm.conf <<'END'
ClusterName=hc
SlurmctldHost=head
SlurmUser=root
AuthInfo=cred_expire=5
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
StateSaveLocation=/var/lib/slurm/state
SlurmdSpoolDir=/var/lib/slurm/%n
SlurmctldPidFile=/run/slurmctld.pid
SlurmdPidFile=/run/slurmd.%n.pid
SlurmdParameters=config_overrides
SlurmdTimeout=5
MessageTimeout=5
KillWait=10
ReturnToService=2
JobRequeue=1
MpiDefault=none
JobCompType=jobcomp/filetxt
JobCompLoc=/var/lib/slurm/jobs
SchedulerParameters=sched_interval=1,sched_min_interval=0
NodeName=node[1-3] CPUs=8 State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
END
";

/// The shell that ssh(1) starts reads a file of this machine's root otherwise.
const SSH: &str = r#"
mkdir -p /run/sshd
rm -rf /root/.ssh /root/.bashrc /root/.parallel
mkdir -m 700 -p /root/.ssh
ssh-keygen -q -t ed25519 -N '' -f /root/.ssh/id_ed25519
cp /root/.ssh/id_ed25519.pub /root/.ssh/authorized_keys
ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/hc_key
cat >/etc/ssh/sshd_config <<END
HostKey /etc/ssh/hc_key
PermitRootLogin yes
PasswordAuthentication no
UsePAM no
PidFile none
SetEnv PATH=$PATH
ClientAliveInterval 1
ClientAliveCountMax 3
END
for number in 1 2 3; do echo "node$number,10.7.0.1$number $(cat /etc/ssh/hc_key.pub)" >>/root/.ssh/known_hosts; done
"#;

/// The machines, and the daemons on them, which end with the value.
pub(crate) struct Cluster {
    // In this order they are dropped.
    daemons: Vec<Running>,
    pub(crate) host: Host,
}

impl Cluster {
    #[track_caller]
    pub(crate) fn new() -> Cluster {
        let cluster = Cluster { daemons: Vec::new(), host: Host::new() };
        cluster.sh(NETWORK).run().ok().quiet();
        cluster
    }

    /// A command of the head's.
    pub(crate) fn sh(&self, script: &str) -> Cmd {
        Cmd::sh(script).on(&self.host).limit(LIMIT).env("HOME", "/root")
    }

    /// What it says goes into a file: nobody would read it from a pipe, and it would wait for that.
    fn start_daemon(&mut self, line: &str, name: &str) {
        let daemon = self.sh(&format!("exec {line} >>/run/log/{name} 2>&1")).start();
        self.daemons.push(daemon);
    }

    /// Starts a daemon on each machine. Whatever it has started ends with it.
    fn start_on_nodes(&mut self, daemon: &str) {
        for node in ["node1", "node2", "node3"] {
            let place = format!("hc-netns exec {node} hc-unshare -mu --init --kill-child --mount-proc");
            self.start_daemon(&format!("{place} --hostname={node} --tmpfs=/box {daemon}"), node);
        }
    }

    #[track_caller]
    pub(crate) fn with_slurm(mut self) -> Cluster {
        self.sh(SLURM).run().ok().quiet();
        self.start_daemon("munged --force --foreground", "munged");
        self.start_daemon("slurmctld -D", "slurmctld");
        self.start_on_nodes("slurmd -D");
        self.all_are_idle();
        self
    }

    /// Waits until all machines are there, and nothing runs on them.
    #[track_caller]
    pub(crate) fn all_are_idle(&self) {
        patiently("all nodes are idle", || self.sh("sinfo -h -t idle -o %D").run().stdout == b"3\n");
    }

    #[track_caller]
    pub(crate) fn with_ssh(mut self) -> Cluster {
        self.sh(SSH).run().ok().quiet();
        // What the page says it is good to have.
        let page = hc_tests::docs::text("man/hc-cluster.7");
        let config =
            page.split("Host node?\n").nth(1).and_then(|rest| rest.split(".Ed").next()).expect("a config");
        self.sh("cat >/root/.ssh/config").input(format!("Host node?\n{config}")).run().ok().quiet();
        self.start_on_nodes("/usr/sbin/sshd -D");
        for node in ["node1", "node2", "node3"] {
            let login = format!("ssh {node} hostname");
            patiently("a login", || self.sh(&login).run().stdout == format!("{node}\n").as_bytes());
        }
        self
    }

    /// How many bytes have gone to a machine.
    pub(crate) fn sent(&self, node: u32) -> u64 {
        let line = format!("awk '/port{node}:/ {{ print $10 }}' /proc/net/dev");
        self.sh(&line).run().ok().text().trim().parse().expect("a number")
    }

    /// The root has gone to each machine before the jobs, and not again: it takes more than all of them.
    #[track_caller]
    pub(crate) fn has_sent_less_than_in_all_since(&self, before: [u64; 3]) {
        let root = std::fs::metadata(self.host.path("/run/jobs/box.tar")).expect("the archive").len();
        for (node, before) in (1..).zip(before) {
            let since = self.sent(node) - before;
            assert!(before > root / 4, "node{node}: {before} bytes are no root of {root}, be it compressed");
            assert!(since < before, "node{node}: {since} bytes for the jobs, {before} for the root");
        }
    }

    /// How many command lines on the machines begin so, wherever the program is.
    pub(crate) fn are_running(&self, start: &str) -> usize {
        let pids = self.daemons.iter().flat_map(Running::descendants);
        let lines = pids.filter_map(|pid| std::fs::read(format!("/proc/{pid}/cmdline")).ok());
        let lines = lines.map(|line| String::from_utf8_lossy(&line).replace('\0', " "));
        let program = start.split(' ').next().expect("a program");
        // A path may stand before the program's name, and nothing else.
        let begins = |line: &str| {
            let path = line.split(' ').next().unwrap_or_default();
            path.strip_suffix(program).is_some_and(|directory| line[directory.len()..].starts_with(start))
        };
        lines.filter(|line| begins(line)).count()
    }
}
