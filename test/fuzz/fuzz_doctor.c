/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What programs print that the doctor runs: a page of "criu --version", criu_version.c,
 * and one of nvidia-smi, gpu_list.c.
 */
#include <errno.h>

#include "doctor/criu_version.h"
#include "doctor/gpu_list.h"
#include "fuzz.h"

#define UNTOUCHED 4711

static void read_version(const char *text)
{
	struct criu_version version = { .sublevel = UNTOUCHED };
	int ret;

	ret = criu_version_parse(text, &version);
	fuzz_check(ret == 0 || ret == -EBADMSG);
	if (ret)
		fuzz_check(version.sublevel == UNTOUCHED);
	else
		fuzz_check(version.major < 10000 && version.minor < 10000);
}

static void read_gpus(const char *text)
{
	struct gpu_list list = { .count = UNTOUCHED };
	int ret;

	ret = gpu_list_parse(text, &list);
	fuzz_check(ret == 0 || ret == -EBADMSG);
	if (ret) {
		fuzz_check(list.count == UNTOUCHED);
		return;
	}

	fuzz_check(list.count <= GPU_LIST_MAX);
	for (size_t i = 0; i < list.count; i++) {
		fuzz_check(!fuzz_has_control(list.at[i].name));
		fuzz_check(list.at[i].memory % (1u << 20) == 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_pages pages;

	fuzz_pages_cut(&pages, data, size);
	read_version(fuzz_pages_text(&pages, 0));
	read_gpus(fuzz_pages_text(&pages, 1));
	fuzz_pages_release(&pages);
	return 0;
}
