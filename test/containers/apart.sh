# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-only
# A machine for containers that is apart from this one: pids, mounts, /etc and /run of its
# own, and the cgroups as they are or version 2 alone. What is written there is gone with it.

# Run the script again as the first process but one of such a machine, which ends with it.
# APART_ALSO may name one more thing that it has of its own: --net.
apart_enter() {
	[ -z "${APART:-}" ] || return 0
	# shellcheck disable=SC2086  # none or a word
	APART=yes exec unshare --mount ${APART_ALSO:-} --pid --fork --kill-child --mount-proc \
		"$BUILD/test/system/reaper" "$0" "$@"
}

# apart_files: CRIU's settings, and what runtimes remember, are only those of this test.
apart_files() {
	mkdir "$WORK/own"
	mount -t tmpfs own "$WORK/own"
	mkdir "$WORK/own/etc" "$WORK/own/work"
	mount -t overlay etc \
		-o "lowerdir=/etc,upperdir=$WORK/own/etc,workdir=$WORK/own/work" /etc
	mount -t tmpfs run /run
	rm -rf /etc/criu /etc/containers/containers.conf
	mkdir /etc/criu
}

# apart_cgroups machine|v2: as this machine has them, or version 2 alone. Where version 1 has
# the controllers CRIU would still find it, in /proc, and restore cgroups in it that the runtime
# knows nothing of: it is to leave cgroups alone. Sets CGROUPS_MODE, for the runtime.
apart_cgroups() {
	CGROUPS_MODE=
	[ "$1" = v2 ] && apart_has_cgroup_v1 || return 0
	umount -R /sys/fs/cgroup
	mount -t cgroup2 cgroup2 /sys/fs/cgroup
	[ "${RUNTIME_ITSELF##*/}" = runc ] || CGROUPS_MODE=--manage-cgroups-mode=ignore
}

apart_has_cgroup_v1() {
	[ "$(stat -f -c %T /sys/fs/cgroup)" != cgroup2fs ]
}

apart_has_memory_limits() {
	apart_has_cgroup_v1 || grep -qw memory /sys/fs/cgroup/cgroup.controllers
}

# apart_leave_no_cgroup NAME: those of that name, also where CRIU has made them anew.
apart_leave_no_cgroup() {
	for hierarchy in /sys/fs/cgroup /sys/fs/cgroup/*; do
		[ -e "$hierarchy/cgroup.procs" ] || continue
		find "$hierarchy" -depth -type d -path "*/$1*" -exec rmdir {} + 2>/dev/null || :
	done
}
