#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR MIT
#
# The real utility, over the simulated driver. What is expected word for word is
# what NVIDIA's utility of driver 580.159.04 was seen to print.
#
# Needs build/ with the utility, the simulated GPU and test/apps; BUILD names
# another. Prints TAP.

here=$(dirname "$0")
# shellcheck source=tap.sh
. "$here/tap.sh"
# shellcheck source=stage.sh
. "$here/stage.sh"
counter=$build/test/apps/counter
inflight=$build/test/apps/inflight

# --- the command line -------------------------------------------------------
test_command_line() {
	help=$(run --help)
	expect 'no pid: the line, then the help' 1 '' \
		"Missing pid to perform operation on
$help" --get-state
	expect 'no arguments: the line, then the help' 1 '' \
		"Missing pid to perform operation on
$help"
	expect 'unknown action: the line, then the help' 1 '' \
		"Invalid process state
$help" --action freeze --pid "$app"
	expect "unknown option: getopt's line, ours, then the help" 1 '' \
		"$utility: unrecognized option '--rubbish'
Invalid option(s) or option(s) not supported by this CUDA Driver
$help" --rubbish --pid "$app"
	expect 'a pid that is no number' 1 '' \
		'cuda-checkpoint: invalid pid "1x"' --get-state --pid 1x
	expect 'a timeout that is no number' 1 '' \
		'cuda-checkpoint: invalid timeout "soon": it must be a number of milliseconds' \
		--action lock --pid "$app" --timeout soon
	expect 'a timeout with an action that has none' 1 '' \
		'cuda-checkpoint: --timeout is only for --action lock and --toggle' \
		--action unlock --pid "$app" --timeout 5
	expect '-h is --help' 0 "$help" '' -h
	same 'the help begins as programs expect' \
		'CUDA checkpoint and restore utility.' "$(echo "$help" | sed -n 1p)"
	same 'the help has its parts' 'Version Operations: Options:' \
		"$(echo "$help" | grep -o -e '^Version' -e '^Operations:$' -e '^Options:$' |
			tr '\n' ' ' | sed 's/ $//')"
	for option in action toggle get-state get-restore-tid get-memory pid timeout device-map; do
		case $help in
		*--$option*) pass "the help names --$option" ;;
		*) fail "the help names --$option" "$help" ;;
		esac
	done
	same 'the help needs no driver' "$help" "$("$utility" --help)"
}

# --- processes that are not CUDA, and no processes ---------------------------
test_not_cuda() {
	sleep 1000 &
	pids="$pids $!"
	pid=$!
	sh -c : &
	gone=$!
	wait "$gone"
	os_error='"OS call failed or operation not supported on this OS"'

	expect 'get-state of a process without CUDA' 1 '' \
		"Error getting process state for process ID $pid: \"initialization error\"" \
		--get-state --pid "$pid"
	expect 'get-state of no process' 1 '' \
		"Error getting process state for process ID $gone: $os_error" \
		--get-state --pid "$gone"
	expect 'get-restore-tid of a process without CUDA' 1 '' \
		"Could not find restore thread for process ID $pid" \
		--get-restore-tid --pid "$pid"
	for action in lock checkpoint restore unlock; do
		expect "$action on a process without CUDA" 1 '' \
			"Could not $action on process ID $pid: \"initialization error\"" \
			--action "$action" --pid "$pid"
	done
	expect 'toggle of a process without CUDA' 1 '' \
		"Error toggling CUDA in process ID $pid: \"initialization error\"" \
		--toggle --pid "$pid"

	begin=$(now_ms)
	CUDA_SIM_PERSISTENCE=off CUDA_SIM_INIT_MS=3000 \
		run --action restore --pid "$pid" 2>/dev/null
	taken=$(($(now_ms) - begin))
	at_most 'a restore on a process without CUDA initialises nothing' "$taken" 2000
	stop "$pid"
}

# --- the ladder -------------------------------------------------------------
refused() { # ACTION...: in the present state
	for action; do
		expect "$action is refused" 1 '' \
			"Could not $action on process ID $app: \"the operation cannot be performed in the present state\"" \
			--action "$action" --pid "$app"
	done
}

test_ladder() {
	is running
	refused checkpoint restore unlock
	does lock
	is locked
	refused lock restore
	does checkpoint
	is checkpointed
	refused lock checkpoint unlock
	does restore
	is locked
	does unlock
	is running
}

test_restore_thread() {
	tid=$(run --get-restore-tid --pid "$app")
	same 'get-restore-tid prints a thread named cuda...' 'cuda0' \
		"$(cut -c1-5 "/proc/$app/task/$tid/comm" 2>&1)"
	expect 'get-state answers for that thread, too' 0 running '' --get-state --pid "$tid"
}

test_toggle() {
	expect 'toggle' 0 '' '' --toggle --pid "$app"
	is checkpointed
	expect 'toggle back' 0 '' '' --toggle --pid "$app"
	is running
	does lock
	expect 'toggle of a locked process' 1 '' \
		"Error toggling CUDA in process ID $app: \"the operation cannot be performed in the present state\"" \
		--toggle --pid "$app"
	is locked
	does unlock
}

counts() {
	grep -c ^count "$tmp/app.out"
}

test_goes_on() {
	before=$(counts)
	await 'the counter goes on' more_than "$before"
	same 'the counter found nothing wrong' '' "$(cat "$tmp/app.err")"
}

more_than() { # COUNT
	[ "$(counts)" -gt "$1" ]
}

# --- what the driver may refuse ----------------------------------------------
test_refusals() {
	start_app CUDA_SIM_LOCK=fail=600@1 CUDA_SIM_CHECKPOINT=fail=801 "$counter"

	expect 'lock: work still running at the timeout' 1 '' \
		"Could not lock on process ID $app: \"device not ready\"" \
		--action lock --pid "$app" --timeout 100
	is running
	does lock
	expect 'checkpoint: managed memory' 1 '' \
		"Could not checkpoint on process ID $app: \"operation not supported\"" \
		--action checkpoint --pid "$app"
	is locked
	does unlock
	expect 'toggle: managed memory' 1 '' \
		"Error toggling CUDA in process ID $app: \"operation not supported\"" \
		--toggle --pid "$app"
	is running
	stop "$app"
}

test_failed_unlock() {
	start_app CUDA_SIM_CHECKPOINT=fail=801@1 CUDA_SIM_UNLOCK=fail=999@1 "$counter"

	expect 'a toggle that can do neither: both are said' 1 '' \
		"Error toggling CUDA in process ID $app: \"operation not supported\"
Could not unlock on process ID $app: \"unknown error\"" \
		--toggle --pid "$app"
	is locked
	does unlock
	stop "$app"
}

# Two seconds of work at a time: 16 copies of 4 MiB, 32 MiB a second.
test_work_in_flight() {
	start_app CUDA_SIM_COPY_MBPS=32 "$inflight" --mib 4 --depth 16 --interval 0
	await 'there is work' more_than 0

	expect 'lock gives up at its timeout' 1 '' \
		"Could not lock on process ID $app: \"device not ready\"" \
		--action lock --pid "$app" --timeout 100
	is running
	expect 'toggle gives up at its timeout' 1 '' \
		"Error toggling CUDA in process ID $app: \"device not ready\"" \
		--toggle --pid "$app" --timeout 50
	is running
	does lock
	is locked
	does unlock
	is running
	stop "$app"
}

test_persistence_off() {
	start_app "$counter"
	does lock
	does checkpoint

	begin=$(now_ms)
	CUDA_SIM_PERSISTENCE=off CUDA_SIM_INIT_MS=1000
	export CUDA_SIM_PERSISTENCE CUDA_SIM_INIT_MS
	is checkpointed
	early=$(($(now_ms) - begin))
	does restore
	does unlock
	taken=$(($(now_ms) - begin))
	unset CUDA_SIM_PERSISTENCE CUDA_SIM_INIT_MS

	if [ "$early" -lt 1000 ] && [ "$taken" -ge 1000 ] && [ "$taken" -lt 2000 ]; then
		pass 'persistence mode off: one cuInit, for the restore'
	else
		fail 'persistence mode off: one cuInit, for the restore' \
			"get-state $early ms, all $taken ms"
	fi
	is running
	stop "$app"
}

# --- device map -------------------------------------------------------------
test_device_map() {
	first=$(sed -n '1s/ .*//p' "$tmp/gpus")
	second=$(sed -n '2s/ .*//p' "$tmp/gpus")
	map="$first=$second,${second#GPU-}=${first#GPU-}"
	start_app "$counter"
	does lock
	does checkpoint

	expect 'a malformed device map: the pair is named' 1 '' \
		"cuda-checkpoint: invalid pair \"$second\" in the device map: it must be OLD=NEW, two UUIDs of GPUs" \
		--action restore --pid "$app" --device-map "$first=$second,$second"
	expect 'a device map is not for a toggle' 1 '' \
		'cuda-checkpoint: --device-map is only for --action restore' \
		--toggle --pid "$app" --device-map "$map"
	CUDA_SIM_DRIVER_VERSION=12080
	export CUDA_SIM_DRIVER_VERSION
	expect 'a device map needs driver r580' 1 '' \
		'cuda-checkpoint: this NVIDIA driver (CUDA 12.8) has no --device-map: driver r580 (CUDA 13.0) or newer is needed' \
		--action restore --pid "$app" --device-map "$map"
	unset CUDA_SIM_DRIVER_VERSION
	expect 'a device map must name every GPU' 1 '' \
		"Could not restore on process ID $app: \"invalid argument\"" \
		--action restore --pid "$app" --device-map "$first=$second"
	is checkpointed
	expect 'restore on the other GPU' 0 '' '' \
		--action restore --pid "$app" -d "$map"
	does unlock
	is running
	"$sim/gpu-sim" --socket "$tmp/gpu" --list >"$tmp/gpus.after"
	same 'the process has left the first GPU' 0 "$(mib_used "$first")"
	same 'the process is on the second GPU' 64 "$(mib_used "$second")"
	stop "$app"
}

mib_used() { # UUID
	awk -v uuid="$1" '$1 == uuid { print $2 }' "$tmp/gpus.after"
}

# --- the driver's library ---------------------------------------------------
test_library() {
	no_driver='cuda-checkpoint: cannot load libcuda.so.1, the NVIDIA driver is needed:'
	if ldconfig -p 2>/dev/null | grep -q 'libcuda\.so\.1 '; then
		skip 'without libcuda: one line, exit 1' 'this machine has an NVIDIA driver'
	else
		library=$tmp/none
		expect 'without libcuda: one line, exit 1' 1 '' \
			"$no_driver libcuda.so.1: cannot open shared object file: No such file or directory" \
			--get-state --pid 1
	fi
	mkdir "$tmp/broken"
	echo rubbish >"$tmp/broken/libcuda.so.1"
	library=$tmp/broken
	expect 'with a broken libcuda: one line, exit 1' 1 '' \
		"$no_driver $tmp/broken/libcuda.so.1: file too short" --get-state --pid 1
	library=$sim/old
	expect 'an old driver: one line, exit 1' 1 '' \
		'cuda-checkpoint: this NVIDIA driver (CUDA 12.4) has no checkpoint functions: driver r570 (CUDA 12.8) or newer is needed' \
		--toggle --pid 1
	library=$sim
	same 'the utility links no libcuda and no NVML' '' \
		"$(ldd "$utility" | grep -o -e 'libcuda[^ ]*' -e 'libnvidia[^ ]*')"
}

# --- NVML, for get-memory ------------------------------------------------------
nvml_says() { # VALUE NAME STATUS STDOUT STDERR ARGUMENTS...
	CUDA_SIM_NVML=$1
	export CUDA_SIM_NVML
	shift
	expect "$@"
	unset CUDA_SIM_NVML
}

# Counters of 64 MiB and the page that their count is in, on the first GPU.
test_get_memory() {
	start_app "$counter" --mib 8
	small=$app
	start_app "$counter"

	expect 'get-memory: a line for each pid, in order' 0 \
		"$app 67112960
$small 8392704
$$ unknown" '' --get-memory --pid "$app" -p "$small" --pid $$
	does lock
	expect 'get-memory: a locked process holds it still' 0 "$app 67112960" '' \
		--get-memory --pid "$app"
	does checkpoint
	expect 'get-memory: a checkpointed one holds none' 0 "$app unknown" '' \
		--get-memory --pid "$app"
	does restore
	does unlock
	nvml_says bytes=75161927680 'get-memory: 70 GiB' 0 "$app 75161927680" '' \
		--get-memory --pid "$app"
	nvml_says unknown 'get-memory: NVML does not know' 0 "$app unknown" '' \
		--get-memory --pid "$app"
	nvml_says fail=4 'get-memory: NVML fails, exit 1' 1 '' \
		'cuda-checkpoint: NVML cannot start: "Insufficient Permissions"' \
		--get-memory --pid "$app"
	stop "$small"
	stop "$app"
}

test_nvml_library() {
	no_nvml='cuda-checkpoint: cannot load libnvidia-ml.so.1, the NVIDIA driver with NVML is needed:'
	if ldconfig -p 2>/dev/null | grep -q 'libnvidia-ml\.so\.1 '; then
		skip 'without NVML: one line, exit 1' 'this machine has NVML'
	else
		library=$tmp/none
		expect 'without NVML: one line, exit 1' 1 '' \
			"$no_nvml libnvidia-ml.so.1: cannot open shared object file: No such file or directory" \
			--get-memory --pid 1
	fi
	mkdir "$tmp/old-nvml"
	cp "$sim/old/libcuda.so.1" "$tmp/old-nvml/libnvidia-ml.so.1"
	library=$tmp/old-nvml
	expect 'an old NVML: one line, exit 1' 1 '' \
		"cuda-checkpoint: this NVIDIA driver's NVML does not list processes: driver r510 or newer is needed" \
		--get-memory --pid 1
	library=$sim
}

# --- where the answer goes ----------------------------------------------------
test_output() {
	run --get-state --pid "$app" >/dev/full 2>"$tmp/err"
	same 'an answer that cannot be written: exit 1' \
		'1|cuda-checkpoint: cannot write the answer: No space left on device' \
		"$?|$(cat "$tmp/err")"
	run --get-state --pid "$app" >&- 2>"$tmp/err"
	same 'stdout is closed: exit 1' \
		'1|cuda-checkpoint: cannot write the answer: Bad file descriptor' \
		"$?|$(cat "$tmp/err")"
	run --help >/dev/full 2>/dev/null
	same 'help that cannot be written: exit 1' 1 $?
	run --toggle --pid "$app" <&- >&- 2>&-
	same 'all three are closed: what prints nothing works' 0 $?
	run --toggle --pid "$app" <&- >&- 2>&-
	same 'all three are closed: it works both ways' 0 $?
	is running
}

# --- time ---------------------------------------------------------------------
time_runs() { # COMMAND...: twenty runs, in microseconds, shortest first
	for _ in $(seq 20); do
		begin=$(date +%s%N)
		"$@" >/dev/null
		echo $((($(date +%s%N) - begin) / 1000))
	done | sort -n
}

test_time() {
	LD_LIBRARY_PATH=$sim CUDA_SIM_SOCKET=$tmp/gpu CUDA_SIM_INIT_MS=2000
	export LD_LIBRARY_PATH CUDA_SIM_SOCKET CUDA_SIM_INIT_MS
	time_runs "$utility" --get-state --pid "$app" >"$tmp/times"
	unset LD_LIBRARY_PATH CUDA_SIM_SOCKET CUDA_SIM_INIT_MS
	least=$(sed -n 1p "$tmp/times")
	echo "# get-state: median $(sed -n 10p "$tmp/times") us, least $least us," \
		"/bin/true alike: $(time_runs /bin/true | sed -n 10p) us"

	if grep -q -e __asan_init -e __ubsan_handle "$utility"; then
		skip 'get-state takes at most 5 ms' 'built with sanitizers'
	else
		at_most 'get-state takes at most 5 ms' "$least" 5000
	fi
	at_most 'get-state initialises nothing' "$(sed -n 10p "$tmp/times")" 1000000
}

start_gpu
start_app "$counter"
test_command_line
test_not_cuda
test_ladder
test_restore_thread
test_toggle
test_output
test_time
test_library
test_nvml_library
test_goes_on
stop "$app"
test_refusals
test_failed_unlock
test_get_memory
test_work_in_flight
test_persistence_off
test_device_map
finish
