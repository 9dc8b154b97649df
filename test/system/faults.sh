# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-only
# What goes wrong in a dump or a restore, and that nothing is lost by it. As scenarios.sh;
# needs it.

# start_ranks: a job that looks like one of PyTorch with NCCL.
start_ranks() {
	mkdir -p "$WORK/ranks"
	app_start ranks --ranks 2 --dir "$WORK/ranks"
	for file in "$WORK"/ranks/rank-*; do
		app_counts "$file" 3 || fail "$file does not count"
	done
}

ranks_go_on() {
	for file in "$WORK"/ranks/rank-*; do
		app_goes_on "$file"
	done
	app_stop
}

# What the driver would destroy is refused, and what the user insists on is not.
ranks_are_refused() {
	start_ranks

	! criu_dump "$APP" --leave-running || fail "the dump succeeded"

	criu_said dump.log "NCCL shares GPU memory with other processes"
	! grep -q "locked in" "$IMAGES/dump.log" || fail "a rank was locked"
	PLUGIN_OPTIONS=$PLUGIN_OPTIONS,shared-memory=warn
	criu_dump "$APP" --leave-running || fail "the dump that was insisted on failed"
	criu_said dump.log "going on all the same"
	ranks_go_on
}

ranks_that_do_not_share() {
	export NCCL_P2P_DISABLE=1 NCCL_SHM_DISABLE=1
	start_ranks

	criu_dump "$APP" || fail "the dump failed"

	criu_dumped_is_gone || fail "the program is still there after the dump"
	criu_restore || fail "the restore failed"
	ranks_go_on
}

# The GPU memory is said to be more than the machine has.
sim_no_room_in_host_memory() {
	export CUDA_SIM_NVML=bytes=99999999999999
	app_start counter --mib 16

	! criu_dump "$APP" || fail "the dump succeeded"

	criu_said dump.log "needs 93132.3 GiB of host memory"
	! grep -q "locked in" "$IMAGES/dump.log" || fail "it was locked"
	PLUGIN_OPTIONS=$PLUGIN_OPTIONS,memory-check=off
	criu_dump "$APP" --leave-running || fail "the dump that was insisted on failed"
	app_goes_on "$OUT"
	app_stop
}

# A CRIU that is killed while it has its own code in a program can take the program with it:
# by SIGTRAP or SIGSEGV, as without a plugin, or by SIGPIPE, from that code's socket to CRIU.
# No image and another end is our fault.
criu_died_in_the_program() {
	case $1 in
	133 | 139 | 141) skip "CRIU was killed while the program ran CRIU's code, and so ended it" ;;
	*) fail "the program has ended ($1), and its image cannot be restored" ;;
	esac
}

# It may not be reaped yet.
app_has_ended() {
	! grep -qs '^State:.[^ZX]' "/proc/$APP/status"
}

# After CRIU was killed in a dump the program is where it was found, or, killed by CRIU
# already, in a whole image; and nothing of ours is left.
goes_on_without_criu() {
	until_true 30 guardian_is_gone || fail "the guardian is still there"
	if app_has_ended; then
		app_status=0
		wait "$APP" || app_status=$?
		criu_dumped_is_gone || fail "the program is still there"
		criu_restore || criu_died_in_the_program "$app_status"
	fi
	app_counts "$OUT" $(($(app_count "$OUT") + 3)) ||
		fail "it does not go on: $(cuda_state "$APP" 2>&1) $(cat "$IMAGES/cuda-plugin-guardian.log")"
	state_is "$APP" running
	app_goes_on "$OUT"
	app_stop
}

# criu_killed_after MS MIB [OPTION...]: CRIU is killed so long after its start.
criu_killed_after() {
	ms=$1
	export CUDA_SIM_LOCK=delay=150@1 CUDA_SIM_CHECKPOINT=delay=150@1
	app_start counter --mib "$2" --interval 50
	shift 2
	criu_dump_in_background "$APP" "$@"
	sleep "$(awk "BEGIN { print $ms / 1000 }")"
	kill -KILL "$CRIU_PID" 2>/dev/null || :
	wait "$CRIU_PID" || :
	goes_on_without_criu
}

# sim_criu_killed_in_restore OPERATION: all but the GPU is restored: the guardian does the
# rest, and the program runs.
sim_criu_killed_in_restore() {
	sim_at "$1" delay=700@1
	app_start counter --mib 16
	criu_dump "$APP" || fail "the dump failed"
	criu_dumped_is_gone || fail "the program is still there after the dump"

	criu_restore_in_background
	until_true 5 utility_at_work "$1" || fail "there is no $1"
	kill -KILL "$CRIU_PID"
	wait "$CRIU_PID" || :

	guardian_has_paid
	state_is "$APP" running
	app_goes_on "$OUT"
	app_stop
}

# The same for one that was found locked: it is so again.
criu_killed_and_found_locked() {
	export CUDA_SIM_CHECKPOINT=delay=300@1
	app_start counter --mib 16
	cuda_action lock "$APP"
	criu_dump_in_background "$APP"
	until_true 5 test -s "$IMAGES/dump.log" || fail "CRIU did not start"
	sleep 0.2
	kill -KILL "$CRIU_PID"
	wait "$CRIU_PID" || :

	until_true 5 guardian_is_gone || fail "the guardian is still there"
	state_is "$APP" locked
	cuda_action unlock "$APP"
	app_goes_on "$OUT"
	app_stop
}

# Run in the background, a dump that the checkpoint of the program holds up: what happens
# now happens in the middle of it.
dump_up_to_checkpoint() {
	criu_dump_in_background "$APP" "$@"
	until_true 5 utility_at_work checkpoint || fail "there is no checkpoint"
	sleep 0.2
}

# utility_at_work OPERATION [PID]: one is; UTILITY is its pid.
utility_at_work() {
	for comm in /proc/[0-9]*/comm; do
		grep -qsx -e cuda-checkpoint -e cuda-cp- "$comm" || continue
		UTILITY=${comm%/comm}
		UTILITY=${UTILITY#/proc/}
		tr '\0' ' ' 2>/dev/null <"/proc/$UTILITY/cmdline" |
			grep -q -- "--action $1 .*--pid ${2:-$APP} " && return
	done
	return 1
}

# It may be a zombie.
criu_has_ended() {
	! grep -qs '^State:.[^Z]' "/proc/$CRIU_PID/status"
}

# criu_ends SECONDS: it does; CRIU_STATUS is how.
criu_ends() {
	until_true "$1" criu_has_ended || {
		kill -KILL "$CRIU_PID"
		return 1
	}
	CRIU_STATUS=0
	wait "$CRIU_PID" || CRIU_STATUS=$?
}

# sim_signal_during_checkpoint SIGNAL: whether CRIU takes the image or not, it ends, and
# the program goes on.
sim_signal_during_checkpoint() {
	export CUDA_SIM_CHECKPOINT=delay=1000@1
	trap '' TRAP # of which the program would die, dump or not
	app_start counter --mib 16
	trap - TRAP

	dump_up_to_checkpoint --leave-running
	kill -"$1" "$APP"
	criu_ends 10 || fail "CRIU hangs"

	[ "$1" != STOP ] || app_stands_still "$OUT"
	kill -CONT "$APP"
	state_is "$APP" running
	app_goes_on "$OUT"
	until_true 5 guardian_is_gone || fail "the guardian is still there"
	app_stop
}

# The program is killed in the middle of a checkpoint that never ends: there is nobody to
# wait for.
sim_killed_during_checkpoint() {
	export CUDA_SIM_CHECKPOINT=hang
	app_start counter --mib 16

	dump_up_to_checkpoint
	kill -KILL "$APP"
	criu_ends 5 || fail "CRIU hangs"

	[ "$CRIU_STATUS" -ne 0 ] || fail "the dump succeeded"
	app_gone "$APP" || fail "the program is still there"
	! utility_at_work checkpoint || fail "the utility is still there"
	until_true 5 guardian_is_gone || fail "the guardian is still there"
}

# sim_at OPERATION WHAT: what is to go wrong in it.
sim_at() {
	export "CUDA_SIM_$(echo "$1" | tr '[:lower:]' '[:upper:]')=$2"
}

# guardian_has_paid: it has ended, and says what it did.
guardian_has_paid() {
	until_true 10 guardian_is_gone || fail "the guardian is still there"
	grep -q "pid $APP: CRIU did not bring it back; done now" \
		"$IMAGES/cuda-plugin-guardian.log" || fail "the guardian does not say what it did"
}

# The driver takes longer than the user will wait: CRIU ends, and the process is brought
# back when the driver has finished.
sim_checkpoint_overdue() {
	export CUDA_SIM_CHECKPOINT=delay=3000@1
	app_start counter --mib 16
	PLUGIN_OPTIONS=$PLUGIN_OPTIONS,operation-timeout=0.5

	criu_dump_in_background "$APP"
	criu_ends 2 || fail "CRIU waits for ever"

	[ "$CRIU_STATUS" -ne 0 ] || fail "the dump succeeded"
	criu_said dump.log "pid $APP: the driver takes longer than the option operation-timeout allows"
	criu_said dump.log "pid $APP: the utility is still at work on it: left to the guardian"
	utility_at_work checkpoint || fail "the utility was not left at work"
	guardian_has_paid
	state_is "$APP" running
	app_goes_on "$OUT"
	app_stop
}

sim_restore_overdue() {
	export CUDA_SIM_RESTORE=hang@1
	app_start counter --mib 16
	criu_dump "$APP" || fail "the dump failed"
	criu_dumped_is_gone || fail "the program is still there after the dump"

	! PLUGIN_OPTIONS=$PLUGIN_OPTIONS,operation-timeout=0.5 criu_restore ||
		fail "the restore succeeded"

	criu_said restore.log "pid $APP: the driver takes longer than the option operation-timeout allows"
	until_true 5 test ! -d "/proc/$APP" || fail "the program is there after a failed restore"
	! utility_at_work restore || fail "the utility is still there"
}

# sim_utility_killed_at OPERATION: in the middle of it, in a dump that leaves the program
# alive. The driver finishes what it began.
sim_utility_killed_at() {
	sim_at "$1" delay=700@1
	app_start counter --mib 16
	criu_dump_in_background "$APP" --leave-running
	until_true 5 utility_at_work "$1" || fail "there is no $1"
	sleep 0.1

	kill -KILL "$UTILITY"
	criu_ends 10 || fail "CRIU hangs"

	until_true 10 guardian_is_gone || fail "the guardian is still there"
	state_is "$APP" running
	app_goes_on "$OUT"
	app_stop
}

# The same in a restore: it fails, and can be done again.
sim_utility_killed_in_restore() {
	sim_at "$1" delay=700@1
	app_start counter --mib 16
	criu_dump "$APP" || fail "the dump failed"
	criu_dumped_is_gone || fail "the program is still there after the dump"

	criu_restore_in_background
	until_true 5 utility_at_work "$1" || fail "there is no $1"
	kill -KILL "$UTILITY"
	criu_ends 10 || fail "CRIU hangs"

	[ "$CRIU_STATUS" -ne 0 ] || fail "the restore succeeded"
	until_true 5 test ! -d "/proc/$APP" || fail "the program is there after a failed restore"
	criu_restore || fail "the second restore failed"
	app_goes_on "$OUT"
	app_stop
}

# sim_dies_at OPERATION: the process ends in the middle of it.
sim_dies_at() {
	sim_at "$1" delay=200@1,die@1
	app_start counter --mib 16

	criu_dump_in_background "$APP" --leave-running
	criu_ends 10 || fail "CRIU hangs"

	app_gone "$APP" || fail "the program is still there"
	! utility_at_work "$1" || fail "the utility is still there"
	until_true 5 guardian_is_gone || fail "the guardian is still there"
}

# cuda_child N: the process that writes to cuda-N.
cuda_child() {
	app_child "$WORK/tree/cuda-$1"
}

# sim_tree_member_killed root|at-work|other: one of a tree is killed while its first CUDA
# process is checkpointed. The others go on.
sim_tree_member_killed() {
	export CUDA_SIM_CHECKPOINT=delay=700@1
	mkdir -p "$WORK/tree"
	app_start tree --cuda 2 --plain 1 --bereaved 1 --dir "$WORK/tree"
	for file in "$WORK"/tree/*; do
		app_counts "$file" 3 || fail "$file does not count"
	done
	at_work=$(cuda_child 0) other=$(cuda_child 1)
	criu_dump_in_background "$APP" --leave-running
	until_true 5 utility_at_work checkpoint "$at_work" || fail "there is no checkpoint"

	case $1 in
	root) victim=$APP ;;
	at-work) victim=$at_work ;;
	other) victim=$other ;;
	esac
	kill -KILL "$victim"
	criu_ends 10 || fail "CRIU hangs"

	until_true 10 guardian_is_gone || fail "the guardian is still there"
	app_goes_on "$WORK/tree/plain-0"
	[ "$1" = at-work ] || app_goes_on "$WORK/tree/cuda-0"
	[ "$1" = other ] || app_goes_on "$WORK/tree/cuda-1"
	[ "$1" = root ] || app_goes_on "$OUT"
	kill -KILL "-$APP"
}

# scenarios_of_faults VERSION
scenarios_of_faults() {
	tap_scenario "CRIU $1: ranks that share GPU memory are refused" ranks_are_refused
	tap_scenario "CRIU $1: ranks that do not share it are not" ranks_that_do_not_share
	tap_scenario "CRIU $1: no room in host memory" sim_no_room_in_host_memory
	for ms in 50 150 250 350 450; do
		tap_scenario "CRIU $1: CRIU is killed after $ms ms" criu_killed_after $ms 64
	done
	tap_scenario "CRIU $1: CRIU is killed, found locked" criu_killed_and_found_locked
	tap_scenario "CRIU $1: work in flight outlasts the timeout" sim_busy
	for signal in STOP CONT TRAP; do
		tap_scenario "CRIU $1: SIG$signal during a checkpoint" sim_signal_during_checkpoint $signal
	done
	tap_scenario "CRIU $1: killed during a checkpoint that hangs" sim_killed_during_checkpoint
	tap_scenario "CRIU $1: a checkpoint takes longer than it may" sim_checkpoint_overdue
	tap_scenario "CRIU $1: a restore takes longer than it may" sim_restore_overdue
	for operation in lock checkpoint restore unlock; do
		tap_scenario "CRIU $1: the utility is killed in $operation" \
			sim_utility_killed_at $operation
	done
	for operation in restore unlock; do
		tap_scenario "CRIU $1: the utility is killed in $operation of a restore" \
			sim_utility_killed_in_restore $operation
	done
	for operation in restore unlock; do
		tap_scenario "CRIU $1: CRIU is killed in $operation of a restore" \
			sim_criu_killed_in_restore $operation
	done
	for operation in lock checkpoint restore unlock; do
		tap_scenario "CRIU $1: the process dies in $operation" sim_dies_at $operation
	done
	for victim in root at-work other; do
		tap_scenario "CRIU $1: killed in a tree: $victim" sim_tree_member_killed $victim
	done
}

# scenarios_of_killed_criu VERSION: fifty moments of a dump.
scenarios_of_killed_criu() {
	ms=5
	while [ "$ms" -le 600 ]; do
		tap_scenario "CRIU $1: CRIU is killed after $ms ms" criu_killed_after $ms 64
		ms=$((ms + 12))
	done
}
