/* SPDX-License-Identifier: GPL-2.0-only */
#include "verify.h"

#include "finding.h"
#include "quantity.h"

/* Print what was found of a file, now: the next one may take minutes. */
static bool tell(FILE *stream, const struct finding *finding, const char *remark)
{
	const bool is_good = finding->verdict == VERDICT_GOOD;

	if (is_good)
		finding_print_good(stream, finding->file, remark);
	else
		finding_print(stream, finding);
	fflush(stream);

	return is_good;
}

static bool verify_inventory(FILE *stream, const struct image_set *set)
{
	enum inventory_need need = INVENTORY_UNSET, images_need = INVENTORY_UNSET;
	struct finding finding;
	int ret;

	ret = inventory_read(set->dirfd, FINDING_PLUGIN, &need);
	if (!ret)
		ret = inventory_read(set->dirfd, FINDING_IMAGES, &images_need);
	finding_of_inventory(ret, need, images_need == INVENTORY_NEEDED,
			     set->images.count, &finding);
	return tell(stream, &finding, finding_need_text(need));
}

static int read_image(int dirfd, pid_t pid, unsigned int threads, uint64_t *ret_length,
		      char ret_reason[REASON_MAX])
{
	struct memory_image *image;
	int ret;

	ret = memory_image_open(dirfd, pid, &image, ret_reason);
	if (ret < 0)
		return ret;

	ret = memory_image_verify(image, threads, ret_reason);
	*ret_length = memory_image_header(image)->length;
	memory_image_close(image);
	return ret;
}

static bool verify_image(FILE *stream, int dirfd, pid_t pid, unsigned int threads)
{
	char reason[REASON_MAX] = "", remark[QUANTITY_SIZE];
	struct finding finding;
	uint64_t length = 0;
	int ret;

	ret = read_image(dirfd, pid, threads, &length, reason);
	finding_of_image(pid, ret, reason, &finding);
	quantity_bytes(length, remark);
	return tell(stream, &finding, remark);
}

static bool verify_part(FILE *stream, pid_t pid)
{
	struct finding finding;

	finding_of_part(pid, &finding);
	return tell(stream, &finding, "");
}

bool verify(FILE *stream, const struct image_set *set, unsigned int threads)
{
	const size_t files = 1 + set->images.count + set->parts.count;
	size_t good = 0;

	good += verify_inventory(stream, set);
	for (size_t i = 0; i < set->images.count; i++)
		good += verify_image(stream, set->dirfd, set->images.at[i], threads);
	for (size_t i = 0; i < set->parts.count; i++)
		good += verify_part(stream, set->parts.at[i]);

	if (good == files)
		fprintf(stream, "all good; GPU memory images: %zu\n", set->images.count);
	else
		fprintf(stream, "%zu of %zu files are not good\n", files - good, files);
	return good == files;
}
