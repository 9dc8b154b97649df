# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-only
# What the scripts of this folder begin with: the scenarios of test/system, on a real GPU.
# The script that reads this has set top, the root of the tree.

BUILD=$(cd "${BUILD:-$top/build}" && pwd)
PLUGIN_DIR=$BUILD/plugins/cuda
export BUILD PLUGIN_DIR
[ -n "${REAPED:-}" ] || REAPED=yes exec "$BUILD/test/system/reaper" "$0" "$@"
for part in outcome tap gpu app criu scenarios faults; do
	# shellcheck source=/dev/null
	. "$top/test/system/$part.sh"
done
gpu_real || {
	echo "1..0 # SKIP this machine has no NVIDIA GPU"
	exit "$SKIPPED"
}

WORK=$(mktemp -d)
IMAGES=$WORK/images
export IMAGES
trap 'app_stop_all; rm -rf "$WORK"' EXIT
trap 'exit 1' INT TERM
gpu_use real
APP_PATIENCE=60
export APP_PATIENCE

say_machine() {
	sed -n 's/^NVRM version: */# driver: /p' /proc/driver/nvidia/version
	sed -n 's/^Model:[[:space:]]*/# GPU: /p' /proc/driver/nvidia/gpus/*/information
}
