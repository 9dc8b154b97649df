/* SPDX-License-Identifier: GPL-2.0-only */
#include "pretence.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "driver/settings.h"

static const char variable[] = "CUDA_SIM_NVML";

/* The number that follows the word @key in @text. */
static bool has_number(const char *text, const char *key, unsigned long long max,
		       unsigned long long *ret_value)
{
	size_t length = strlen(key);
	char *end;

	if (strncmp(text, key, length) != 0 || !isdigit((unsigned char)text[length]))
		return false;
	errno = 0;
	*ret_value = strtoull(text + length, &end, 10);
	return !errno && !*end && *ret_value <= max;
}

int pretence_read(struct pretence *ret_pretence)
{
	const char *text = getenv(variable);
	unsigned long long value;

	memset(ret_pretence, 0, sizeof(*ret_pretence));
	if (!text || !*text)
		return 0;
	if (has_number(text, "fail=", INT_MAX, &value) && value) {
		ret_pretence->fail = (nvmlReturn_t)value;
	} else if (has_number(text, "bytes=", ULLONG_MAX, &value)) {
		ret_pretence->has_bytes = true;
		ret_pretence->bytes = value;
	} else if (strcmp(text, "unknown") == 0) {
		ret_pretence->has_bytes = true;
		ret_pretence->bytes = NVML_VALUE_NOT_AVAILABLE;
	} else {
		return settings_refuse(variable, text);
	}
	return 0;
}

uint64_t pretence_bytes(const struct pretence *pretence, uint64_t bytes)
{
	return pretence->has_bytes ? pretence->bytes : bytes;
}
