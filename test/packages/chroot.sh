# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Fresh Debian systems in folders, for test-packages. To be sourced, in the top folder, with WORK
# set to a folder that is the test's own. Needs root.
#
# What debootstrap makes is kept in build/cache/chroot, as archives: SUITE.tar, and
# SUITE-build-SUM.tar, which has what packaging/deb/control wants for a build, too.

chroot_cache=build/cache/chroot

# Run COMMAND in ROOT, with a /proc and processes of its own; of both nothing is left.
# in_chroot ROOT COMMAND...
in_chroot() {
	root=$1
	shift
	unshare --mount --pid --fork --kill-child --mount-proc="$root/proc" \
		chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 \
		DEBIAN_FRONTEND=noninteractive "$@"
}

# Print Debian's mirror, the machine's own; fails where it does not have SUITE.
# chroot_mirror SUITE
chroot_mirror() {
	scripts/private-apt "$1" amd64 apt-get -q update >&2 &&
		scripts/private-apt "$1" amd64 apt-get update --print-uris |
		sed -n "s,^'\(.*\)/dists/$1/InRelease'.*,\1,p"
}

# Keep the system in ROOT as the archive NAME.
chroot_keep() {
	rm -f "$1"/var/cache/apt/archives/*.deb
	tar -c -C "$1" -f "$chroot_cache/.$2.new" . && mv "$chroot_cache/.$2.new" "$chroot_cache/$2"
}

# Have the archive of a fresh SUITE; 75 where it cannot be had.
# chroot_have SUITE
chroot_have() {
	[ ! -e "$chroot_cache/$1.tar" ] || return 0
	mkdir -p "$chroot_cache"
	mirror=$(chroot_mirror "$1") && [ -n "$mirror" ] || return 75
	proxy=$(apt-config dump Acquire::http::Proxy --format '%v')
	http_proxy=${http_proxy:-$proxy} debootstrap --variant=minbase "$1" "$WORK/$1" "$mirror" ||
		return 75
	apt-config dump Acquire::http::Proxy Acquire::https::Proxy \
		>"$WORK/$1/etc/apt/apt.conf.d/proxy"
	chroot_keep "$WORK/$1" "$1.tar" && rm -rf "${WORK:?}/$1"
}

# Unpack the system of archive NAME to ROOT.
chroot_unpack() {
	mkdir -p "$2"
	tar -x -f "$chroot_cache/$1" -C "$2"
	cp -L /etc/resolv.conf "$2/etc/resolv.conf"
}

# A SUITE in ROOT in which the packages can be built, with build profile PROFILE if it is
# not empty; 75 where what it needs cannot be had.
# chroot_for_build SUITE ROOT PROFILE
chroot_for_build() {
	name=$1-build-$(cksum <packaging/deb/control | cut -d ' ' -f 1).tar
	if [ -e "$chroot_cache/$name" ]; then
		chroot_unpack "$name" "$2"
		return
	fi
	chroot_unpack "$1.tar" "$2"
	mkdir -p "$2/src/debian"
	cp packaging/deb/control "$2/src/debian/"
	# shellcheck disable=SC2016  # for the shell in there
	in_chroot "$2" sh -euc '
		apt-get -q update
		apt-get -qy --no-install-recommends ${1:+"-P$1"} build-dep /src
		apt-get -qy --no-install-recommends install build-essential lintian rpm
	' sh "$3" || return 75
	rm -f "$chroot_cache/$1"-build-*.tar
	chroot_keep "$2" "$name"
}
