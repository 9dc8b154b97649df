/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * plugin_file.c on any bytes.
 */
#include "doctor/plugin_file.h"

#include <errno.h>
#include <string.h>

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct plugin_file file = { .hooks = 0 }, again = { .hooks = 0 };
	char reason[REASON_MAX] = "";
	int ret;

	ret = plugin_file_parse(data, size, &file, reason);
	fuzz_check(ret == 0 || ret == -EBADMSG);
	fuzz_check((ret == 0) == (reason[0] == '\0'));
	fuzz_check(!fuzz_has_control(reason));

	fuzz_check(plugin_file_parse(data, size, &again, reason) == ret);
	fuzz_check(file.version == again.version && file.hooks == again.hooks &&
		   file.is_ours == again.is_ours);
	return 0;
}
