/* SPDX-License-Identifier: MIT */
#include "device_pairs.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

static const char uuid_form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
#define UUID_LENGTH (sizeof(uuid_form) - 1)

static int hex_value(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	if (digit >= 'a' && digit <= 'f')
		return digit - 'a' + 10;
	if (digit >= 'A' && digit <= 'F')
		return digit - 'A' + 10;

	return -EINVAL;
}

/* The UUID that is the first @length characters of @text, and nothing else. */
static bool parse_uuid(const char *text, size_t length, unsigned char *ret_uuid)
{
	unsigned int digits = 0;

	if (length == UUID_LENGTH + 4 && strncmp(text, "GPU-", 4) == 0) {
		text += 4;
		length -= 4;
	}
	if (length != UUID_LENGTH)
		return false;

	for (size_t i = 0; i < length; i++) {
		int value = hex_value(text[i]);

		if (uuid_form[i] == '-' && text[i] == '-')
			continue;
		if (uuid_form[i] == '-' || value < 0)
			return false;

		ret_uuid[digits / 2] = (unsigned char)(ret_uuid[digits / 2] << 4 | value);
		digits++;
	}

	return true;
}

static bool parse_pair(const char *text, size_t length, struct device_pair *ret_pair)
{
	const char *equals = memchr(text, '=', length);

	if (!equals)
		return false;

	return parse_uuid(text, (size_t)(equals - text), ret_pair->from) &&
	       parse_uuid(equals + 1, length - (size_t)(equals + 1 - text), ret_pair->to);
}

static unsigned int count_parts(const char *text)
{
	unsigned int parts = 1;

	for (; *text; text++)
		parts += *text == ',';

	return parts;
}

int device_pairs_parse(const char *text, struct device_pairs *ret_pairs)
{
	unsigned int count = count_parts(text);
	struct device_pair *autofree pairs = calloc(count, sizeof(*pairs));

	if (!pairs)
		return -ENOMEM;

	for (unsigned int i = 0; i < count; i++) {
		size_t length = strcspn(text, ",");

		if (!parse_pair(text, length, &pairs[i])) {
			fprintf(stderr,
				"cuda-checkpoint: invalid pair \"%.*s\" in the device "
				"map: "
				"it must be OLD=NEW, two UUIDs of GPUs\n",
				(int)length, text);
			return -EINVAL;
		}
		text += length + 1;
	}

	*ret_pairs = (struct device_pairs){ .pairs = pairs, .count = count };
	pairs = NULL;
	return 0;
}

void device_pairs_release(struct device_pairs *pairs)
{
	free(pairs->pairs);
	*pairs = (struct device_pairs){ .pairs = NULL };
}
