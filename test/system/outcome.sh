# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-only
# How a step of a scenario ends, and how long one waits for it.

SKIPPED=77

# fail TEXT: say why the scenario does not hold, and end it.
fail() {
	echo "$1"
	exit 1
}

# skip REASON
skip() {
	echo "$1"
	exit "$SKIPPED"
}

# until_true SECONDS COMMAND...: try every 20 ms.
until_true() {
	tries=$(($1 * 50))
	shift
	while ! "$@"; do
		tries=$((tries - 1))
		[ "$tries" -gt 0 ] || return 1
		sleep 0.02
	done
}
