# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-only OR MIT
#
# The Test Anything Protocol: one line per claim. To be sourced; ends with finish.

tests=0
failures=0

pass() {
	tests=$((tests + 1))
	echo "ok $tests - $1"
}

fail() { # NAME REASON; not in a pipe, where the count would be lost
	tests=$((tests + 1))
	failures=$((failures + 1))
	echo "not ok $tests - $1"
	echo "$2" | sed 's/^/# /'
}

skip() { # NAME REASON
	tests=$((tests + 1))
	echo "ok $tests - $1 # SKIP $2"
}

same() { # NAME EXPECTED ACTUAL
	if [ "$2" = "$3" ]; then
		pass "$1"
	else
		fail "$1" "expected: $2
     got: $3"
	fi
}

at_most() { # NAME VALUE LIMIT
	if [ "$2" -le "$3" ]; then
		pass "$1"
	else
		fail "$1" "$2, limit $3"
	fi
}

bail_out() { # REASON
	echo "Bail out! $1"
	exit 1
}

finish() {
	echo "1..$tests"
	[ "$failures" -eq 0 ]
}
