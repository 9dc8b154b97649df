# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-only OR MIT
#
# Two simulated GPUs, programs on them, and the utility run on these. To be sourced
# after tap.sh. Whatever was started is gone, and all files with it, at the end.

build=$(cd "${BUILD:-build}" && pwd) || exit 1
utility=$build/cuda-checkpoint/cuda-checkpoint
sim=$build/test/gpu-sim
library=$sim

tmp=$(mktemp -d) || exit 1
pids=

stop() { # PID
	kill -KILL "$1" 2>/dev/null
	wait "$1" 2>/dev/null
}

cleanup() {
	for pid in $pids; do
		stop "$pid"
	done
	rm -rf "$tmp"
}
trap cleanup EXIT
trap 'exit 1' HUP INT TERM

now_ms() {
	echo $(($(date +%s%N) / 1000000))
}

# The utility with the driver in $library; a lost answer must not hold us up.
run() {
	LD_LIBRARY_PATH=$library CUDA_SIM_SOCKET=$tmp/gpu timeout -k 1 30 "$utility" "$@"
}

# What it said: "status|stdout|stderr", newlines kept but for the last.
said() {
	run "$@" >"$tmp/out" 2>"$tmp/err"
	echo "$?|$(cat "$tmp/out")|$(cat "$tmp/err")"
}

expect() { # NAME STATUS STDOUT STDERR ARGUMENTS...
	name=$1 wanted="$2|$3|$4"
	shift 4
	same "$name" "$wanted" "$(said "$@")"
}

does() { # ACTION: the one that must succeed, and silently
	expect "$1 succeeds and prints nothing" 0 '' '' --action "$1" --pid "$app"
}

is() { # STATE
	expect "the process is $1" 0 "$1" '' --get-state --pid "$app"
}

# Run COMMAND until it succeeds; a claim like any other.
await() { # NAME COMMAND...
	name=$1
	shift
	for _ in $(seq 200); do
		"$@" && pass "$name" && return 0
		sleep 0.05
	done
	fail "$name" 'waited for 10 seconds'
}

# A program of test/apps becomes $app. Returns when it has begun to count.
start_app() { # [VARIABLE=VALUE]... PROGRAM [ARGUMENT]...
	rm -f "$tmp/app.out"
	env LD_LIBRARY_PATH="$sim" CUDA_SIM_SOCKET="$tmp/gpu" "$@" \
		>"$tmp/app.out" 2>"$tmp/app.err" &
	app=$!
	pids="$pids $app"
	for _ in $(seq 200); do
		grep -qs ^count "$tmp/app.out" && return 0
		kill -0 "$app" 2>/dev/null || break
		sleep 0.05
	done
	bail_out "$* does not start: $(cat "$tmp/app.err")"
}

start_gpu() {
	CUDA_SIM_GPUS=2 "$sim/gpu-sim" --socket "$tmp/gpu" 2>"$tmp/gpu.err" &
	pids="$pids $!"
	for _ in $(seq 100); do
		"$sim/gpu-sim" --socket "$tmp/gpu" --list >"$tmp/gpus" 2>/dev/null && return 0
		sleep 0.05
	done
	bail_out "gpu-sim does not start: $(cat "$tmp/gpu.err")"
}
