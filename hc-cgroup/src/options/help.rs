//! The text of --help.

pub(super) const HELP: &str = "\
Usage: hc-cgroup [OPTION]... [--] NEXT [ARG]...
       hc-cgroup --delete=PATH
Run NEXT in a new cgroup, with limits to what it and its children use together.

Memory:
  -m, --memory=SIZE               no more memory than this
      --memory-swap=SIZE          memory and swap together; -1: as much swap as there is
      --memory-reservation=SIZE   this much is left alone while others have some to give
      --memory-high=SIZE          who has more is slowed down until some is given back
      --oom-group                 where one is killed for want of memory, all are

Processors:
      --cpus=N                    the time of this many: 0.5, 2
      --cpu-weight=N              share of busy ones: 1 to 10000, others have 100
  -c, --cpu-shares=N              the same as docker counts: 2 to 262144, others have 1024
      --cpuset-cpus=LIST          these alone: 0-2,5
      --cpuset-mems=LIST          memory of these nodes alone

Processes, input and output:
      --pids-limit=N              no more processes and threads than this; -1: no limit
      --io-weight=N               share of busy disks: 1 to 10000, others have 100
      --blkio-weight=N            the same as docker counts: 10 to 1000
      --device-read-bps=DEV:SIZE  this much a second is read from DEV
      --device-write-bps=DEV:SIZE this much is written to it
      --device-read-iops=DEV:N    this many reads a second
      --device-write-iops=DEV:N   this many writes

The cgroup:
      --set=FILE=VALUE            write VALUE to another control file: memory.swap.high=1m
      --name=PATH                 its name (hc- and the process ID)
      --parent=PATH               where it is made (in the caller's own)
      --wait                      stay as its parent, and remove the cgroup when NEXT has ended
      --report[=text|json[:FD]]   with --wait, which it implies: tell what was used, on FD (2)
      --delete=PATH               kill what is in a cgroup, and remove it
  -h, --help                      show this help
  -V, --version                   show the version

SIZE is a number of bytes, or one with k, m, g or t behind it.
PATH begins at the caller's own cgroup or, with a slash, at the root.

See hc-cgroup(1).
";
