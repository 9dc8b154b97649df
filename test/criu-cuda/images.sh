# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Directories of images. To be sourced; wants $tmp, $build and tap.sh when it is used.
# shellcheck disable=SC2154

# An empty directory, $dir.
new_dir() {
	dir=$(mktemp -d "$tmp/dir.XXXXXX")
}

# CRIU's inventory in $dir: with our plugin on its list, and its images too, an empty list, or none.
inventory() { # needed | with-images | not-needed | not-said
	case $1 in
	needed) printf '\026\061\061\130\021\000\000\000\010\002\142\015\142\013cuda_plugin' ;;
	with-images) printf '\026\061\061\130\044\000\000\000\010\002\142\040\142\013cuda_plugin\142\021gpu_memory_images' ;;
	not-needed) printf '\026\061\061\130\004\000\000\000\010\002\142\000' ;;
	not-said) printf '\026\061\061\130\002\000\000\000\010\002' ;;
	esac >"$dir/inventory.img"
}

image() { # PID CHUNKS none|zstd [DRIVER]
	"$build/test/criu-cuda/make-image" "$dir" "$@" || bail_out "make-image $* fails"
}
