//! More than one machine, with the engines that others have for that: hc-cluster(7).

mod machines;

use crate::docs::run_examples_on;
use hc_tests::{can_make_hosts, require, require_quiet};
use machines::{Cluster, patiently};
use std::collections::{BTreeMap, BTreeSet};

const ROOT: &str = "takes root with CAP_SYS_ADMIN";
const JOBS: u32 = 300;

#[test]
fn the_page_of_hc_cluster() {
    require_quiet!();
    require!(can_make_hosts(), ROOT);
    let cluster = Cluster::new().with_slurm().with_ssh();
    run_examples_on("man/hc-cluster.7", &["DESCRIPTION"], |cmd| cmd.on(&cluster.host).env("HOME", "/root"));
}

/// Where a job of Slurm has run, and how it ended: the last time.
fn ended(log: &str) -> BTreeMap<u32, (String, String, u32)> {
    let mut jobs = BTreeMap::new();
    // The last line may not be there as a whole.
    for line in log.split_inclusive('\n').filter(|line| line.ends_with('\n')) {
        let words: BTreeMap<&str, &str> =
            line.split_whitespace().filter_map(|word| word.split_once('=')).collect();
        let Some(job) = words.get("ArrayTaskId").and_then(|job| job.parse().ok()) else { continue };
        let status = words["ExitCode"].split(':').next().unwrap().parse().unwrap();
        jobs.insert(job, (words["NodeList"].to_owned(), words["JobState"].to_owned(), status));
    }
    jobs
}

fn each_has_its_status_and_output(cluster: &Cluster, log: &str) {
    let jobs = ended(log);
    assert_eq!(jobs.keys().copied().collect::<BTreeSet<_>>(), (1..=JOBS).collect());
    for (job, (node, state, status)) in &jobs {
        assert_eq!(*status, job % 5, "{job}: {state} on {node}");
        let file = cluster.host.path(&format!("/run/jobs/out/{job}"));
        assert_eq!(std::fs::read_to_string(file).unwrap(), format!("job {job}\n"));
    }
    let nodes: BTreeSet<&str> = jobs.values().map(|(node, ..)| node.as_str()).collect();
    assert_eq!(nodes, ["node1", "node2", "node3"].into());
}

fn cancelled_leaves_nothing(cluster: &Cluster) {
    let cancelled = cluster.sh("sbatch --parsable --wrap 'exec hc-run -r /box sleep 54321'").run().ok();
    patiently("it runs", || cluster.are_running("sleep 54321") == 1);
    assert_ne!(cluster.are_running("hc-unshare --jail"), 0);
    cluster.sh(&format!("scancel {}", cancelled.text())).run().ok().quiet();
    patiently("nothing is left", || {
        cluster.are_running("hc-unshare --jail") + cluster.are_running("sleep") == 0
    });
    cluster.all_are_idle();
}

#[test]
fn slurm_loses_no_job_of_a_machine_that_is_cut_off_and_leaves_none_behind() {
    require_quiet!();
    require!(can_make_hosts(), ROOT);
    let cluster = Cluster::new().with_slurm();
    let ship =
        "mkdir /run/jobs && cd /run/jobs && hc-rootfs box /bin/sh /bin/sleep && tar -c -C box -f box.tar . &&
        salloc -Q -N3 sh -c 'sbcast box.tar /box/box.tar && srun tar -x -C /box -f /box/box.tar'";
    cluster.sh(ship).run().ok().quiet();
    let sent = [1, 2, 3].map(|node| cluster.sent(node));
    // Slurm looks twice a minute for those whose time is over, so this one goes on meanwhile.
    let limited = cluster.sh("exec srun -Q --nodelist=node1 --time=1 hc-run -r /box sleep 54321").start();
    patiently("it runs", || cluster.are_running("sleep 54321") == 1);
    let soon = "scontrol update jobid=$(squeue -h -n hc-run -o %A) EndTime=now+1";
    cluster.sh(soon).run().ok().quiet();

    // On the third, all but the first hundred are in the middle of it until it is cut off.
    let script = "#!/bin/sh
[ $SLURMD_NODENAME != node3 ] || [ $SLURM_ARRAY_TASK_ID -le 100 ] || exec hc-run -r /box sleep 54322
exec hc-run -e SLURM_ARRAY_TASK_ID -r /box sh -c 'echo job $SLURM_ARRAY_TASK_ID; exit $((SLURM_ARRAY_TASK_ID % 5))'
";
    cluster.sh("cat >/run/jobs/job").input(script).run().ok().quiet();
    let submit = format!("exec sbatch -Q --wait --requeue --array=1-{JOBS} -o out/%a job");
    let batch = cluster.sh(&format!("cd /run/jobs && mkdir out && {submit}")).start();
    let log = cluster.host.path("/var/lib/slurm/jobs");
    let read = || std::fs::read_to_string(&log).unwrap_or_default();
    patiently("all that the third can do is in the middle", || cluster.are_running("sleep 54322") == 8);
    cluster.sh("ip link set port3 down").run().ok().quiet();
    patiently("all have ended", || {
        let jobs = ended(&read());
        jobs.len() == JOBS as usize && jobs.values().all(|(_, state, _)| state != "NODE_FAIL")
    });
    each_has_its_status_and_output(&cluster, &read());
    assert_eq!(read().matches("JobState=NODE_FAIL").count(), 8, "those that were in the middle");
    assert_eq!(cluster.are_running("sleep 54322"), 8, "over there nobody has told them");

    // When it is back they end.
    cluster.sh("ip link set port3 up").run().ok().quiet();
    // The status of the worst.
    batch.wait().exits(4);
    let said = limited.wait().exits(143);
    let said = String::from_utf8_lossy(&said.stderr).into_owned();
    assert!(said.contains("DUE TO TIME LIMIT ***"), "{said}");
    cluster.all_are_idle();
    cancelled_leaves_nothing(&cluster);
    cluster.has_sent_less_than_in_all_since(sent);
}

#[test]
fn parallel_loses_no_job_of_a_machine_that_is_cut_off() {
    require_quiet!();
    require!(can_make_hosts(), ROOT);
    let cluster = Cluster::new().with_ssh();
    let ship =
        "mkdir /run/jobs && cd /run/jobs && hc-rootfs box /bin/sh /bin/sleep && tar -c -C box -f box.tar . &&
        parallel -S node1,node2,node3 --workdir /box --nonall --basefile box.tar 'tar -x -f box.tar'";
    cluster.sh(ship).run().ok();
    let sent = [1, 2, 3].map(|node| cluster.sent(node));
    // Who fails would be run again, wherever it was. On the third, all but the first hundred are in the middle of it
    // until it is cut off.
    let job = "[ $(hostname) != node3 ] || [ {} -le 100 ] || exec hc-run -r /box sleep 54322; \
        hc-run -r /box sh -c \"echo job {}\"";
    let line = format!(
        "cd /run/jobs && seq {JOBS} | parallel -S 8/node1,8/node2,8/node3 --retries 3 --joblog log '{job}'"
    );
    let parallel = cluster.sh(&line).start();
    let log = cluster.host.path("/run/jobs/log");
    let read = || std::fs::read_to_string(&log).unwrap_or_default();
    patiently("all that the third can do is in the middle", || cluster.are_running("sleep 54322") == 8);
    assert_ne!(cluster.are_running("hc-unshare --jail"), 0);
    cluster.sh("ip link set port3 down").run().ok().quiet();
    let said = parallel.wait();
    let (mut statuses, mut nodes) = (BTreeMap::new(), BTreeSet::new());
    for line in read().lines().skip(1) {
        let words: Vec<&str> = line.split('\t').collect();
        statuses.insert(words[0].parse::<u32>().unwrap(), words[6].parse::<u32>().unwrap());
        nodes.insert(words[1].to_owned());
    }
    let expected: BTreeMap<u32, u32> = (1..=JOBS).map(|job| (job, 0)).collect();
    assert_eq!(statuses, expected, "{said:?}");
    assert_eq!(nodes, ["node1", "node2", "node3"].map(str::to_owned).into());
    let lines: BTreeSet<&str> = said.text().lines().collect();
    assert_eq!(lines.len(), JOBS as usize, "{lines:?}");
    said.ok();
    // Over there too, where sshd(8) has noticed by itself: the link is still down.
    patiently("nothing is left", || cluster.are_running("hc-unshare --jail") == 0);
    cluster.has_sent_less_than_in_all_since(sent);
}
