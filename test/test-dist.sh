#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# make dist: the same bytes each time, of what is committed. As TAP.
set -eu

cd "$(dirname "$0")/.."
if ! problem=$(git rev-parse --verify --quiet HEAD 2>&1 >/dev/null); then
	echo "1..0 # SKIP no commit of git's here ${problem:+($problem)}"
	exit 0
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
number=0 status=0

# holds CLAIM COMMAND...
holds() {
	number=$((number + 1))
	claim=$1
	shift
	if "$@" >"$work/output" 2>&1; then
		echo "ok $number - $claim"
	else
		echo "not ok $number - $claim"
		sed 's/^/# /' "$work/output"
		status=1
	fi
}

# What the tarball should hold: what is committed, and what is made of templates.
# shellcheck disable=SC2317  # called by holds
expected() {
	git ls-tree -r --name-only --full-tree HEAD
	git ls-tree -r --name-only --full-tree HEAD packaging | sed -n 's/\.in$//p'
}

# shellcheck disable=SC2317  # called by holds
is_as_committed() {
	sed -n 's/^#define VERSION "\(.*\)"/\1/p' "$tree/plugins/cuda/version.h" | grep -qxF "$version" &&
		expected | LC_ALL=C sort >"$work/expected" &&
		(cd "$tree" && find . -type f | sed 's,^\./,,' | LC_ALL=C sort) |
		diff "$work/expected" -
}

# shellcheck disable=SC2317  # called by holds
names_the_version() {
	grep -q "^criu-cuda-plugin ($version-1) " "$tree/packaging/deb/changelog" &&
		grep -qE "^Version: +$version\$" "$tree/packaging/rpm/criu-cuda-plugin-open.spec" &&
		! grep -rE '@[A-Z]+@' "$tree/packaging/deb/changelog" "$tree/packaging/rpm/criu-cuda-plugin-open.spec"
}

scripts/dist "$work/one" >"$work/one.path" 2>/dev/null
sleep 1.1 # what depends on the time now differs
(
	umask 077
	export TZ=Pacific/Auckland LC_ALL=C.UTF-8 HOME=/nonexistent
	cd / && "$OLDPWD/scripts/dist" "$work/other"
) >"$work/other.path" 2>/dev/null
tarball=$(cat "$work/one.path")
version=$(basename "$tarball" .tar.gz)
version=${version##*-}
tree=$work/criu-cuda-plugin-$version

holds "two builds are the same bytes" cmp "$tarball" "$(cat "$work/other.path")"
holds "the tarball can be unpacked" tar -x -f "$tarball" -C "$work"
holds "it has all that is committed, the version of version.h, and nothing else" is_as_committed
holds "Debian's changelog and rpm's spec name that version" names_the_version
echo "1..$number"
exit $status
