/* A jail for root, as the system calls that make one:
 *
 *     jail ROOT FILTER PROGRAM
 *
 * as `hc-unshare --jail --root=ROOT PROGRAM`: all namespaces, ids of their own with the root mounted so, proc, sys and
 * dev with what is hidden in them, an init, no capabilities, the system calls in FILTER (a BPF program) only.
 */
#define _GNU_SOURCE
#include "floor.h"
#include <linux/filter.h>
#include <linux/keyctl.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <linux/seccomp.h>
#include <linux/capability.h>
#include <net/if.h>
#include <grp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#ifndef MOUNT_ATTR_IDMAP
#define MOUNT_ATTR_IDMAP 0x00100000
#endif
#define QUIET (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC)
#define HERE AT_EMPTY_PATH
#define WHOLE_TREE (AT_EMPTY_PATH | AT_RECURSIVE)
#define ID_RANGE "0 327680000 65536\n"

static const char *const devices[] = {"null", "zero", "full", "random", "urandom", "tty"};
#define DEVICES (sizeof devices / sizeof *devices)
static int device[DEVICES];

static int open_in(int directory, const char *name, int flags, int resolve)
{
	struct open_how how = {.flags = O_PATH | O_CLOEXEC | flags, .resolve = resolve};
	return syscall(SYS_openat2, directory, name, &how, sizeof how);
}

static int tree_of(int fd, int depth)
{
	return must(syscall(SYS_open_tree, fd, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | depth), "open_tree");
}

static void attributes(int tree, int depth, struct mount_attr attr)
{
	must(syscall(SYS_mount_setattr, tree, "", depth, &attr, sizeof attr), "mount_setattr");
}

static void move(int tree, int place)
{
	must(syscall(SYS_move_mount, tree, "", place, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH), "move_mount");
}

/* Mounts a new file system, with up to three settings "key", "value". */
static int file_system(const char *kind, int flags, const char *const settings[])
{
	int context = must(syscall(SYS_fsopen, kind, FSOPEN_CLOEXEC), kind);
	for (; settings[0]; settings += 2)
		must(syscall(SYS_fsconfig, context, FSCONFIG_SET_STRING, settings[0], settings[1], 0), settings[0]);
	must(syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0), kind);
	int tree = must(syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC, flags), kind);
	close(context);
	return tree;
}

static void to_file(const char *name, const char *text)
{
	int file = must(open(name, O_WRONLY | O_CLOEXEC), name);
	must(write(file, text, strlen(text)), name);
	close(file);
}

static void say(int socket)
{
	must(send(socket, "+", 1, MSG_NOSIGNAL), "send");
}

static void hear(int socket)
{
	char byte;
	must(recv(socket, &byte, 1, 0), "recv");
}

/* The process outside: maps the ids of the one that left, and clones the root with them. */
static void outside(int socket, pid_t inner, const char *root)
{
	char name[64];
	hear(socket);
	snprintf(name, sizeof name, "/proc/%d/uid_map", inner);
	to_file(name, ID_RANGE);
	snprintf(name, sizeof name, "/proc/%d/gid_map", inner);
	to_file(name, ID_RANGE);
	int directory = must(open(root, O_PATH | O_DIRECTORY | O_CLOEXEC), root);
	int tree = tree_of(directory, WHOLE_TREE);
	snprintf(name, sizeof name, "/proc/%d/ns/user", inner);
	int ids = must(open(name, O_RDONLY | O_CLOEXEC), name);
	attributes(tree, WHOLE_TREE,
		   (struct mount_attr){.attr_set = MOUNT_ATTR_IDMAP, .propagation = MS_PRIVATE, .userns_fd = ids});
	union { struct cmsghdr head; char room[CMSG_SPACE(sizeof(int))]; } control = {0};
	struct iovec byte = {"+", 1};
	struct msghdr message = {.msg_iov = &byte, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
	control.head = (struct cmsghdr){CMSG_LEN(sizeof tree), SOL_SOCKET, SCM_RIGHTS};
	memcpy(CMSG_DATA(&control.head), &tree, sizeof tree);
	must(sendmsg(socket, &message, MSG_NOSIGNAL), "send the root");
	_exit(0);
}

static int receive(int socket)
{
	union { struct cmsghdr head; char room[CMSG_SPACE(sizeof(int))]; } control;
	char byte;
	int tree;
	struct iovec room = {&byte, 1};
	struct msghdr message = {.msg_iov = &room, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
	must(recvmsg(socket, &message, MSG_CMSG_CLOEXEC), "receive the root");
	memcpy(&tree, CMSG_DATA(&control.head), sizeof tree);
	return tree;
}

static void hide(int root)
{
	static const char *const hidden[] = {"/proc/acpi", "/proc/asound", "/proc/interrupts", "/proc/kcore", "/proc/keys",
		"/proc/latency_stats", "/proc/sched_debug", "/proc/scsi", "/proc/timer_list", "/proc/timer_stats",
		"/sys/devices/virtual/powercap", "/sys/firmware"};
	static const char *const fixed[] = {"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"};
	static const char *const empty[] = {"mode", "0755", "size", "4k", NULL};
	struct stat about;

	for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++) {
		int place = open_in(root, hidden[i], 0, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
		if (place < 0)
			continue;
		must(fstat(place, &about), hidden[i]);
		int tree;
		if (S_ISDIR(about.st_mode)) {
			tree = file_system("tmpfs", QUIET | MOUNT_ATTR_NODEV | MOUNT_ATTR_RDONLY, empty);
		} else {
			tree = tree_of(device[0], HERE);
			attributes(tree, HERE, (struct mount_attr){.attr_set = QUIET | MOUNT_ATTR_RDONLY, .propagation = MS_PRIVATE});
		}
		move(tree, place);
		close(tree);
		close(place);
	}
	for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++) {
		int place = open_in(root, fixed[i], 0, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
		if (place < 0)
			continue;
		int tree = tree_of(place, WHOLE_TREE);
		attributes(tree, WHOLE_TREE, (struct mount_attr){.attr_set = QUIET | MOUNT_ATTR_NODEV | MOUNT_ATTR_RDONLY, .propagation = MS_PRIVATE});
		move(tree, place);
		close(tree);
		close(place);
	}
}

static void make_dev(int root)
{
	static const char *const small[] = {"mode", "0755", "size", "64k", NULL};
	static const char *const shared[] = {"mode", "1777", "size", "64m", NULL};
	static const char *const terminals[] = {"ptmxmode", "0666", "mode", "0620", "gid", "5", NULL};
	int place = must(open_in(root, "/dev", O_DIRECTORY, RESOLVE_IN_ROOT), "/dev");
	int dev = file_system("tmpfs", QUIET, small);
	move(dev, place);
	close(place);
	umask(0);
	for (size_t i = 0; i < DEVICES; i++) {
		must(mknodat(dev, devices[i], S_IFREG | 0666, 0), devices[i]);
		place = must(open_in(dev, devices[i], O_NOFOLLOW, RESOLVE_NO_SYMLINKS), devices[i]);
		int tree = tree_of(device[i], HERE);
		attributes(tree, HERE, (struct mount_attr){.attr_set = QUIET, .propagation = MS_PRIVATE});
		move(tree, place);
		close(tree);
		close(place);
	}
	must(symlinkat("/proc/self/fd", dev, "fd"), "fd");
	must(symlinkat("/proc/self/fd/0", dev, "stdin"), "stdin");
	must(symlinkat("/proc/self/fd/1", dev, "stdout"), "stdout");
	must(symlinkat("/proc/self/fd/2", dev, "stderr"), "stderr");
	must(symlinkat("pts/ptmx", dev, "ptmx"), "ptmx");
	must(mkdirat(dev, "pts", 0755), "pts");
	place = must(open_in(dev, "pts", O_DIRECTORY, RESOLVE_NO_SYMLINKS), "pts");
	int tree = file_system("devpts", QUIET, terminals);
	move(tree, place);
	close(tree);
	close(place);
	tree = file_system("tmpfs", QUIET | MOUNT_ATTR_NODEV, shared);
	must(mkdirat(dev, "shm", 0755), "shm");
	place = must(open_in(dev, "shm", O_DIRECTORY, RESOLVE_NO_SYMLINKS), "shm");
	move(tree, place);
	close(tree);
	close(place);
	umask(022);
	close(dev);
}

static void enter(int tree, int old_root)
{
	must(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), "private mounts");
	attributes(tree, WHOLE_TREE, (struct mount_attr){.attr_set = MOUNT_ATTR_NODEV});
	move(tree, old_root);
	int place = must(open_in(tree, "/proc", O_DIRECTORY, RESOLVE_IN_ROOT), "/proc");
	must(fchdir(place), "/proc");
	close(place);
	must(mount("proc", ".", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL), "proc");
	place = must(open_in(tree, "/sys", O_DIRECTORY, RESOLVE_IN_ROOT), "/sys");
	must(fchdir(place), "/sys");
	close(place);
	must(mount("sysfs", ".", "sysfs", MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL), "sysfs");
	hide(tree);
	make_dev(tree);
	must(fchdir(tree), "root");
	must(syscall(SYS_pivot_root, ".", "."), "pivot_root");
	must(umount2(".", MNT_DETACH), "old root");
}

/* The program's last steps: no keys, no capabilities, no way to get some, and few system calls. */
static void become(char **argv)
{
	static struct sock_filter program[BPF_MAXINSNS];
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct none[2] = {{0}};
	must(setsid(), "setsid");
	for (int capability = 0; prctl(PR_CAPBSET_DROP, capability) == 0; capability++)
		;
	must(syscall(SYS_capset, &head, none), "capset");
	must(syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL), "keyring");
	must(prctl(PR_SET_PDEATHSIG, SIGKILL), "death signal");
	must(syscall(SYS_close_range, 4, ~0U, 1U << 2), "close_range");
	must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no new privileges");
	/* Opened outside as descriptor 3, for it does not lie in the new root. */
	ssize_t size = must(read(3, program, sizeof program), "filter");
	close(3);
	struct sock_fprog loaded = {size / sizeof *program, program};
	must(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &loaded), "seccomp");
	execv(argv[0], argv);
	must(-1, argv[0]);
}

/* Process 1: waits for all, and ends as the program ends. */
static int serve(pid_t program, int signals)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct only_kill[2] = {{1 << CAP_KILL, 1 << CAP_KILL, 0}};
	struct pollfd wait = {signals, POLLIN, 0};
	struct signalfd_siginfo got;
	int status;
	must(setpgid(0, 0), "setpgid");
	must(syscall(SYS_capset, &head, only_kill), "capset");
	must(prctl(PR_SET_DUMPABLE, 0), "dumpable");
	must(prctl(PR_SET_PDEATHSIG, SIGKILL), "death signal");
	for (;;) {
		must(poll(&wait, 1, -1), "poll");
		must(read(signals, &got, sizeof got), "signal");
		for (pid_t ended; (ended = waitpid(-1, &status, WNOHANG)) > 0;)
			if (ended == program)
				_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
	}
}

int main(int argc, char **argv)
{
	int pair[2];
	sigset_t all;
	if (argc != 4)
		return 125;
	/* As descriptor 3, whatever was inherited. */
	int filter = must(open(argv[2], O_RDONLY), argv[2]);
	if (filter != 3) {
		must(dup2(filter, 3), "filter");
		close(filter);
	}
	must(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), "socketpair");
	pid_t inner = getpid();
	pid_t helper = must(fork(), "fork");
	if (helper == 0) {
		close(pair[0]);
		outside(pair[1], inner, argv[1]);
	}
	close(pair[1]);
	must(unshare(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET), "unshare");
	say(pair[0]);
	int tree = receive(pair[0]);
	close(pair[0]);
	must(status_of(helper) ? -1 : 0, "the process outside");

	sigfillset(&all);
	must(sigprocmask(SIG_BLOCK, &all, NULL), "mask");
	int signals = must(signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK), "signalfd");
	/* The parent waits; the child becomes process 1. */
	pid_t init = must(fork(), "fork");
	if (init)
		return status_of(init);
	struct ifreq loopback = {.ifr_name = "lo", .ifr_flags = IFF_UP};
	int socket_of_lo = must(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "socket");
	must(ioctl(socket_of_lo, SIOCSIFFLAGS, &loopback), "lo");
	close(socket_of_lo);
	int old_root = must(open(argv[1], O_PATH | O_DIRECTORY | O_CLOEXEC), argv[1]);
	for (size_t i = 0; i < DEVICES; i++) {
		char name[32];
		snprintf(name, sizeof name, "/dev/%s", devices[i]);
		device[i] = must(open(name, O_PATH | O_NOFOLLOW | O_CLOEXEC), name);
	}
	must(setgroups(0, NULL), "setgroups");
	must(setresgid(0, 0, 0), "setresgid");
	must(setresuid(0, 0, 0), "setresuid");
	enter(tree, old_root);
	/* Process 1 stays; its child becomes the program. */
	pid_t program = must(fork(), "fork");
	if (program)
		return serve(program, signals);
	sigemptyset(&all);
	must(sigprocmask(SIG_SETMASK, &all, NULL), "mask");
	become(argv + 3);
}
