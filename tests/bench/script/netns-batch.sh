#!/bin/sh
# The same by ip(8) alone, as few of it as can be: `netns-batch.sh NAME BRIDGE ADDRESS GATEWAY`.
set -e
ip netns add "$1"
ip -batch - <<END
link add veth1 master $2 up type veth peer name eth1 netns $1
END
ip -n "$1" -batch - <<END
link set lo up
link set eth1 up
address add $3 dev eth1
route add default via $4
END
