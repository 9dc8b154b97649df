# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-only
# The runs of the utility: how many there were, and which at the same time.

# runs_note ours|nvidias: from now on they are noted, and the utility can do what ours or
# NVIDIA's can.
runs_note() {
	NOTED_RUNS=$WORK/noted-runs
	LIKE_NVIDIAS=no
	[ "$1" = ours ] || LIKE_NVIDIAS=yes
	export NOTED_RUNS LIKE_NVIDIAS
	PLUGIN_OPTIONS=$PLUGIN_OPTIONS,cuda-checkpoint=${top:?}/test/system/cuda-checkpoint
	runs_forget
}

runs_forget() {
	: >"$NOTED_RUNS"
}

# In milliseconds from the first.
runs_show() {
	awk '{ ms = $3 / 1000000; if (NR == 1) first = ms; $3 = int(ms - first) " ms"; print }' \
		"$NOTED_RUNS"
}

# runs_at_most NUMBER WHAT: there were no more for WHAT, and they are forgotten.
runs_at_most() {
	runs=$(grep -c ' begin ' "$NOTED_RUNS")
	[ "$runs" -le "$1" ] || {
		runs_show | grep begin
		fail "$runs runs for $2, not $1"
	}
	runs_forget
}

# runs_at_once ACTION PID...: how many of these processes ACTION was done on at the same time,
# at most; "any": any action.
runs_at_once() {
	awk -v action="$1" -v pids="$*" '
	BEGIN {
		count = split(pids, words)
		for (i = 2; i <= count; i++) wanted[words[i]] = 1
	}
	$2 == "begin" {
		weight[$1] = acts = 0
		for (i = 4; i < NF; i++) {
			if ($i == "--action" && (action == "any" || $(i + 1) == action)) acts = 1
			if ($i == "--pid" && $(i + 1) in wanted) weight[$1]++
		}
		if (!acts) weight[$1] = 0
		print $3, 1, weight[$1]
	}
	$2 == "end" { print $3, 0, -weight[$1] }' "$NOTED_RUNS" |
		sort -k 1,1n -k 2,2n |
		awk '{ now += $3 } now > most { most = now } END { print most + 0 }'
}
