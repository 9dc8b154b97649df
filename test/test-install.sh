#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# make install and uninstall: what goes where, and that nothing is left. As TAP.
# BUILD is the build folder.
set -eu

cd "$(dirname "$0")/.."
BUILD=${BUILD:-build}
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
number=0 status=0

# holds CLAIM COMMAND...
holds() {
	number=$((number + 1))
	claim=$1
	shift
	if "$@" >/dev/null 2>&1; then
		echo "ok $number - $claim"
	else
		echo "not ok $number - $claim"
		status=1
	fi
}

# make_it TARGET VARIABLE=VALUE...
# shellcheck disable=SC2317  # called by holds
make_it() {
	make --no-print-directory -s BUILD="$BUILD" DESTDIR="$root" "$@"
}

# shellcheck disable=SC2317  # called by holds
nothing_is_left() {
	[ -z "$(find "$root" -type f)" ]
}

holds "make install PREFIX=/usr" make_it install PREFIX=/usr
holds "the plugin is where CRIU looks" test -x "$root/usr/lib/criu/cuda_plugin.so"
holds "the utility is on PATH" test -x "$root/usr/bin/cuda-checkpoint"
holds "criu-cuda is on PATH" test -x "$root/usr/bin/criu-cuda"
for page in criu-cuda-plugin cuda-checkpoint criu-cuda; do
	holds "$page(1) is where man looks" test -f "$root/usr/share/man/man1/$page.1"
done
holds "make uninstall PREFIX=/usr" make_it uninstall PREFIX=/usr
holds "nothing is left" nothing_is_left

holds "make install without PREFIX" make_it install
holds "the plugin is below /usr/local" test -x "$root/usr/local/lib/criu/cuda_plugin.so"
holds "the utility is below /usr/local" test -x "$root/usr/local/bin/cuda-checkpoint"
holds "criu-cuda is below /usr/local" test -x "$root/usr/local/bin/criu-cuda"
for page in criu-cuda-plugin cuda-checkpoint criu-cuda; do
	holds "$page(1) is below /usr/local" test -f "$root/usr/local/share/man/man1/$page.1"
done
holds "make uninstall without PREFIX" make_it uninstall
holds "again nothing is left" nothing_is_left

holds "make install PLUGINDIR=" make_it install PREFIX=/usr PLUGINDIR=/opt/criu/plugins
holds "the plugin is in PLUGINDIR" test -x "$root/opt/criu/plugins/cuda_plugin.so"

# Other flags, so another build folder; the one object that has the path is enough.
# shellcheck disable=SC2317  # called by holds
runs_it_there() {
	make --no-print-directory -s BUILD="$root/build" PREFIX=/usr "UTILITYDIR=$1" \
		"$root/build/plugins/cuda/options.o" &&
		grep -aqF "$1/" "$root/build/plugins/cuda/options.o"
}
holds "with UTILITYDIR= the plugin runs the utility there" runs_it_there /usr/libexec/ours

# shellcheck disable=SC2317  # called by holds
doctor_looks_there() {
	make --no-print-directory -s BUILD="$root/build" PREFIX=/usr "PLUGINDIR=$1" \
		"$root/build/criu-cuda/doctor/check_criu.o" &&
		grep -aqF "$1" "$root/build/criu-cuda/doctor/check_criu.o"
}
holds "with PLUGINDIR= of the system's libraries the doctor looks there" \
	doctor_looks_there /usr/lib64/criu
echo "1..$number"
exit $status
