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

# --- several pids ---------------------------------------------------------------
# Three programs, $one $two $three, on which a checkpoint takes a second.
start_three() { # [VARIABLE=VALUE]...: for the third alone
	start_app CUDA_SIM_CHECKPOINT=delay=1000 "$counter" --mib 8
	one=$app
	start_app CUDA_SIM_CHECKPOINT=delay=1000 "$counter" --mib 8
	two=$app
	start_app CUDA_SIM_CHECKPOINT=delay=1000 "$@" "$counter" --mib 8
	three=$app
}

stop_three() {
	for pid in "$one" "$two" "$three"; do
		stop "$pid"
	done
}

# The same for all: lines come in any order, and the milliseconds are ours to know.
expect_all() { # NAME STATUS STDOUT STDERR ARGUMENTS...: where STDOUT has MS for a time
	name=$1 wanted="$2|$(echo "$3" | sort)|$4"
	shift 4
	run "$@" >"$tmp/out" 2>"$tmp/err"
	same "$name" "$wanted" "$?|$(out_of_all)|$(cat "$tmp/err")"
}

out_of_all() {
	sed 's/ ok [0-9][0-9]*/ ok MS/' "$tmp/out" | sort
}

all_ok() { # PID...
	for pid; do
		echo "$pid ok MS"
	done
}

each_is() { # STATE PID...
	state=$1
	shift
	lines=$(for pid; do echo "$pid $state"; done)
	options=$(printf -- ' --pid %s' "$@")
	# shellcheck disable=SC2086  # words
	expect_all "all are $state" 0 "$lines" '' --get-state $options
}

test_several() {
	start_three
	initialisation='"initialization error"'
	os_error='"OS call failed or operation not supported on this OS"'
	present_state='"the operation cannot be performed in the present state"'
	no_pid=2147483647

	each_is running "$two" "$one" "$three"
	expect_all 'get-state: failures among successes' 1 \
		"$$ error 3 $initialisation
$two running
$no_pid error 304 $os_error
$one running" '' --get-state -p $$ -p "$two" --pid "$no_pid" --pid="$one"
	expect_all 'get-restore-tid of several' 1 \
		"$two $(run --get-restore-tid --pid "$two")
$$ error 3 $initialisation
$one $(run --get-restore-tid --pid "$one")" '' \
		--get-restore-tid -p "$two" -p $$ -p "$one"

	expect_all 'lock several, with a timeout' 0 "$(all_ok "$one" "$two")" '' \
		--action lock -p "$one" -p "$two" --timeout 1000
	expect_all 'lock several, of which two are locked' 1 \
		"$one error 401 $present_state
$two error 401 $present_state
$three ok MS" '' --action lock -p "$one" -p "$two" -p "$three"
	each_is locked "$one" "$two" "$three"

	run --get-memory -p "$one" -p "$two" >"$tmp/memory"
	same 'get-memory answers as it did' "$one 8392704 $two 8392704" \
		"$(paste -s -d ' ' "$tmp/memory")"
	stop_three
}

# The third says what one takes here and now.
test_several_at_once() {
	start_three
	run --action lock -p "$one" -p "$two" -p "$three" >/dev/null

	begin=$(now_ms)
	run --action checkpoint -p "$three"
	single=$(($(now_ms) - begin))
	begin=$(now_ms)
	run --action checkpoint -p "$one" -p "$two" >"$tmp/checkpointed"
	same 'checkpoint of several succeeds' 0 $?
	several=$(($(now_ms) - begin))
	each_is checkpointed "$one" "$two" "$three"
	same 'one takes a second, or there would be nothing to compare' yes \
		"$([ "$single" -ge 1000 ] && echo yes)"
	at_most 'a checkpoint of several takes the time of one' \
		$((several * 100 / single)) 150
	same 'the time of each is told' '2' \
		"$(awk '$2 == "ok" && $3 >= 1000 && $3 <= '$((several + 1)) "$tmp/checkpointed" |
			wc -l | tr -d ' ')"

	expect_all 'restore several' 0 "$(all_ok "$one" "$three" "$two")" '' \
		--action restore -p "$one" -p "$three" -p "$two"
	expect_all 'unlock several' 0 "$(all_ok "$one" "$three" "$two")" '' \
		--action unlock -p "$one" -p "$three" -p "$two"
	each_is running "$one" "$two" "$three"
	stop_three
}

# --timeout and --device-map are for each of them.
test_several_with_options() {
	start_app CUDA_SIM_COPY_MBPS=32 "$inflight" --mib 4 --depth 16 --interval 0
	busy=$app
	start_app "$counter"
	await 'there is work' more_than 0
	expect_all 'the timeout is for each' 1 \
		"$busy error 600 \"device not ready\"
$app ok MS" '' --action lock -p "$busy" -p "$app" -t 100
	stop "$busy"
	stop "$app"

	first=$(sed -n '1s/ .*//p' "$tmp/gpus")
	second=$(sed -n '2s/ .*//p' "$tmp/gpus")
	start_three
	run --action lock -p "$one" -p "$two" >/dev/null
	run --action checkpoint -p "$one" -p "$two" >/dev/null
	CUDA_SIM_DRIVER_VERSION=12080
	export CUDA_SIM_DRIVER_VERSION
	expect_all 'a device map that the driver has not is told for each' 1 \
		"$(for pid in "$two" "$one"; do
			echo "$pid error 0 \"this NVIDIA driver (CUDA 12.8) has no --device-map: driver r580 (CUDA 13.0) or newer is needed\""
		done)" '' \
		--action restore -p "$two" -p "$one" -d "$first=$second,$second=$first"
	unset CUDA_SIM_DRIVER_VERSION
	expect_all 'the device map is for each' 0 "$(all_ok "$two" "$one")" '' \
		--action restore -p "$two" -p "$one" -d "$first=$second,$second=$first"
	stop_three
}

test_several_refused() {
	expect 'toggle takes one pid' 1 '' 'cuda-checkpoint: --toggle takes only one --pid' \
		--toggle -p 1 -p 2
	expect 'no pid may be given twice' 1 '' 'cuda-checkpoint: --pid 1 is given twice' \
		--get-state -p 1 -p 2 -p 1
	library=$sim/old
	expect_all 'an old driver is told for each, on stdout' 1 \
		"$(for pid in 2 1; do
			echo "$pid error 0 \"this NVIDIA driver (CUDA 12.4) has no checkpoint functions: driver r570 (CUDA 12.8) or newer is needed\""
		done)" '' --get-state -p 2 -p 1
	library=$sim
	run --get-state -p 1 -p 2 >/dev/full 2>"$tmp/err"
	same 'answers that cannot be written: exit 1' \
		'1|cuda-checkpoint: cannot write the answer: No space left on device' \
		"$?|$(cat "$tmp/err")"
	same 'the help promises several, word for word' 1 \
		"$(run --help | grep -c '^    Several --pid: all at once\.$')"
}

# One of them dies in the middle: the others are none the worse.
test_several_and_killed() {
	start_three CUDA_SIM_CHECKPOINT=hang
	run --action lock -p "$one" -p "$two" -p "$three" >/dev/null

	run --action checkpoint -p "$three" -p "$one" -p "$two" >"$tmp/out" 2>"$tmp/err" &
	utility_pid=$!
	sleep 0.3
	kill -KILL "$three"
	wait "$utility_pid"
	status=$?
	same 'a process is killed meanwhile' \
		"1|$({ echo "$three error 304 $os_error" && all_ok "$one" "$two"; } | sort)|" \
		"$status|$(out_of_all)|$(cat "$tmp/err")"
	each_is checkpointed "$one" "$two"
	stop_three
}

# Who ends the utility ends all of it; the driver finishes what it has begun.
test_several_and_terminated() {
	start_three CUDA_SIM_CHECKPOINT=hang
	run --action lock -p "$one" -p "$two" -p "$three" >/dev/null
	LD_LIBRARY_PATH=$sim CUDA_SIM_SOCKET=$tmp/gpu "$utility" --action checkpoint \
		-p "$three" -p "$one" >"$tmp/out" 2>"$tmp/err" &
	utility_pid=$!
	await 'each has a worker' has_workers "$utility_pid" 2
	workers=$(workers_of "$utility_pid")

	await 'the line of one is there, though the one before it hangs' \
		grep -q "^$one ok" "$tmp/out"
	kill -TERM "$utility_pid"
	wait "$utility_pid" 2>/dev/null
	same 'SIGTERM ends the utility' 143 $?
	await 'no worker is left' are_gone "$workers"
	same 'nothing more is said' "$one ok|" \
		"$(cut -d ' ' -f 1,2 "$tmp/out")|$(cat "$tmp/err")"
	stop_three
}

# Who ran it has died, and reads no lines: those at work are worked on to the end.
test_several_and_nobody_reads() {
	start_app "$counter" --mib 8
	one=$app
	start_app CUDA_SIM_CHECKPOINT=delay=600 "$counter" --mib 8
	two=$app
	run --action lock -p "$one" -p "$two" >/dev/null

	before=$(now_ms)
	{
		run --action checkpoint -p "$one" -p "$two" 2>"$tmp/err"
		echo $? >"$tmp/status"
	} | true
	same 'nobody reads: it ends by itself, and says that it could not write' 		'1|cuda-checkpoint: cannot write the answer: Broken pipe' 		"$(cat "$tmp/status")|$(cat "$tmp/err")"
	same 'nobody reads: the last is waited for' yes 		"$([ $(($(now_ms) - before)) -ge 600 ] && echo yes)"
	each_is checkpointed "$one" "$two"
	stop "$one"
	stop "$two"
}

# Who looks on sees in the names of processes on what they are at work.
test_several_and_their_names() {
	start_app CUDA_SIM_CHECKPOINT=hang "$counter" --mib 8
	one=$app
	start_app CUDA_SIM_CHECKPOINT=hang "$counter" --mib 8
	two=$app
	run --action lock -p "$one" -p "$two" >/dev/null

	LD_LIBRARY_PATH=$sim CUDA_SIM_SOCKET=$tmp/gpu "$utility" --action checkpoint \
		-p "$one" -p "$two" >"$tmp/out" 2>"$tmp/err" &
	utility_pid=$!
	await 'who has started all works on none' is_called cuda-cp- "$utility_pid"
	for pid in "$one" "$two"; do
		await 'a worker is called after its pid' \
			has_worker_called "cuda-cp-$pid" "$utility_pid"
	done
	stop "$utility_pid"

	LD_LIBRARY_PATH=$sim CUDA_SIM_SOCKET=$tmp/gpu "$utility" --action checkpoint \
		-p "$one" >"$tmp/out" 2>"$tmp/err" &
	utility_pid=$!
	await 'with one pid it loads the driver' \
		grep -q 'libcuda\.so\.1$' "/proc/$utility_pid/maps"
	same 'with one pid it keeps its name' cuda-checkpoint \
		"$(cat "/proc/$utility_pid/comm")"
	stop "$utility_pid"
	stop "$one"
	stop "$two"
}

is_called() { # NAME PID
	grep -qsx "$1" "/proc/$2/comm"
}

has_worker_called() { # NAME PID
	for worker in $(workers_of "$2"); do
		! is_called "$1" "$worker" || return 0
	done
	return 1
}

workers_of() { # PID
	cat "/proc/$1/task/$1/children"
}

has_workers() { # PID COUNT
	[ "$(workers_of "$1" | wc -w)" -eq "$2" ]
}

are_gone() { # "PID PID..."
	for worker in $1; do
		! grep -qs '^State:[[:space:]]*[^Z[:space:]]' "/proc/$worker/status" || return 1
	done
}

# As many as can be had in time of processes that are slow to start.
test_very_many() {
	count=1000
	is_sanitized && count=200
	seq 2147000001 $((2147000000 + count)) >"$tmp/many"
	begin=$(now_ms)
	# shellcheck disable=SC2046  # words
	run --get-state --pid "$app" $(sed 's/^/-p /' "$tmp/many") >"$tmp/out"
	same 'very many pids: failures' 1 $?
	echo "# $count pids and one: $(($(now_ms) - begin)) ms"
	same 'very many pids: a line for each' \
		"$({ echo "$app running" && sed "s/\$/ error 304 $os_error/" "$tmp/many"; } |
			sort | cksum)" "$(sort "$tmp/out" | cksum)"
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
is_sanitized() {
	grep -q -e __asan_init -e __ubsan_handle "$utility"
}

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

	if is_sanitized; then
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
test_several_refused
test_very_many
stop "$app"
test_several
test_several_at_once
test_several_with_options
test_several_and_killed
test_several_and_terminated
test_several_and_nobody_reads
test_several_and_their_names
test_refusals
test_failed_unlock
test_get_memory
test_work_in_flight
test_persistence_off
test_device_map
finish
