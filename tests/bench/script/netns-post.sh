#!/bin/sh
# The post's section 2.3, with a static address in the place of the DHCP client: `netns-post.sh NAME BRIDGE ADDRESS GATEWAY`.
set -e
ip netns add "$1"
ip link add veth1 type veth peer name eth1
ip link set eth1 netns "$1"
brctl addif "$2" veth1
ip link set veth1 up
ip netns exec "$1" ip link set lo up
ip netns exec "$1" ip link set eth1 up
ip netns exec "$1" ip address add "$3" dev eth1
ip netns exec "$1" ip route add default via "$4"
