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

Root directory and mounts:
      --mount-proc[=DIR]     mount proc on DIR, by default /proc (implies -m)
      --mount-binfmt[=DIR]   mount binfmt_misc (implies -m -U)
  -l, --load-interp=STRING   register an interpreter in it (implies --mount-binfmt)
      --tmpfs=DIR            mount an empty tmpfs on DIR (implies -m)
      --propagation=MODE     of all mounts: private, slave, shared or unchanged
  -R, --root=DIR             make DIR the root directory; with -m there is no way back
  -w, --wd=DIR               change the working directory to DIR, in the new root

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
