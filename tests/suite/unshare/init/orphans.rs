//! Orphans get process 1 as their parent, which waits for each of them.

use super::{WAYS, Who, init};
use hc_tests::{can_make_hosts, require, user_namespaces};
use std::time::Duration;

/// A hundred times a hundred processes whose parent ends first, and that end all at once then. In the end there are
/// process 1 and this one, and no zombie.
const TEN_THOUSAND: &str = r"use strict;
    my $made = 0;
    for (1 .. 100) {
        pipe my $wait, my $hold or die qq(pipe: $!\n);
        pipe my $count, my $say or die qq(pipe: $!\n);
        my $parent = fork // die qq(fork: $!\n);
        if (!$parent) {
            close $hold; close $count;
            for (1 .. 100) {
                my $child = fork;
                defined $child or last;
                next if $child;
                close $say; sysread $wait, my $end, 1; exit 0;
            }
            syswrite $say, 'x' for 1 .. 100;
            exit 0;
        }
        close $wait; close $say;
        $made++ while sysread $count, my $one, 1;
        waitpid $parent, 0;
        close $hold;
    }
    my @left;
    for (1 .. 500) {
        opendir my $proc, '/proc' or die;
        @left = grep { /^\d+$/ && $_ != 1 && $_ != $$ } readdir $proc;
        last if !@left;
        select undef, undef, undef, 0.02;
    }
    print qq($made made, ), scalar @left, qq( left\n);";

#[test]
fn are_reaped() {
    require!(can_make_hosts() && user_namespaces(), "takes root, and user namespaces for others");
    for who in Who::ALL {
        let line = init(who, &["--mount-proc", "perl", "-e", TEN_THOUSAND]).limit(Duration::from_mins(2));
        line.run().ok().says("10000 made, 0 left\n").quiet();
    }
}

/// Whatever they end of; and the status of NEXT is not taken for that of another one.
#[test]
fn have_no_say_in_the_status() {
    require!(can_make_hosts() && user_namespaces(), "takes root, and user namespaces for others");
    let script = r"use strict;
        for my $number (1 .. 60) {
            my $child = fork;
            next if $child;
            exit 0 if fork;
            kill $number % 15 + 1, $$ if $number % 2;
            exit $number;
        }
        1 while wait > 0;
        select undef, undef, undef, 0.2;
        exit 9;";
    for who in Who::ALL {
        for way in WAYS {
            init(who, way).args(["perl", "-e", script]).run().exits(9).quiet();
        }
    }
}

/// Their parent is process 1.
#[test]
fn have_process_1_as_their_parent() {
    require!(can_make_hosts() && user_namespaces(), "takes root, and user namespaces for others");
    let script = "(sh -c 'while [ $(ps -o ppid= -p $$) != 1 ]; do :; done; echo adopted' & ); sleep 0.1; wait; read end";
    for who in Who::ALL {
        let mut running = init(who, &["--mount-proc", "sh", "-c", script]).hold_input().start();
        running.expect("adopted\n");
        running.write(b"\n", true);
        running.wait().ok();
    }
}
