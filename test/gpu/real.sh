# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-only
# What the scripts of this folder begin with: the scenarios of test/system, on a real GPU.
# The script that reads this has set top, the root of the tree.

BUILD=$(cd "${BUILD:-$top/build}" && pwd)
PLUGIN_DIR=$BUILD/plugins/cuda
export BUILD PLUGIN_DIR
[ -n "${REAPED:-}" ] || REAPED=yes exec "$BUILD/test/system/reaper" "$0" "$@"
for part in outcome tap gpu app criu scenarios faults memory memory_faults; do
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

# Times are said as they come: a run that is cut short has said those it had.
say_times() {
	[ ! -e "$WORK/times" ] || sed 's/^/# /' "$WORK/times"
	rm -f "$WORK/times"
}

gpu_count() {
	find /proc/driver/nvidia/gpus -mindepth 1 -maxdepth 1 | wc -l
}

# torch_ranks_start RANKS OPTION...: a job of PyTorch with NCCL, a rank on each GPU.
torch_ranks_start() {
	[ "$(gpu_count)" -ge "$1" ] || skip "this machine has fewer than $1 GPUs"
	python3 -c 'import torch' 2>/dev/null || skip "no PyTorch here"
	rm -rf "$WORK/ranks"
	mkdir -p "$WORK/ranks"
	ERR=$WORK/ranks.err
	ranks=$1
	shift
	setsid python3 "${top:?}/test/apps/torch_ranks.py" --dir "$WORK/ranks" --ranks "$ranks" \
		"$@" </dev/null >"$WORK/ranks.out" 2>"$ERR" &
	APP=$!
	echo "$APP" >>"$WORK/apps"
	for rank in $(seq 0 $((ranks - 1))); do
		touch "$WORK/ranks/rank-$rank"
		APP_PATIENCE=120 app_counts "$WORK/ranks/rank-$rank" 3 ||
			fail "rank $rank does not count: $(tail -n 5 "$ERR")"
	done
}

torch_ranks_go_on() {
	for file in "$WORK"/ranks/rank-*; do
		app_goes_on "$file"
	done
}
