/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * dump_root.c on any command line.
 */
#include "recover/dump_root.h"

#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* Of its own, where nothing behind it may be read. */
	char *words = malloc(size ? size : 1);

	fuzz_check(words);
	memcpy(words, data, size);
	fuzz_check(dump_root_parse(words, size) >= 0);
	free(words);
	return 0;
}
