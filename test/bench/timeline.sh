# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-only
# One dump and one restore of three processes with images of GPU memory, for a picture of them.
# Read after bench.sh and the parts of test/system, trees.sh among them; WORK and IMAGES are set.

# timeline_settings MIB FILE [VERSION]: the defaults, and what the command line says. Sets STATS.
timeline_settings() {
	MIB=${MIB:-$1}
	shift
	[ $# -ge 1 ] || fail "usage: FILE [VERSION]"
	case $1 in
	/*) STATS=$1 ;;
	*) STATS=$PWD/$1 ;;
	esac
	[ ! -e "$STATS" ] || fail "$STATS is there already"
	shift
	find_criu "$@"
	number MIB 64
	# shellcheck disable=SC2034  # the parts of test/system use it
	APP_PATIENCE=60
}

# The smallest has MIB of GPU memory, the others have two and four times as much.
timeline_measure() {
	family_start <<-END
		small counter --mib $MIB --interval 50
		medium counter --mib $((MIB * 2)) --interval 50
		large counter --mib $((MIB * 4)) --interval 50
	END
	PLUGIN_OPTIONS=${PLUGIN_OPTIONS:+$PLUGIN_OPTIONS,}stats=$STATS
	criu_dump "$APP" >&2 || fail "the dump failed"
	killed_and_restored >&2
}
