#!/bin/bash
# What the engine mounts read-only is made writable, then systemd takes over. Not for dash, which would let through
# the signals that are kept back.
for point in /sys /sys/fs/cgroup /sys/fs/cgroup/*; do
    mount -o remount,bind,rw "$point" 2>/dev/null
done
# Mounts of the engine inside are seen by its containers.
mount --make-rshared /
exec /sbin/init
