/* SPDX-License-Identifier: GPL-2.0-only */
#include "finding.h"

#include <errno.h>
#include <string.h>

const char *verdict_name(enum verdict verdict)
{
	static const char *const names[VERDICT_COUNT] = {
		[VERDICT_GOOD] = "good",
		[VERDICT_MISSING] = "missing",
		[VERDICT_INCOMPLETE] = "incomplete",
		[VERDICT_DAMAGED] = "damaged",
		[VERDICT_UNKNOWN] = "unknown",
		[VERDICT_UNREADABLE] = "unreadable",
		[VERDICT_WRONG] = "wrong",
	};

	return names[verdict];
}

/* The errors that memory_image.h and inventory.h tell apart. */
static enum verdict verdict_of(int error)
{
	switch (error) {
	case 0:
		return VERDICT_GOOD;
	case -ENOENT:
		return VERDICT_MISSING;
	case -ENODATA:
		return VERDICT_INCOMPLETE;
	case -EBADMSG:
		return VERDICT_DAMAGED;
	case -EPROTONOSUPPORT:
		return VERDICT_UNKNOWN;
	default:
		return VERDICT_UNREADABLE;
	}
}

static void explain(struct finding *finding, const char *reason)
{
	snprintf(finding->reason, sizeof(finding->reason), "%s", reason);
}

void finding_of_image(pid_t pid, int error, const char *reason,
		      struct finding *ret_finding)
{
	char name[MEMORY_IMAGE_NAME_SIZE];
	size_t length;

	memory_image_name(pid, name);
	*ret_finding = (struct finding){ .verdict = verdict_of(error) };
	snprintf(ret_finding->file, sizeof(ret_finding->file), "%s", name);
	if (!error)
		return;

	/* Reasons begin with the name, but for those that come before there is one. */
	length = strlen(name);
	if (strncmp(reason, name, length) == 0 && strncmp(reason + length, ": ", 2) == 0)
		reason += length + 2;
	explain(ret_finding, reason);
}

void finding_of_part(pid_t pid, struct finding *ret_finding)
{
	char name[MEMORY_IMAGE_NAME_SIZE];

	memory_image_name(pid, name);
	*ret_finding = (struct finding){ .verdict = VERDICT_INCOMPLETE };
	snprintf(ret_finding->file, sizeof(ret_finding->file), "%s" MEMORY_IMAGE_PART,
		 name);
	explain(ret_finding, "it was never finished: its writer is still at work, or "
			     "was killed");
}

void finding_of_inventory(int error, enum inventory_need need, bool needs_images,
			  size_t images, struct finding *ret_finding)
{
	*ret_finding = (struct finding){ .file = FINDING_INVENTORY,
					 .verdict = verdict_of(error) };

	if (error == -ENOENT) {
		explain(ret_finding, "it is not there: this is no complete dump");
	} else if (error == -EBADMSG) {
		explain(ret_finding, "it is no inventory, or damaged");
	} else if (error) {
		explain(ret_finding, strerror(-error));
	} else if (need == INVENTORY_NOT_NEEDED && images) {
		ret_finding->verdict = VERDICT_WRONG;
		explain(ret_finding,
			"it says that " FINDING_PLUGIN " is not needed, but there are "
			"GPU memory images: a restore would leave them out");
	} else if (needs_images && !images) {
		ret_finding->verdict = VERDICT_MISSING;
		explain(ret_finding, "it says that there are GPU memory images, and "
				     "there is none");
	}
}

const char *finding_need_text(enum inventory_need need)
{
	switch (need) {
	case INVENTORY_NEEDED:
		return FINDING_PLUGIN " is needed for a restore";
	case INVENTORY_NOT_NEEDED:
		return FINDING_PLUGIN " is not needed for a restore";
	case INVENTORY_UNSET:
	default:
		return "does not say whether " FINDING_PLUGIN " is needed for a restore";
	}
}

static void print(FILE *stream, enum verdict verdict, const char *file, const char *text)
{
	fprintf(stream, "%-10s  %s: %s\n", verdict_name(verdict), file, text);
}

void finding_print(FILE *stream, const struct finding *finding)
{
	print(stream, finding->verdict, finding->file, finding->reason);
}

void finding_print_good(FILE *stream, const char *file, const char *remark)
{
	print(stream, VERDICT_GOOD, file, remark);
}
