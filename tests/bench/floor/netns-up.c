/* A namespace on a bridge, as the system calls that make one:
 *
 *     netns-up NAME BRIDGE IF ADDRESS PREFIX GATEWAY
 *
 * as `hc-netns up NAME --bridge=BRIDGE --if=IF --addr=ADDRESS/PREFIX --gateway=GATEWAY`, with IPv4 addresses or with IPv6:
 * one row of messages over one socket makes the pair, one end of it a port, and gives the other one all that it has.
 * Nothing is looked up but the bridge's number, no address is claimed, and nothing is undone. /run/netns is there.
 */
#define _GNU_SOURCE
#include "floor.h"
#include <arpa/inet.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sched.h>
#include <sys/socket.h>

/* In a new namespace: lo is 1, and what comes next is 2 when nobody says otherwise. Here it is said. */
enum { LO = 1, INSIDE = 2 };

static union {
	struct nlmsghdr first;
	char bytes[2048];
} out;
static unsigned end;
static struct nlmsghdr *message;

static void *put(const void *bytes, unsigned length)
{
	char *place = out.bytes + end;
	memcpy(place, bytes, length);
	end += NLMSG_ALIGN(length);
	message->nlmsg_len = out.bytes + end - (char *)message;
	return place;
}

static void begin(int type, int flags, const void *body, unsigned length)
{
	struct nlmsghdr header = {.nlmsg_type = type, .nlmsg_flags = NLM_F_REQUEST | flags};
	message = (struct nlmsghdr *)(out.bytes + end);
	put(&header, sizeof header);
	put(body, length);
}

static struct rtattr *attribute(int type, const void *value, unsigned length)
{
	struct rtattr header = {.rta_len = RTA_LENGTH(length), .rta_type = type};
	struct rtattr *place = put(&header, sizeof header);
	put(value, length);
	return place;
}

/* All that was put since is in there. */
static void within(struct rtattr *outer)
{
	outer->rta_len = out.bytes + end - (char *)outer;
}

static void link_up(int index)
{
	struct ifinfomsg link = {.ifi_index = index, .ifi_flags = IFF_UP, .ifi_change = IFF_UP};
	begin(RTM_NEWLINK, 0, &link, sizeof link);
}

static void pair(unsigned bridge, int host, const char *name)
{
	struct ifinfomsg outside = {.ifi_flags = IFF_UP, .ifi_change = IFF_UP}, inside = {.ifi_index = INSIDE};
	begin(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &outside, sizeof outside);
	attribute(IFLA_IFNAME, "veth%d", sizeof "veth%d");
	attribute(IFLA_MASTER, &bridge, sizeof bridge);
	attribute(IFLA_NET_NS_FD, &host, sizeof host);
	struct rtattr *info = attribute(IFLA_LINKINFO, NULL, 0);
	attribute(IFLA_INFO_KIND, "veth", sizeof "veth");
	struct rtattr *data = attribute(IFLA_INFO_DATA, NULL, 0);
	struct rtattr *peer = attribute(VETH_INFO_PEER, NULL, 0);
	put(&inside, sizeof inside);
	attribute(IFLA_IFNAME, name, strlen(name) + 1);
	within(peer);
	within(data);
	within(info);
}

static void address(int family, const void *bytes, unsigned length, int prefix)
{
	struct ifaddrmsg address = {.ifa_family = family, .ifa_prefixlen = prefix, .ifa_index = INSIDE};
	unsigned usable_at_once = IFA_F_NODAD;
	begin(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, &address, sizeof address);
	attribute(IFA_LOCAL, bytes, length);
	attribute(IFA_ADDRESS, bytes, length);
	if (family == AF_INET6)
		attribute(IFA_FLAGS, &usable_at_once, sizeof usable_at_once);
}

static void default_route(int family, const void *gateway, unsigned length)
{
	struct rtmsg route = {.rtm_family = family, .rtm_table = RT_TABLE_MAIN, .rtm_protocol = RTPROT_BOOT,
			      .rtm_scope = RT_SCOPE_UNIVERSE, .rtm_type = RTN_UNICAST};
	begin(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, &route, sizeof route);
	attribute(RTA_GATEWAY, gateway, length);
}

/* The kernel answers the last message, and any that it refuses. */
static void done_by(int socket)
{
	union {
		struct nlmsghdr header;
		char bytes[4096];
	} in;
	message->nlmsg_flags |= NLM_F_ACK;
	must(send(socket, out.bytes, end, 0), "send");
	must(recv(socket, &in, sizeof in, 0), "receive");
	errno = -((struct nlmsgerr *)NLMSG_DATA(&in.header))->error;
	must(errno ? -1 : 0, "netlink");
}

int main(int argc, char **argv)
{
	char path[300];
	unsigned char own[16], gateway[16];
	if (argc != 7)
		return 125;
	int family = strchr(argv[4], ':') ? AF_INET6 : AF_INET;
	unsigned length = family == AF_INET6 ? 16 : 4;
	if (inet_pton(family, argv[4], own) != 1 || inet_pton(family, argv[6], gateway) != 1)
		return 125;
	snprintf(path, sizeof path, "/run/netns/%s", argv[1]);

	unsigned bridge = if_nametoindex(argv[2]);
	must(bridge ? 0 : -1, argv[2]);
	int host = must(open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC), "own namespace");
	must(unshare(CLONE_NEWNET), "unshare");
	int netlink = must(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE), "socket");
	pair(bridge, host, argv[3]);
	link_up(LO);
	link_up(INSIDE);
	address(family, own, length, atoi(argv[5]));
	default_route(family, gateway, length);
	done_by(netlink);
	must(close(must(open(path, O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0), path)), "close");
	must(mount("/proc/self/ns/net", path, NULL, MS_BIND, NULL), "mount");
	return 0;
}
