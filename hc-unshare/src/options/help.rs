//! What --help says.

pub(super) const HELP: &str = "\
Usage: hc-unshare [OPTION]... [NEXT [ARG]...]
Run NEXT in namespaces of its own; without NEXT, a shell.

Namespaces; with a FILE, which has to exist, they stay when NEXT has ended:
  -m, --mount[=FILE]         mount namespace, all mounts in it private
  -u, --uts[=FILE]           UTS namespace: host name
  -i, --ipc[=FILE]           IPC namespace: System V IPC, POSIX message queues
  -n, --net[=FILE]           network namespace
  -p, --pid[=FILE]           PID namespace, which the next child enters: see -f
  -U, --user[=FILE]          user namespace
  -C, --cgroup[=FILE]        cgroup namespace
  -T, --time[=FILE]          time namespace

Who is who in the user namespace (each implies -U):
  -r, --map-root-user        the caller is root
  -c, --map-current-user     the caller is who he is
      --map-user=UID         the caller's user id is UID, a number or a name
      --map-group=GID        the caller's group id is GID
      --map-users=MAP        further users: INNER:OUTER:COUNT, auto, subids or all
      --map-groups=MAP       further groups
      --map-auto             --map-users=auto --map-groups=auto
      --map-subids           --map-users=subids --map-groups=subids
      --owner=UID:GID        the namespace belongs to this user
      --setgroups=MODE       allow or deny setgroups(2)
      --keep-caps            keep the capabilities it gives over exec

Processes:
  -f, --fork                 run NEXT as a child; stay, and end as it ends
      --kill-child[=SIGNAL]  send it SIGNAL, by default KILL, when we end (implies -f)
      --forward-signals      hand SIGINT and SIGTERM on to it (implies -f)
      --pty                  a terminal of its own, not the caller's (implies -f)

Root directory and mounts:
      --mount-proc[=DIR]     mount proc on DIR, by default /proc (implies -m)
      --mount-binfmt[=DIR]   mount binfmt_misc (implies -m -U)
  -l, --load-interp=STRING   register an interpreter in it (implies --mount-binfmt)
      --propagation=MODE     of all mounts: private, slave, shared or unchanged
  -R, --root=DIR             make DIR the root directory; with -m there is no way back
  -w, --wd=DIR               change the working directory to DIR, in the new root

What NEXT is not to have:
      --cap-drop=LIST        drop these capabilities, or all
      --cap-add=LIST         keep these, for a NEXT that is not root as well
      --no-new-privs         no program gains privileges by set-user-ID and its kin
      --seccomp=FILTER       system calls: default, none, or a compiled filter's file
      --new-session          a session of its own, without the caller's terminal
      --new-keyring          a session keyring of its own, without the caller's keys
      --close-fds            no open files but 0, 1 and 2
      --keep-fd=N            none but these and N
      --rlimit=NAME=SOFT[:HARD]
                             limit a resource, by prlimit(1)'s names
      --umask=MODE           the bits that new files do not get, in octal
      --oom-score-adj=N      how soon it is killed when memory runs out, up to 1000
      --nice=N               its scheduling priority, -20 to 19

Furnishing, each mount in the order of the options, below DIR or made there (implies -m):
      --bind=SRC:DIR[:OPT]   the caller's SRC; ro, nosuid, nodev, noexec, rec, idmap
      --tmpfs=DIR[:OPT]      an empty tmpfs; size=, mode=, nr_inodes=
      --overlay=LOWER:UPPER:WORK:DIR
                             directories one over the other; several LOWER
      --dev                  a /dev with what every program may use
      --sys                  /sys, for reading
      --cgroupfs[=ro]        cgroup version 2 on /sys/fs/cgroup, for NEXT to divide its
                             own, or for reading (implies -C)
      --mask                 cover what /proc and /sys tell of the host
      --overlay-tmpfs        throw away what is changed in the root directory
      --read-only            the root directory is for reading
      --idmap[=chown]        its files belong to the ids of the user namespace;
                             chown: by new owners, if there is no other way
      --hostname=NAME        the host name (implies -u)
      --domainname=NAME      the domain name (implies -u)
      --loopback             bring the loopback interface up (implies -n)
      --low-ports            ports below 1024 take no privilege

Jail:
      --init                 stay as process 1: forward signals, reap (implies -pf)
      --jail                 all of it: namespaces, ids that are nobody's, --init,
                             --kill-child, --mount-proc, --sys, --dev, --mask,
                             --loopback, --new-session, --new-keyring, --close-fds,
                             --no-new-privs, --cap-drop=all, --seccomp=default
      --no-init              NEXT is process 1 itself (with --jail; implies -f)
      --share=KIND           no namespace of that KIND: net, ipc, ...; with commas

What else NEXT gets:
  -S, --setuid=UID           become user UID
  -G, --setgid=GID           become group GID, without supplementary groups
      --monotonic=SECONDS    set the monotonic clock forward (with -T)
      --boottime=SECONDS     set the boot time clock forward (with -T)
      --clear-env            drop all environment variables
      --whitelist-env=NAMES  drop all but these, with commas between them
  -h, --help                 show this help
  -V, --version              show the version

See hc-unshare(1).
";
