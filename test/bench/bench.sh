# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-only
# Measure the plugin on trees of processes: what each phase of a dump and of a restore takes,
# with the options BASELINE and with the options CANDIDATE, by turns on the same tree.
#
# The script that reads this has read the parts of test/system, set top, WORK, IMAGES and what
# those need, and chosen the GPU. These variables say what is measured:
#
#   CUDA="1 2 4 8"          numbers of processes that use CUDA
#   OTHERS="0 100 1000"     numbers of processes that do not, beside the root of the tree
#   ROUNDS=3                a round is a dump and a restore with each of the two
#   WARMUP=1                rounds before those, which do not count
#   BASELINE=parallel=1     options of the plugin
#   CANDIDATE=              the same; empty: the plugin as it comes
#   MIB=16                  GPU memory of each CUDA process
#   GPUS                    CUDA process I uses GPU I modulo this; all there are, if not set
#   INTERVAL=500            ms between two steps of a process
#   LIMIT=0                 seconds: no round is begun that would not end by then; 0: no limit
#   FILL_MIB                host memory to fill and free before; more than is used, if not set
#   PATIENCE=60             seconds that the processes may take to start, and to go on
#   CRIU_OPTIONS            more options of CRIU; its log is as long as by default
#   JSON=build/bench.json   what has been measured
#
# A process that a dump or restore did not do well by is no figure but a failure.

bench=${top:?}/test/bench

fail() {
	echo "bench: FAILED: $1" >&2
	exit 1
}

say() {
	echo "bench: $*" >&2
}

# numbers NAME LEAST: the variable NAME has numbers, none of them less than LEAST.
numbers() {
	eval "numbers_value=\$$1"
	# shellcheck disable=SC2154  # it is set
	echo "$numbers_value" | awk -v least="$2" '
		{ for (i = 1; i <= NF; i++) if ($i !~ /^[0-9]+$/ || $i + 0 < least) bad = 1 }
		END { exit bad || NF == 0 }' || fail "$1: \"$numbers_value\" makes no sense"
}

# number NAME LEAST: the same, and it is one.
number() {
	numbers "$1" "$2"
	case $numbers_value in *[!0-9]*) fail "$1: \"$numbers_value\" is not one number" ;; esac
}

most_of() {
	echo "$1" | tr ' ' '\n' | sort -n | tail -n 1
}

bench_settings() {
	CUDA=${CUDA:-1 2 4 8} OTHERS=${OTHERS:-0 100 1000}
	ROUNDS=${ROUNDS:-3} WARMUP=${WARMUP:-1} LIMIT=${LIMIT:-0}
	BASELINE=${BASELINE-parallel=1} CANDIDATE=${CANDIDATE-}
	MIB=${MIB:-16} INTERVAL=${INTERVAL:-500} GPUS=${GPUS:-1}
	APP_PATIENCE=${PATIENCE:-60}
	JSON=${JSON:-$BUILD/bench.json}
	numbers CUDA 1
	numbers OTHERS 0
	number ROUNDS 1
	number WARMUP 0
	number LIMIT 0
	number MIB 1
	number GPUS 1
	number INTERVAL 1
	FILL_MIB=${FILL_MIB:-$(($(most_of "$CUDA") * MIB * 3 + $(most_of "$OTHERS") + 256))}
	number FILL_MIB 0
	number APP_PATIENCE 1
	# One of before would be taken for one of this run.
	(: >"$JSON") 2>/dev/null || fail "$JSON cannot be written"
	rm "$JSON"
}

# find_criu [VERSION]: sets CRIU, to the newest that scripts/get-criu has brought if not told.
find_criu() {
	CRIU=$(find "$top/build/criu" -mindepth 2 -maxdepth 2 -path "*/${1:-*}/criu" 2>/dev/null |
		sort -V | tail -n 1)
	[ -n "$CRIU" ] || fail "there is no CRIU${1:+ $1}: scripts/get-criu ${1:-4.2.1}"
}

# On a virtual machine the first touch of a page is slow: whoever came first would pay for it.
# Never more than half of what is free.
fill_memory() {
	fill=$(awk -v want="$FILL_MIB" '$1 == "MemAvailable:" {
		half = int($2 / 2048); print(want < half ? want : half) }' /proc/meminfo)
	[ "$fill" -gt 0 ] || return 0
	dd if=/dev/zero of=/dev/null bs="${fill}M" count=1 iflag=fullblock 2>"$WORK/dd" ||
		fail "cannot fill $fill MiB of memory, choose FILL_MIB: $(cat "$WORK/dd")"
}

setting() {
	echo "setting $*" >>"$WORK/measured"
}

now_us() {
	echo $(($(date +%s%N) / 1000))
}

# tree_counts BEYOND: each process counts, beyond what this file says; if not empty.
tree_counts() {
	awk -v beyond="$1" -f "$bench/counts.awk" "$OUT" "$WORK"/tree/* >"$WORK/counts" 2>"$WORK/counts.err"
}

# start_tree CUDA OTHERS [OPTION...]
start_tree() {
	rm -rf "$WORK/tree"
	mkdir "$WORK/tree"
	tree_cuda=$1 tree_plain=$2
	shift 2
	app_start tree --dir "$WORK/tree" --cuda "$tree_cuda" --plain "$tree_plain" \
		--gpus "$GPUS" --mib "$MIB" --interval "$INTERVAL" "$@"
	until_true "$APP_PATIENCE" tree_has_started $((tree_cuda + tree_plain)) ||
		fail "the tree did not start: $(cat "$WORK/counts.err" "$ERR")"
}

# The files of children come one by one.
tree_has_started() {
	[ "$(find "$WORK/tree" -type f | wc -l)" -eq "$1" ] && tree_counts ""
}

# It has ended, and it is known how far each process was.
tree_was_dumped() {
	criu_dumped_is_gone || fail "the tree is still there after the dump"
	tree_counts "" || fail "$(cat "$WORK/counts.err")"
	mv "$WORK/counts" "$WORK/counts.then"
}

# Each process has come further than it was when the dump had ended it.
tree_goes_on() {
	until_true "$APP_PATIENCE" tree_counts "$WORK/counts.then" ||
		fail "not all go on after the restore: $(cat "$WORK/counts.err" "$ERR")"
}

# timed SIDE OPTIONS OPERATION COMMAND...: run it; its figures are in $WORK/figures. If
# OF_MEMORY is set those of GPU memory are among them.
timed() {
	timed_side=$1 timed_options=$2 operation=$3
	shift 3
	rm -f "$WORK/stats"
	PLUGIN_OPTIONS=$common_options${timed_options:+,$timed_options},stats=$WORK/stats
	start=$(now_us)
	"$@" >&2 || fail "the $operation failed ($cuda CUDA, $others others, $timed_side)"
	took=$(($(now_us) - start))
	[ -s "$WORK/stats" ] || fail "the plugin says nothing of the $operation"
	# The root of the tree has no CUDA either. What a restore sees of the others is not said.
	[ "$operation" = dump ] && told="-v others=$((others + 1))" || told=
	[ -z "${OF_MEMORY-}" ] || told="$told -v started_us=$start"
	# shellcheck disable=SC2086  # words, or none
	awk -v operation="$operation" -v cuda="$cuda" $told -f "$bench/stats.awk" "$WORK/stats" \
		>"$WORK/figures" || fail "the plugin's figures of the $operation: $(cat "$WORK/stats")"
	printf 'criu %d.%03d\n' $((took / 1000)) $((took % 1000)) >>"$WORK/figures"
	eval "${operation}_ms=$((took / 1000))"
}

# note_as WORD...: the figures are of this round, and of what the words say.
note_as() {
	sed "s/^/$* /" "$WORK/figures" >>"$WORK/round"
}

# dump_and_restore SIDE OPTIONS
dump_and_restore() {
	# Now, not in the time of the dump.
	rm -rf "$IMAGES"
	# shellcheck disable=SC2086  # a list of words
	timed "$1" "$2" dump criu_dump "$APP" -v2 ${CRIU_OPTIONS-}
	note_as "$cuda $others $1 dump"
	tree_was_dumped
	# shellcheck disable=SC2086
	timed "$1" "$2" restore criu_restore -v2 ${CRIU_OPTIONS-}
	note_as "$cuda $others $1 restore"
	tree_goes_on
	# shellcheck disable=SC2154  # timed sets them
	say "$cuda CUDA, $others others, $3, $1: dump $dump_ms ms, restore $restore_ms ms"
}

# one_round COMMAND NAME FIRST: who is first changes from round to round.
one_round() {
	round_start=$(date +%s)
	: >"$WORK/round"
	[ "$3" = candidate ] || "$1" baseline "$BASELINE" "$2"
	"$1" candidate "$CANDIDATE" "$2"
	[ "$3" = baseline ] || "$1" baseline "$BASELINE" "$2"
	round_took=$(($(date +%s) - round_start))
}

# The next round would take as long as the last one.
time_is_up() {
	[ "$LIMIT" -gt 0 ] && [ $(($(date +%s) - bench_start + round_took + 1)) -gt "$LIMIT" ]
}

# all_rounds COMMAND: run COMMAND SIDE OPTIONS NAME for each side in each round. Sets rounds,
# how many there was time for.
all_rounds() {
	rounds=0 turn=0
	while [ "$turn" -lt $((WARMUP + ROUNDS)) ] && ! time_is_up; do
		turn=$((turn + 1))
		[ $((turn % 2)) -eq 1 ] && first=baseline || first=candidate
		[ "$turn" -le "$WARMUP" ] && name="warm-up $turn" || name="round $((turn - WARMUP))"
		one_round "$1" "$name" "$first"
		[ "$turn" -gt "$WARMUP" ] || continue
		cat "$WORK/round" >>"$WORK/measured"
		rounds=$((rounds + 1))
	done
}

# bench_cell CUDA OTHERS: all rounds, on one tree.
bench_cell() {
	cuda=$1 others=$2
	start_tree "$cuda" "$others"
	all_rounds dump_and_restore
	[ "$rounds" -gt 0 ] || echo "left-out $cuda $others" >>"$WORK/measured"
	app_stop
	rm -rf "$IMAGES"
}

# bench_begin GPU: what holds for all that is measured from now on.
bench_begin() {
	bench_start=$(date +%s) round_took=0
	# shellcheck disable=SC2153  # gpu_use has set it
	common_options=$PLUGIN_OPTIONS
	setting criu "$("$CRIU" --version | sed -n 's/^Version: //p')"
	setting gpu "$1"
	setting gpus "$GPUS"
	setting processors "$(nproc)"
	setting mib "$MIB"
	setting baseline "$BASELINE"
	setting candidate "$CANDIDATE"
	fill_memory
}

# bench_all GPU: measure, and say what came of it.
bench_all() {
	bench_begin "$1"
	for cuda in $CUDA; do
		for others in $OTHERS; do
			if time_is_up; then
				echo "left-out $cuda $others" >>"$WORK/measured"
			else
				bench_cell "$cuda" "$others"
			fi
		done
	done
	awk -v json="$JSON" -f "$bench/figures.awk" -f "$bench/report.awk" "$WORK/measured" ||
		fail "no figures"
	say "$JSON"
}
