# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-only
# Trees in which the CUDA processes need each other, or not all fare alike, on the simulated
# GPU. As scenarios.sh; needs it and faults.sh.

# family_start: one tree of the programs whose list is on stdin (test/system/family). NAME
# counts in the file $WORK/family/NAME.
family_start() {
	rm -rf "$WORK/family"
	mkdir -p "$WORK/family"
	cat >"$WORK/family.list"
	while read -r name _; do
		: >"$WORK/family/$name"
	done <"$WORK/family.list"
	ERR=$WORK/family.err
	setsid "${top:?}/test/system/family" "$WORK/family" "$WORK/family.list" </dev/null \
		>"$WORK/family.out" 2>"$ERR" &
	APP=$!
	echo "$APP" >>"$WORK/apps"
	while read -r name _; do
		app_counts "$WORK/family/$name" 1 || fail "$name did not start: $(cat "$ERR")"
	done <"$WORK/family.list"
}

# ranks_start RANKS SYNC: a collective, SYNC being 0 for a tight loop, 1 for one as in training.
ranks_start() {
	rm -rf "$WORK/family"
	mkdir -p "$WORK/family"
	app_start collective --ranks "$1" --sync "$2" --dir "$WORK/family"
	for file in "$WORK"/family/*; do
		app_counts "$file" 3 || fail "$file does not count"
	done
}

# member NAME: its pid.
member() {
	app_child "$WORK/family/$1"
}

# all_go_on: each member counts, and is in the state running.
all_go_on() {
	for file in "$WORK"/family/*; do
		app_goes_on "$file"
		state_is "$(app_child "$file")" running
	done
}

killed_and_restored() {
	criu_dumped_is_gone || fail "the programs are still there after the dump"
	criu_restore || fail "the restore failed"
	all_go_on
	app_stop
}

# Else the test would show nothing: with the first rank locked the second does not end its
# work.
one_after_the_other_fails() {
	first=$(member rank-0) second=$(member rank-1)
	cuda_action lock "$first"
	sleep 0.2 # until the second waits for the first
	! refusal=$("$BUILD/cuda-checkpoint/cuda-checkpoint" --action lock --pid "$second" \
		--timeout 1000 2>&1) || fail "one after the other they can be locked"
	case $refusal in
	*'"device not ready"'*) ;;
	*) fail "the second rank is refused with: $refusal" ;;
	esac
	cuda_action unlock "$first"
}

# They keep all CPUs busy, which others may want too: there is time.
ranks_dumped() {
	ranks_start "$1" "$2"
	one_after_the_other_fails

	criu_dump "$APP" --timeout 60 || fail "the dump failed"

	killed_and_restored
}

ranks_left_running() {
	ranks_start "$1" "$2"
	one_after_the_other_fails

	criu_dump "$APP" --leave-running || fail "the dump failed"

	all_go_on
	app_stop
}

# family_of_ranks COMMAND...: two ranks of a tight loop, a program that uses CUDA for itself,
# and COMMAND, with the name "long".
family_of_ranks() {
	rank="collective --dir / --ranks 2 --sync 0 --rank"
	family_start <<-END
		rank-0 $rank 0
		rank-1 $rank 1
		alone counter --mib 8
		long $*
	END
}

# A batch takes 1.6 s, and the next comes at once: it is never ready in the short time in
# which the ranks could be.
long_work_beside_ranks() {
	family_of_ranks CUDA_SIM_COPY_MBPS=6 inflight --mib 1 --interval 0
	long=$(member long)
	! "$BUILD/cuda-checkpoint/cuda-checkpoint" --action lock --pid "$long" --timeout 50 ||
		fail "its work in flight ends soon"

	for round in 1 2 3; do
		criu_dump "$APP" --leave-running || fail "dump $round failed"
	done
	all_go_on
	criu_dump "$APP" || fail "the last dump failed"

	killed_and_restored
}

# A batch takes 4.7 s, and has just begun.
work_outlasts_the_timeout() {
	family_of_ranks CUDA_SIM_COPY_MBPS=2 inflight --mib 1 --interval 0
	long=$(member long)

	! criu_dump "$APP" --timeout 2 || fail "the dump succeeded"

	criu_said dump.log "pid $long: cannot lock"
	criu_said dump.log '"device not ready"'
	grep -q "cuda_plugin: pid $long: .*([0-9]* tries)" "$IMAGES/dump.log" ||
		fail "it does not say how many tries there were"
	for name in rank-0 rank-1 alone; do
		app_goes_on "$WORK/family/$name"
		state_is "$(member $name)" running
	done
	state_is "$long" running
	app_counts "$WORK/family/long" $(($(app_count "$WORK/family/long") + 1)) ||
		fail "what took long does not go on"
	app_stop
}

# family_of_four [VARIABLE]: each uses CUDA for itself; VARIABLE is for the second alone.
family_of_four() {
	family_start <<-END
		one counter --mib 4
		two ${1:-} counter --mib 4
		three counter --mib 4
		four counter --mib 4
	END
}

# The others are waited for, and brought back like it.
one_checkpoint_fails() {
	export CUDA_SIM_CHECKPOINT=delay=500@1
	family_of_four CUDA_SIM_CHECKPOINT=fail=801@1

	! criu_dump "$APP" || fail "the dump succeeded"

	criu_said dump.log "pid $(member two): cannot checkpoint"
	for name in one three four; do
		criu_said dump.log "pid $(member $name): checkpointed"
	done
	all_go_on
	until_true 5 guardian_is_gone || fail "the guardian is still there"
	! grep -qs "did not bring it back" "$IMAGES/cuda-plugin-guardian.log" ||
		fail "one was left to the guardian"
	criu_dump "$APP" || fail "the second dump failed"
	killed_and_restored
}

# Somebody else has taken the memory that one of them needs, and gives it back later.
one_restore_fails() {
	family_start <<-END
		one counter --mib 4
		two counter --mib 4
		large counter --mib 200
		four counter --mib 4
	END
	large=$(member large) tree=$APP
	criu_dump "$APP" || fail "the dump failed"
	criu_dumped_is_gone || fail "the programs are still there after the dump"
	app_start counter --mib 900

	! criu_restore || fail "the restore succeeded"

	criu_said restore.log "pid $large: cannot restore"
	criu_said restore.log '"out of memory"'
	until_true 5 no_member_is_left || fail "there are some after a failed restore: $(cat "$WORK/left")"
	app_stop
	APP=$tree
	criu_restore || fail "the second restore failed"
	all_go_on
	app_stop
}

# No thread of the image is there.
no_member_is_left() {
	for core in "$IMAGES"/core-*.img; do
		tid=${core##*/core-}
		! grep -Hs . "/proc/${tid%.img}/comm" || return 1
	done >"$WORK/left"
}

# few_runs CUDA ours|nvidias: the utility is slow to start where it is NVIDIA's.
few_runs() {
	runs_note "$2"
	rm -rf "$WORK/family"
	mkdir -p "$WORK/family"
	app_start tree --cuda "$1" --plain 2 --mib 4 --dir "$WORK/family"
	for file in "$WORK"/family/*; do
		app_counts "$file" 1 || fail "$file does not count"
	done

	# For each process; of ours one more in all, to see that it takes several.
	PLUGIN_OPTIONS=$PLUGIN_OPTIONS,parallel=8
	living=6 dying=4 restored=3 each=$1
	[ "$2" != ours ] || [ "$1" -eq 1 ] || living=7 dying=5 restored=4 each=1

	criu_dump "$APP" --leave-running || fail "the dump that leaves it running failed"
	runs_at_most $((living * each)) "a dump that leaves it running"
	criu_dump "$APP" || fail "the dump failed"
	runs_at_most $((dying * each)) "a dump"
	criu_dumped_is_gone || fail "the program is still there after the dump"
	criu_restore || fail "the restore failed"
	runs_at_most $((restored * each)) "a restore"

	app_stop
}

# members NAME...: their pids.
members() {
	for name; do
		member "$name"
	done
}

# slow_family [JOB]: four whose checkpoints and restores take a time. Sets ALL, their pids;
# two of them, those of PAIR, have what JOB says in their environment, those of OTHERS not.
slow_family() {
	export CUDA_SIM_CHECKPOINT=delay=200 CUDA_SIM_RESTORE=delay=200
	family_start <<-END
		one counter --mib 4
		two ${1:-} counter --mib 4
		three ${1:-} counter --mib 4
		four counter --mib 4
	END
	ALL=$(members one two three four) PAIR=$(members two three) OTHERS=$(members one four)
	runs_forget
}

# Left running, and killed and restored: all that there is to be done is done in it.
dumped_twice() {
	criu_dump "$APP" --leave-running || fail "the dump that leaves it running failed"
	criu_dump "$APP" || fail "the dump failed"
	killed_and_restored
}

# at_once_are NUMBER ACTION PIDS
at_once_are() {
	# shellcheck disable=SC2086  # numbers
	most=$(runs_at_once "$2" $3)
	[ "$most" -eq "$1" ] || {
		runs_show
		fail "$2 of $most at once, not of $1"
	}
}

# all_at_once ours|nvidias
all_at_once() {
	runs_note "$1"
	slow_family
	PLUGIN_OPTIONS=$PLUGIN_OPTIONS,parallel=8

	dumped_twice

	at_once_are 4 checkpoint "$ALL"
	at_once_are 4 restore "$ALL"
}

# only_at_once NUMBER ours|nvidias: so many may be.
only_at_once() {
	runs_note "$2"
	slow_family
	PLUGIN_OPTIONS=$PLUGIN_OPTIONS,parallel=$1

	dumped_twice

	at_once_are "$1" checkpoint "$ALL"
	at_once_are "$1" restore "$ALL"
	at_once_are "$1" unlock "$ALL"
}

# Those of a job that was started with --launch-job must go one after the other.
jobs_are_not_at_once() {
	runs_note "$1"
	slow_family CUDA_CHECKPOINT_JOB_FILE=/proc/self/fd/9
	PLUGIN_OPTIONS=$PLUGIN_OPTIONS,parallel=8

	dumped_twice

	at_once_are 1 any "$PAIR"
	at_once_are 2 checkpoint "$OTHERS"
	at_once_are 2 restore "$OTHERS"
}

# scenarios_of_contention VERSION
scenarios_of_contention() {
	for ranks in 2 8; do
		tap_scenario "CRIU $1: $ranks ranks in a tight loop" ranks_dumped $ranks 0
		tap_scenario "CRIU $1: $ranks ranks that train" ranks_dumped $ranks 1
	done
	tap_scenario "CRIU $1: ranks in a tight loop, left running" ranks_left_running 2 0
	tap_scenario "CRIU $1: ranks that train, left running" ranks_left_running 2 1
	tap_scenario "CRIU $1: long work beside ranks" long_work_beside_ranks
	tap_scenario "CRIU $1: long work beside ranks outlasts the timeout" work_outlasts_the_timeout
	tap_scenario "CRIU $1: one checkpoint of four fails" one_checkpoint_fails
	tap_scenario "CRIU $1: one restore of four fails" one_restore_fails
}

# scenarios_of_runs VERSION
scenarios_of_runs() {
	for utility in ours nvidias; do
		for count in 1 4; do
			tap_scenario "CRIU $1: few runs for $count, with $utility" \
				few_runs $count $utility
		done
		tap_scenario "CRIU $1: all are checkpointed at once, with $utility" all_at_once $utility
		tap_scenario "CRIU $1: parallel=1, with $utility" only_at_once 1 $utility
		tap_scenario "CRIU $1: those of a job go one after the other, with $utility" \
			jobs_are_not_at_once $utility
	done
	tap_scenario "CRIU $1: parallel=2" only_at_once 2 nvidias
}

# scenarios_of_trees VERSION
scenarios_of_trees() {
	scenarios_of_contention "$1"
	scenarios_of_runs "$1"
}
