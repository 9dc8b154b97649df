# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-only
# What the scripts of this folder begin with: the parts of test/system, and bench.sh, for the
# simulated GPU. The script that reads this has set top, the root of the tree; it calls gpu_use.

BUILD=$(cd "${BUILD:-$top/build}" && pwd)
PLUGIN_DIR=$BUILD/plugins/cuda
export BUILD PLUGIN_DIR
# Restored programs are orphans: someone has to reap them at once, and at the end.
[ -n "${REAPED:-}" ] || REAPED=yes exec "$BUILD/test/system/reaper" "$0" "$@"
for part in outcome gpu app criu; do
	# shellcheck source=/dev/null
	. "$top/test/system/$part.sh"
done
# shellcheck source=/dev/null
. "$top/test/bench/bench.sh"

[ "$(id -u)" -eq 0 ] || fail "CRIU needs root"
WORK=$(mktemp -d)
IMAGES=$WORK/images
export IMAGES
clean_up() {
	app_stop_all
	[ ! -e "$WORK/gpu.pid" ] || gpu_pull_out
	rm -rf "$WORK"
}
trap clean_up EXIT
trap 'exit 1' INT TERM
