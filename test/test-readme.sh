#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The way of someone new through README, line by line, on the simulated GPU: built and
# installed, a program dumped and restored, the images looked at, the doctor asked. As TAP.
# What the lines install is on top of this machine's /usr, and gone at the end.
#
#   test/test-readme.sh
#
# Needs root, a CRIU that scripts/get-criu has brought, and test/apps. BUILD is the build
# folder, which make must find as it would build it. Packages (scripts/setup), containers and
# recipes have tests of their own.
set -eu

top=$(cd "$(dirname "$0")/.." && pwd)
BUILD=$(cd "${BUILD:-$top/build}" && pwd)
export BUILD
if [ -z "${APART:-}" ]; then
	unshare --mount --pid --fork true 2>/dev/null || {
		echo "1..0 # SKIP no namespace can be made here"
		exit 0
	}
	APART=yes exec unshare --mount --pid --fork --kill-child --mount-proc \
		"$BUILD/test/system/reaper" "$0"
fi
for part in outcome tap gpu app criu readme; do
	# shellcheck source=/dev/null
	. "$top/test/system/$part.sh"
done

WORK=$(mktemp -d)
IMAGES=$WORK/images
clean_up() {
	app_stop_all
	[ ! -e "$WORK/gpu.pid" ] || gpu_pull_out
	cd /
	umount /usr "$WORK/usr" 2>/dev/null || :
	rm -rf "$WORK"
}
trap clean_up EXIT
trap 'exit 1' INT TERM

CRIU=$(find "$top/build/criu" -mindepth 2 -maxdepth 2 -name criu | sort -V | tail -n 1)
mkdir "$WORK/usr"
on_top() {
	mount -t tmpfs usr "$WORK/usr" && mkdir "$WORK/usr/new" "$WORK/usr/work" &&
		mount -t overlay usr /usr \
			-o "lowerdir=/usr,upperdir=$WORK/usr/new,workdir=$WORK/usr/work"
}
on_top || {
	echo "1..0 # SKIP nothing can be mounted on top of /usr here"
	exit 0
}
rm -rf /usr/lib/criu /usr/bin/cuda-checkpoint /usr/bin/criu-cuda
ln -sf "$CRIU" /usr/sbin/criu
gpu_use sim
# What README does not say, since it is for a real GPU.
export CRIU_CUDA_PLUGIN_OPTIONS=force

installed() {
	cd "$top"
	readme_read "Build and install"
	readme_does '^make$'
	readme_does '^make install PREFIX='
	[ -x /usr/lib/criu/cuda_plugin.so ] || fail "the plugin is not there"
	[ "$(command -v cuda-checkpoint)" = /usr/bin/cuda-checkpoint ] || fail "the utility is not there"
}

# The restored program is CRIU's child.
dumped_and_restored() {
	app_start counter --mib 96
	mkdir "$IMAGES"
	readme_read Use
	readme_has 2
	readme_does '^criu dump' "PID=$APP" "DIR=$IMAGES"
	criu_dumped_is_gone || fail "the program is still there after the dump"
	readme_line '^criu restore' "DIR=$IMAGES"
	sh -c "exec $LINE" >"$WORK/said" 2>&1 </dev/null &
	app_goes_on "$OUT"
}

images_looked_at() {
	readme_read "Looking at the images"
	readme_does '^criu-cuda inspect' "DIR=$IMAGES"
	readme_says 'inventory +cuda_plugin is needed for a restore'
	readme_says '^ +total '
	readme_does '^criu-cuda verify' "DIR=$IMAGES"
}

time_looked_at() {
	app_start counter --mib 16
	CRIU_CUDA_PLUGIN_OPTIONS=force,stats=$WORK/stats
	criu dump --tree "$APP" --images-dir "$IMAGES" --leave-running >"$WORK/said" 2>&1 ||
		fail "the dump failed: $(cat "$WORK/said")"
	readme_read "Looking at the time it took"
	readme_has 2
	readme_does '^criu-cuda stats FILE' "FILE=$WORK/stats"
	readme_says "^ +$APP "
	readme_does '^criu-cuda stats --svg' "FILE=$WORK/stats"
	readme_says '^</svg>'
	app_stop
}

# A machine without a GPU, but for the simulated one, is none that is well: exit status 1.
doctor_asked() {
	app_start counter --mib 16
	readme_read "When something is wrong"
	readme_line '^criu-cuda doctor +#'
	sh -c "$LINE" >"$WORK/said" 2>&1 || [ $? -eq 1 ] || fail "$LINE: $(cat "$WORK/said")"
	readme_says '^ok +plugin: /usr/lib/criu/cuda_plugin.so'
	readme_line '^criu-cuda doctor --pid' "PID=$APP"
	sh -c "$LINE" >"$WORK/said" 2>&1 || [ $? -eq 1 ] || fail "$LINE: $(cat "$WORK/said")"
	readme_says "^ok +state: pid $APP is running"
	app_stop
}

left_locked_brought_back() {
	app_start counter --mib 16
	cuda-checkpoint --action lock --pid "$APP" || fail "it cannot be locked"
	app_stands_still "$OUT"
	readme_does '^criu-cuda recover' "PID=$APP"
	app_goes_on "$OUT"
	app_stop
}

tap_scenario "built and installed" installed
tap_scenario "a program is dumped and restored" dumped_and_restored
tap_scenario "the images are looked at" images_looked_at
tap_scenario "the time it took is looked at" time_looked_at
tap_scenario "the doctor is asked" doctor_asked
tap_scenario "one that was left locked is brought back" left_locked_brought_back
tap_end
