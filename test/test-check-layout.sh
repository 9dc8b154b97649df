#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The rules of the layout, tested: a tree that keeps all of them passes, and each of them can
# fail. TAP.
set -u

check_layout=$(cd "$(dirname "$0")/.." && pwd)/scripts/check-layout
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
number=0

# Write standard input, after a licence, to the file $1 of the tree.
file() {
	mkdir -p "$tree/$(dirname "$1")"
	{ echo '/* SPDX-License-Identifier: MIT */'; cat; } >"$tree/$1"
}

result() {
	number=$((number + 1))
	printf '%s %d - %s\n' "$1" $number "$2"
}

# Pass if check-layout says $1 to the claim $2, in the output $3.
expect() {
	if printf '%s\n' "$3" | grep -qE "^$1 [0-9]+ - $2"; then
		result ok "$1: $2"
	else
		result 'not ok' "$1: $2"
	fi
}

mkdir -p "$tree/test"
file plugins/cuda/criu-symbols.txt <<'END'
required print_on_level
required opts
END
file plugins/cuda/host.c <<'END'
#include <criu-plugin.h>
extern int opts;
END
file plugins/cuda/spawn.c <<'END'
/* never fork() without ptrace(), said // here */
const char *url = "http://x/* no comment"; /* and
 strcpy( here */
int r = posix_spawnp(0);
END
file plugins/cuda/tool.c <<'END'
int opts = parse(options);
	pr_err("pid %d: has " COUNT
	       " locks\n",
	       pid);
	pr_perror("cannot open");
END
file plugins/cuda/tool.h <<'END'
#pragma once
END
file cuda-checkpoint/libcuda.c <<'END'
#include "cuda_abi.h"
END
file plugins/cuda/memory_image.h <<'END'
#pragma once
END
file criu-cuda/inspection.c <<'END'
#include "memory_image.h"
	linked = opendir(path); /* not unlink(), nor /proc */
END
file plugins/cuda/session.h <<'END'
#pragma once
END
file criu-cuda/doctor/doctor.c <<'END'
#include "tool.h"
	file = "/proc/self/status";
END
if good=$("$check_layout" "$tree"); then
	result ok 'a good tree passes'
else
	result 'not ok' 'a good tree passes'
fi
printf '%s\n' "$good" | sed 's/^/# /'
rules=$(printf '%s\n' "$good" | sed -n 's/^1\.\.//p')

# One file that breaks nearly every rule, and others for what one file cannot.
file plugins/cuda/cuda_state.c <<'END'
#include <criu-plugin.h>
#include "host.h"
#include "session.h"
#include "spawn.h"
#include "run.h"
#include "restore_thread.h"
#include "staging.h"
#include "memory_image.h"
#include "borrowed_call.h"
#include "options.h"
#include "test/fake/fake_tool.h"
#include <cuda.h>
	print_on_level(1, "no");
	dlopen("libcuda.so.1", 0);
	ptrace(1);
	tripwire_clear(tripwire);
	pthread_create(&t, NULL, f, NULL);
	if (fork() < 0)
		return -ENOTSUP;
	n = atoi(text);
#ifdef UNIT_TEST
	exit(1);
	pipe(ends);
	printf("%m");
	call(); // a remark
	pr_info("pid %d: no end of line",
		pid);
	int long_name_of_a_variable = another_long_name_of_a_variable + yet_another_long_name;
END
yes '/* filler */' | head -n 400 >>"$tree/plugins/cuda/cuda_state.c"
file cuda-checkpoint/main.c <<'END'
#include "cuda_abi.h"
#include "nvml_abi.h"
#include "session.h"
END
file criu-cuda/inspection.c <<'END'
#include "memory_image.h"
#include "tool.h"
	unlinkat(dirfd, "cuda-memory-1.img", 0);
	kill(pid, 9);
END
for folder in doctor recover watch; do
	file criu-cuda/$folder/$folder.c <<'END'
#include "session.h"
END
done
file plugins/cuda/memory_chunk.c <<'END'
#include "proc.h"
END
echo 'int no_licence_and_no_pragma;' >"$tree/plugins/cuda/tool.h"
bad=$("$check_layout" "$tree")
broken=$(printf '%s\n' "$bad" | grep -c '^not ok')
if [ "$broken" -eq "$rules" ]; then
	result ok "each of the $rules rules can fail"
else
	result 'not ok' "each of the $rules rules can fail"
	printf '%s\n' "$bad" | sed 's/^/# /'
fi

# Both ends of the rule about the end of a message.
file plugins/cuda/tool.c <<'END'
	pr_perror("cannot open\n");
END
expect 'not ok' 'a message ends in' "$("$check_layout" "$tree")"
echo "1..$number"
