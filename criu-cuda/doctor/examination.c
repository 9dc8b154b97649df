/* SPDX-License-Identifier: GPL-2.0-only */
#include "examination.h"

#include <stdlib.h>

enum inventory_need examination_need(const struct examination *examination)
{
	return examination->images ? inspection_need(examination->images)
				   : INVENTORY_NEEDED;
}

void examination_release(struct examination *examination)
{
	free(examination->patient.tree);
	free(examination->patient.cuda);
	examination->patient = (struct patient){ .pid = 0 };
}
