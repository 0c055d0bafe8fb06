#!/bin/bash
# What the engine mounts read-only is made writable, then systemd takes over. Not for dash, which would let through
# the signals that are kept back.
for point in /sys /sys/fs/cgroup /sys/fs/cgroup/*; do
    mount -o remount,bind,rw "$point" 2>/dev/null
done
# Mounts of the engine inside are seen by its containers.
mount --make-rshared /
# The resolver of the engine outside listens at 127.0.0.11 on a port of its choice, and rules of the packet filter lead
# there. A firewall inside may sweep them away, so they are not relied on.
while read -r _ address _; do
    if [[ $address == 0B00007F:* ]]; then
        echo "RESOLVER=127.0.0.11#$((16#${address#*:}))" >/run/byop-dns
        echo nameserver 127.0.0.1 >/etc/resolv.conf
    fi
done </proc/net/udp
exec /sbin/init
