# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-only
# What is in a container: a shell, the programs of test/apps, and the libraries they need. The
# driver is that of GPU: the simulated one, or this machine's, which is mounted.

# rootfs_build: sets ROOTFS.
rootfs_build() {
	ROOTFS=$WORK/rootfs
	mkdir -p "$ROOTFS/bin" "$ROOTFS/lib" "$ROOTFS/dev" "$ROOTFS/proc" "$ROOTFS/sys" \
		"$ROOTFS/tmp" "$ROOTFS/etc" "$ROOTFS/out" "$ROOTFS/gpu" "$ROOTFS/driver"
	cp /bin/busybox "$BUILD/test/apps/counter" "$BUILD/test/apps/tree" "$ROOTFS/bin/"
	ln -s busybox "$ROOTFS/bin/sh"
	ln -s busybox "$ROOTFS/bin/sleep"
	rootfs_libraries "$ROOTFS/bin/counter"
	[ "$GPU" = real ] || cp "$BUILD/test/gpu-sim/libcuda.so.1" "$ROOTFS/driver/"
}

# rootfs_libraries PROGRAM: all but the driver's, each where the program or its loader looks.
rootfs_libraries() {
	loader=$(ldd "$1" | sed -n 's,^[[:space:]]*\(/[^ ]*ld-linux[^ ]*\) .*,\1,p')
	[ -n "$loader" ] || fail "$1 has no loader"
	mkdir -p "$ROOTFS${loader%/*}"
	cp -L "$loader" "$ROOTFS$loader"
	ldd "$1" | sed -n 's,.*=> \(/[^ ]*\) .*,\1,p' | grep -v libcuda |
		while read -r library; do
			cp -L "$library" "$ROOTFS/lib/"
		done
}

# What a process is told there, one a line.
rootfs_environment() {
	echo PATH=/bin
	echo LD_LIBRARY_PATH=/driver:/lib
	[ "$GPU" = real ] || echo CUDA_SIM_SOCKET=/gpu/gpu.socket
}
