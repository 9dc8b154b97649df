# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-only
# Test Anything Protocol for shell tests. A scenario is a function that returns 0 for
# "holds", 1 for "does not", and SKIPPED for "cannot be tried here"; what it prints is
# shown only when it fails. It runs in a subshell: nothing of it outlives it. TAP_ONLY is a
# regular expression: scenarios with other names are left out.

tap_number=0
tap_failed=0

# tap_scenario NAME FUNCTION [ARGUMENT...]
tap_scenario() {
	echo "$1" | grep -qE -- "${TAP_ONLY:-}" || return 0
	tap_name=$1
	shift
	tap_number=$((tap_number + 1))
	tap_status=0
	tap_start=$(date +%s%N)
	("$@") >"$WORK/tap-output" 2>&1 || tap_status=$?
	case $tap_status in
	0) echo "ok $tap_number - $tap_name" ;;
	"$SKIPPED") echo "ok $tap_number - $tap_name # SKIP $(tail -n 1 "$WORK/tap-output")" ;;
	*)
		echo "not ok $tap_number - $tap_name"
		sed 's/^/# /' "$WORK/tap-output"
		tap_failed=$((tap_failed + 1))
		;;
	esac
	app_stop_all # of one that failed
	echo "# $((($(date +%s%N) - tap_start) / 1000000)) ms"
}

# The plan, and the exit status of the whole.
tap_end() {
	echo "1..$tap_number"
	[ "$tap_failed" -eq 0 ]
}
