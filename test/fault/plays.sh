# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-only
# Dumps and restores in which one thing may go wrong, whatever it is, and what has to be true
# afterwards. Each play holds as well if nothing goes wrong.
#
# FAULTY_CRIU and FAULTY_OPTIONS are CRIU and the plugin's options while it may; CRIU and
# PLUGIN_OPTIONS, all other times.

# start_program KIND: sets APP, OUT, TASKS (all its processes), CUDA (those of them that use
# it) and COUNTS (the files they count in).
start_program() {
	case $1 in
	counter | inflight) app_start "$1" --mib 1 --interval 20 ;;
	large) app_start counter --mib 64 --alike 6 --interval 20 ;;
	threads) app_start threads --threads 8 --mib 1 ;;
	tree) start_tree --mib 1 --cuda 2 --plain 1 ;;
	large_tree) start_tree --mib 64 --cuda 2 --plain 1 ;;
	plain) start_tree --mib 1 --cuda 0 --plain 1 ;;
	esac

	TASKS=$APP CUDA=$APP COUNTS=$OUT
	[ "${program:?}" = "$BUILD/test/apps/tree" ] || return 0
	CUDA=
	for pid in $(cat "/proc/$APP/task/$APP/children"); do
		TASKS="$TASKS $pid"
		! grep -qx counter "/proc/$pid/comm" || CUDA="$CUDA $pid"
	done
	COUNTS="$OUT $(echo "$WORK"/tree/*)"
}

start_tree() {
	rm -rf "$WORK/tree"
	mkdir -p "$WORK/tree"
	app_start tree --interval 20 --dir "$WORK/tree" "$@"
	for file in "$WORK"/tree/*; do
		app_counts "$file" 1 || fail "$file does not count"
	done
}

# move_from_running RUNG, move_to_running RUNG: as somebody else than CRIU would.
move_from_running() {
	for pid in $CUDA; do
		[ "$1" = running ] || cuda_action lock "$pid"
		[ "$1" != checkpointed ] || cuda_action checkpoint "$pid"
	done
}

move_to_running() {
	for pid in $CUDA; do
		[ "$1" != checkpointed ] || cuda_action restore "$pid"
		[ "$1" = running ] || cuda_action unlock "$pid"
	done
}

# --- what is to be seen from outside ------------------------------------------------

# A zombie does not live.
lives() {
	grep -qs '^State:.[^ZX]' "/proc/$1/status"
}

how_many_live() {
	living=0
	for pid in $TASKS; do
		! lives "$pid" || living=$((living + 1))
	done
	echo "$living of $(echo "$TASKS" | wc -w)"
}

none_lives() {
	case $(how_many_live) in 0*) ;; *) return 1 ;; esac
}

all_live() {
	for pid in $TASKS; do
		lives "$pid" || return 1
	done
}

# No process of CRIU's or the plugin's: nobody else has one in this pid namespace. The CRIU of
# scripts/get-criu is run by a loader, and bears its name.
nothing_of_ours_is_left() {
	! grep -sxE 'criu|ld-linux.*|cuda-guardian|cuda-checkpoint|cuda-cp-.*' /proc/[0-9]*/comm >"$WORK/left"
}

# all_stand_on RUNG
all_stand_on() {
	for pid in $CUDA; do
		[ "$(timeout 5 "$BUILD/cuda-checkpoint/cuda-checkpoint" --get-state --pid "$pid" 2>&1)" = "$1" ] ||
			return 1
	done
}

rungs() {
	for pid in $CUDA; do
		echo "$pid $(timeout 5 "$BUILD/cuda-checkpoint/cuda-checkpoint" --get-state --pid "$pid" 2>&1)"
	done
}

all_count() {
	for file in $COUNTS; do
		app_goes_on "$file"
	done
}

# --- the ways it may end ---------------------------------------------------------------

nothing_outlives_criu() {
	until_true 15 nothing_of_ours_is_left || fail "left behind: $(cat "$WORK/left")"
}

# ends: CRIU does; CRIU_STATUS is how. Nothing of ours outlives it for long, unless the
# program is stopped.
ends() {
	criu_ends 30 || fail "CRIU hangs"
	for pid in $TASKS; do
		kill -CONT "$pid" 2>/dev/null || :
	done
	nothing_outlives_criu
}

# dies: it was killed, or ended before. Nobody continues the program but the guardian: that
# would defeat its tripwire (tripwire.h).
dies() {
	criu_ends 30 || fail "CRIU hangs"
	nothing_outlives_criu
}

# says_why LOG: a CRIU that failed because of us has a line of ours that says why.
says_why() {
	[ "$CRIU_STATUS" -eq 0 ] || [ ! -e "$FAIL_CALL_STRUCK" ] ||
		grep -q 'Error.*cuda_plugin: ' "$IMAGES/$1" || fail "CRIU failed, and nobody says why"
}

# The image is whole, and the program counts on.
restores() {
	criu_dumped_is_gone || fail "the program is still there"
	criu_restore || fail "the restore failed"
	runs
}

runs() {
	all_live || fail "only $(how_many_live) are there"
	all_stand_on running || fail "not running: $(rungs)"
	all_count
}

# lives_on RUNG: each process is where it was found, and none the worse for it.
lives_on() {
	until_true 5 all_stand_on "$1" || fail "not $1: $(rungs)"
	move_to_running "$1"
	all_count
}

dumps_again() {
	criu_dump "$APP" --file-locks || fail "the next dump failed"
	restores
	app_stop
}

# --- plays -------------------------------------------------------------------------------

faulty_dump_in_background() {
	CRIU=$FAULTY_CRIU PLUGIN_OPTIONS=$FAULTY_OPTIONS criu_dump_in_background "$APP" \
		--timeout 1 "$@"
}

faulty_restore() {
	CRIU_CUDA_PLUGIN_OPTIONS=$FAULTY_OPTIONS "$FAULTY_CRIU" restore --images-dir "$IMAGES" \
		--log-file restore.log -v4 --restore-detached --libdir "$PLUGIN_DIR" \
		</dev/null >/dev/null 2>&1 &
	CRIU_PID=$!
	ends
}

# ended_by_criu: a dump that has succeeded ends the program, unless it is told not to.
ended_by_criu() {
	[ "$CRIU_STATUS" -eq 0 ] || fail "CRIU failed, and $(how_many_live) are there"
	until_true 5 none_lives || fail "CRIU succeeded, and $(how_many_live) are there"
	restores
}

# The guardian, which still needs it, says so as soon as it has done something.
has_no_memory_image() {
	[ ! -s "$IMAGES/cuda-plugin-guardian.log" ] || return 0
	for file in "$IMAGES"/cuda-memory-*; do
		[ ! -e "$file" ] || return 1
	done
}

# A dump that failed, but for an image that could not be removed, or that was still needed by
# the guardian.
leaves_no_memory_image() {
	! grep -qs unlinkat "$FAIL_CALL_STRUCK" || return 0
	until_true 5 has_no_memory_image || fail "the dump failed, and there is ${file##*/}"
}

# play_dump PROGRAM RUNG [OPTION...]
play_dump() {
	start_program "$1"
	rung=$2
	shift 2
	move_from_running "$rung"

	faulty_dump_in_background "$@"
	ends
	[ -n "${FAILS_ANYWAY:-}" ] || says_why dump.log

	if all_live; then
		[ "$CRIU_STATUS" -ne 0 ] || [ $# -gt 0 ] || ended_by_criu
		[ "$CRIU_STATUS" -eq 0 ] || leaves_no_memory_image
		lives_on "$rung"
	else
		ended_by_criu
	fi
	dumps_again
}

# With OPTION,... besides, of the plugin's.
play_with() {
	FAULTY_OPTIONS=$FAULTY_OPTIONS,$1
	shift
	"$@"
}

# play_death_in_dump PROGRAM [OPTION...]: CRIU has died at a point.
play_death_in_dump() {
	start_program "$1"
	shift

	faulty_dump_in_background "$@"
	dies

	if all_live; then
		lives_on running
	else
		until_true 5 none_lives || fail "CRIU died, and $(how_many_live) are there"
		restores
	fi
	dumps_again
}

# A process to which CRIU had not come stays as CRIU left it, else the guardian did the rest;
# and the images are good.
play_death_in_restore() {
	start_program "$1"
	criu_dump "$APP" || fail "the dump failed"
	criu_dumped_is_gone || fail "the program is still there"
	for file in $COUNTS; do
		cp "$file" "$file.then"
	done

	faulty_restore

	if [ "$CRIU_STATUS" -eq 0 ] || grep -q "GPU memory put back" "$IMAGES/restore.log"; then
		runs
	elif all_live && all_stand_on running; then
		all_count
	fi
	app_stop
	for file in $COUNTS; do
		cat "$file.then" >"$file"
	done
	restores
	app_stop
}

# play_failing_dump PROGRAM: a file lock, which CRIU refuses to dump.
play_failing_dump() {
	exec 9>"$WORK/lock"
	flock 9
	FAILS_ANYWAY=yes play_dump "$1" running --leave-running 9>&-
}

play_post_dump_script() {
	FAILS_ANYWAY=yes play_dump counter running --action-script \
		"${top:?}/test/system/fail-post-dump"
}

# CRIU is killed in the middle of a checkpoint, which takes long enough to be met on a busy machine:
# later CRIU may have its code in the program. Now it is for the guardian.
play_killed() {
	export CUDA_SIM_CHECKPOINT=delay=1500@1
	start_program counter
	faulty_dump_in_background
	until_true 10 checkpoint_or_end || fail "CRIU hangs"
	kill -KILL "$CRIU_PID" 2>/dev/null
	ends

	all_live || fail "only $(how_many_live) are there"
	lives_on running
	dumps_again
}

checkpoint_or_end() {
	utility_at_work checkpoint || criu_has_ended
}

# play_restore PROGRAM: a restore that fails leaves nothing but the image.
play_restore() {
	start_program "$1"
	criu_dump "$APP" || fail "the dump failed"
	criu_dumped_is_gone || fail "the program is still there"

	# shellcheck disable=SC2086  # names without blanks
	counted=$(cat $COUNTS)
	faulty_restore
	says_why restore.log

	if [ "$CRIU_STATUS" -ne 0 ]; then
		until_true 5 none_lives || fail "CRIU failed, and $(how_many_live) are there"
		# shellcheck disable=SC2086
		[ "$(cat $COUNTS)" = "$counted" ] || fail "CRIU failed, and they ran"
		restores
	else
		runs
	fi
	dumps_again
}
