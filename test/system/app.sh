# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-only
# Start the programs of test/apps and see whether they go on. Each prints one line
# "count N" for each step, checks all of its memory in between, and ends with an error
# when something is wrong with it.

# How long one waits for a program, in seconds.
APP_PATIENCE=${APP_PATIENCE:-20}

# app_launch NAME [ARGUMENT...]: sets APP (its pid) and OUT (the file it prints to).
app_launch() {
	OUT=$WORK/$1.out
	ERR=$WORK/$1.err
	: >"$OUT"
	program=$BUILD/test/apps/$1
	shift
	setsid "$program" "$@" </dev/null >"$OUT" 2>"$ERR" &
	APP=$!
	echo "$APP" >>"$WORK/apps"
}

# app_start NAME [ARGUMENT...]: the same, and it counts.
app_start() {
	app_launch "$@"
	app_counts "$OUT" 1 || fail "$program did not start: $(cat "$ERR")"
}

# app_lines FILE: what the program has printed.
app_lines() {
	cat "$1"
}

app_count() {
	app_lines "$1" | sed -n 's/^count \([0-9]*\).*/\1/p' | tail -n 1
}

app_has_counted() {
	count=$(app_count "$1")
	[ "${count:-0}" -ge "$2" ]
}

# app_counts FILE N: within some seconds FILE says "count N" or more.
app_counts() {
	until_true "$APP_PATIENCE" app_has_counted "$1" "$2"
}

# app_goes_on FILE: it counts three steps more, and never missed one.
app_goes_on() {
	now=$(app_count "$1")
	app_counts "$1" $((${now:-0} + 3)) || fail "$1: stuck at ${now:-no count}: $(tail -n 2 "$1")"
	app_in_order "$1"
}

# app_in_order FILE: every count is there, one after the other.
app_in_order() {
	app_lines "$1" | awk '/^count / {
		if (last && $2 != last + 1) { print "count " last ", then " $2; bad = 1 }
		last = $2 } END { exit bad }' || fail "a step was lost or repeated"
}

# app_stands_still FILE
app_stands_still() {
	before=$(app_count "$1")
	sleep 0.5
	[ "$(app_count "$1")" = "$before" ] || fail "it counts, and should not"
}

# app_gone PID: it has ended, and is reaped.
app_gone() {
	wait "$1" 2>/dev/null || :
	until_true 5 test ! -d "/proc/$1"
}

# app_child FILE: the child of APP that writes to it.
app_child() {
	read -r children <"/proc/$APP/task/$APP/children" || : # no newline at its end
	for child in $children; do
		[ "$(readlink "/proc/$child/fd/1")" != "$1" ] || echo "$child"
	done
}

app_stop() {
	kill -KILL "-$APP" 2>/dev/null || kill -KILL "$APP" 2>/dev/null || :
	app_gone "$APP" || fail "pid $APP did not end"
}

# Whatever the scenarios left.
app_stop_all() {
	[ -e "$WORK/apps" ] || return 0
	while read -r app; do
		kill -KILL "-$app" 2>/dev/null || :
	done <"$WORK/apps"
	rm "$WORK/apps"
}

# cuda_state PID
cuda_state() {
	"$BUILD/cuda-checkpoint/cuda-checkpoint" --get-state --pid "$1"
}

cuda_action() {
	"$BUILD/cuda-checkpoint/cuda-checkpoint" --action "$1" --pid "$2" || fail "cannot $1 pid $2"
}

# state_is PID STATE
state_is() {
	state=$(cuda_state "$1")
	[ "$state" = "$2" ] || fail "pid $1 is $state, not $2"
}
