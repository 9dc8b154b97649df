# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-only
# What the tests of this folder share: claims, as TAP, and how the plugin's line is given to
# stats.awk. The script that reads this has set bench, this folder; it prints the plan.

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
number=0

# result STATUS CLAIM: with what the last command printed, if it does not hold.
result() {
	number=$((number + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $number - $2"
	else
		echo "not ok $number - $2"
		sed 's/^/# /' "$work/out"
	fi
}

# prints CLAIM WANTED COMMAND...: it succeeds, and prints just that.
prints() {
	claim=$1 wanted=$2
	shift 2
	"$@" >"$work/out" 2>&1 && [ "$(cat "$work/out")" = "$wanted" ]
	result $? "$claim"
}

# refuses CLAIM REASON COMMAND...: it ends with 1 and a line that has REASON.
refuses() {
	claim=$1 reason=$2 status=0
	shift 2
	"$@" >"$work/out" 2>&1 || status=$?
	[ $status -eq 1 ] && grep -qF -- "$reason" "$work/out"
	result $? "$claim"
}

# understand ARGUMENT...: the line is on stdin, broken for people.
understand() {
	tr -d '\n' >"$work/stats"
	awk "$@" -f "$bench/stats.awk" "$work/stats"
}
