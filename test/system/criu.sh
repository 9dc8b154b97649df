# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-only
# Dump and restore with stock CRIU and the plugin. CRIU names the program, PLUGIN_DIR the
# folder of the plugin, IMAGES the image directory.

# The options of the plugin go by the environment, which every version knows.
criu_run() {
	CRIU_CUDA_PLUGIN_OPTIONS=$PLUGIN_OPTIONS "$CRIU" "$@"
}

# criu_dump PID [OPTION...]: into an image directory of its own.
criu_dump() {
	rm -rf "$IMAGES"
	mkdir -p "$IMAGES"
	criu_dump_here "$@"
}

# criu_dump_here PID [OPTION...]: into the image directory as it is.
criu_dump_here() {
	pid=$1
	shift
	criu_run dump --tree "$pid" --images-dir "$IMAGES" --log-file dump.log -v4 \
		--libdir "$PLUGIN_DIR" "$@" </dev/null || {
		criu_complain dump.log
		return 1
	}
}

# criu_restore [OPTION...]
criu_restore() {
	criu_run restore --images-dir "$IMAGES" --log-file restore.log -v4 --restore-detached \
		--libdir "$PLUGIN_DIR" "$@" </dev/null || {
		criu_complain restore.log
		return 1
	}
}

# Every thread of the image has ended, and is reaped: their pids are free for a restore.
criu_dumped_is_gone() {
	wait "$APP" 2>/dev/null || :
	for core in "$IMAGES"/core-*.img; do
		tid=${core##*/core-}
		until_true 5 test ! -e "/proc/${tid%.img}" || return 1
	done
}

criu_complain() {
	grep -E 'Error|Warn|cuda_plugin' "$IMAGES/$1"
}

# criu_said FILE TEXT
criu_said() {
	grep -qF -- "$2" "$IMAGES/$1" || {
		criu_complain "$1"
		fail "$1 does not say: $2"
	}
}

# Is the plugin on the list of those the image needs?
image_needs_plugin() {
	grep -qa cuda_plugin "$IMAGES/inventory.img"
}

# Does CRIU refuse it to a plugin that knows no images of GPU memory?
image_needs_images() {
	grep -qa gpu_memory_images "$IMAGES/inventory.img"
}

# image_restorable VERDICT: what criu-cuda says of a restore by this CRIU, here and now.
image_restorable() {
	mkdir -p "$WORK/bin"
	ln -sf "$CRIU" "$WORK/bin/criu"
	PATH=$WORK/bin:$PATH CRIU_CUDA_PLUGIN_OPTIONS=$PLUGIN_OPTIONS \
		"$BUILD/criu-cuda/criu-cuda" inspect --libdir "$PLUGIN_DIR" "$IMAGES" >"$WORK/inspected"
	tail -n 1 "$WORK/inspected" | grep -qx "verdict  $1" ||
		fail "criu-cuda inspect does not say \"$1\": $(cat "$WORK/inspected")"
}

# Make the image one of a CRIU before 4.1, whose inventory has no list of plugins: field
# 12 is taken out, by its length, and the length of the whole set right.
image_forget_plugins() {
	perl -0777 -pi -e '/\x62([\x0d-\x7f])\x62[\x0b\x11](?:cuda_plugin|gpu_memory_images)/s
			or die "no list of plugins";
		substr($_, $-[0], 2 + ord($1)) = "";
		substr($_, 4, 4) = pack("V", length($_) - 8)' "$IMAGES/inventory.img"
}

# criu_dump_in_background PID [OPTION...]: sets CRIU_PID.
criu_dump_in_background() {
	rm -rf "$IMAGES"
	mkdir -p "$IMAGES"
	pid=$1
	shift
	CRIU_CUDA_PLUGIN_OPTIONS=$PLUGIN_OPTIONS "$CRIU" dump --tree "$pid" --images-dir "$IMAGES" \
		--log-file dump.log -v4 --libdir "$PLUGIN_DIR" "$@" </dev/null >/dev/null 2>&1 &
	CRIU_PID=$!
}

# criu_restore_in_background: the same for a restore.
criu_restore_in_background() {
	CRIU_CUDA_PLUGIN_OPTIONS=$PLUGIN_OPTIONS "$CRIU" restore --images-dir "$IMAGES" \
		--log-file restore.log -v4 --restore-detached --libdir "$PLUGIN_DIR" \
		</dev/null >/dev/null 2>&1 &
	CRIU_PID=$!
}

# The guardian of a dump has ended: as an orphan it is a child of our parent, the reaper.
guardian_is_gone() {
	for child in $(cat "/proc/$PPID/task/$PPID/children"); do
		! grep -qsx cuda-guardian "/proc/$child/comm" || return 1
	done
}
