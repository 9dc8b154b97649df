/* SPDX-License-Identifier: GPL-2.0-only */
#include "version.h"

#include "settings.h"

int version_of_driver(void)
{
	const unsigned int usual = 13000;
	unsigned int version;

	if (settings_number("CUDA_SIM_DRIVER_VERSION", usual, &version) < 0)
		return (int)usual;
	return (int)version;
}
