/* SPDX-License-Identifier: GPL-2.0-only */
#include "quantity.h"

#include <stdio.h>

/* From here on one decimal would make 1024.0 of it. */
#define NEXT_UNIT 1023.95

void quantity_bytes(uint64_t bytes, char ret_text[QUANTITY_SIZE])
{
	static const char *const units[] = { "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
	double amount = (double)bytes / 1024;
	size_t unit = 0;

	if (bytes < 1024) {
		snprintf(ret_text, QUANTITY_SIZE, "%u B", (unsigned int)bytes);
		return;
	}

	for (; amount >= NEXT_UNIT; unit++)
		amount /= 1024;
	snprintf(ret_text, QUANTITY_SIZE, "%.1f %s", amount, units[unit]);
}

void quantity_share(uint64_t part, uint64_t whole, char ret_text[QUANTITY_SIZE])
{
	if (!whole)
		snprintf(ret_text, QUANTITY_SIZE, "-");
	else
		snprintf(ret_text, QUANTITY_SIZE, "%.1f %%",
			 100.0 * (double)part / (double)whole);
}
