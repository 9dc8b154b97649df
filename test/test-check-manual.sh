#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# scripts/check-manual finds what is missing from the manual, and what is there too much. As
# TAP.
set -eu

cd "$(dirname "$0")/.."
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
number=0 status=0

fresh() {
	rm -rf "${tree:?}"/*
	for file in README.md doc/*.adoc plugins/cuda/*.c cuda-checkpoint/arguments.c criu-cuda/*.c; do
		mkdir -p "$tree/$(dirname "$file")"
		cp "$file" "$tree/$file"
	done
}

# report CLAIM COMMAND...
report() {
	number=$((number + 1))
	claim=$1
	shift
	if "$@"; then
		echo "ok $number - $claim"
	else
		echo "not ok $number - $claim"
		sed 's/^/# /' "$tree/said"
		status=1
	fi
}

# shellcheck disable=SC2317  # called by report
is_good() {
	scripts/check-manual "$tree" >"$tree/said" 2>&1
}

# said TEXT: it is not good, and says this.
# shellcheck disable=SC2317  # called by report
said() {
	! is_good && grep -qxF "# $1" "$tree/said"
}

# finds CLAIM FILE SED-SCRIPT TEXT: a change that has to be found, and said so.
finds() {
	fresh
	sed -i "$3" "$tree/$2"
	report "$1" said "$4"
}

fresh
report "what is as it should be" is_good
finds "an option that is not in the manual" plugins/cuda/options.c \
	's/{ "force", /{ "force-it", /' 'not documented: force-it'
finds "an option that is not in README" README.md '/^| .prefault. /d' \
	'not documented: prefault'
finds "an option that is not there any more" doc/criu-cuda-plugin.adoc \
	's/^\*stats\*=/*statistics*=/' 'documented, and not there: statistics'
finds "a variable that is not in the manual" plugins/cuda/settings.c \
	's/"CRIU_FAULT"/"CRIU_CUDA_FAULT"/' 'not documented: CRIU_CUDA_FAULT'
finds "an option of the utility" doc/cuda-checkpoint.adoc '/^\*-d\*/d' \
	'not documented: device-map'
finds "an option of criu-cuda" criu-cuda/command_line.c 's/{ "threads", /{ "hands", /' \
	'not documented: hands'
finds "a command of criu-cuda" doc/criu-cuda.adoc 's/^\*verify\* /*check* /' \
	'not documented: verify'
finds "a table that is not where it was" plugins/cuda/options.c 's/^} keys\[\] = {/} options[] = {/' \
	'nothing is found in the sources'

echo "1..$number"
exit $status
