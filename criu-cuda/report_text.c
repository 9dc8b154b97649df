/* SPDX-License-Identifier: GPL-2.0-only */
#include "report.h"

#include <inttypes.h>

#include "foreign_text.h"
#include "quantity.h"

/* What has a length of its own is at the end. */
#define ROW "%7s %11s %11s %10s"
#define END " %8s  %-11s  %-18s  "

const char *report_compression(enum memory_image_compression compression)
{
	return compression == MEMORY_IMAGE_ZSTD ? "zstd" : "none";
}

static void print_head(FILE *stream, const struct inspection *inspection)
{
	char bytes[QUANTITY_SIZE];

	fprintf(stream, "directory  ");
	foreign_text_print(stream, inspection->directory);
	fprintf(stream, "\ninventory  %s\n",
		inspection->has_inventory ? finding_need_text(inspection->need)
					  : "cannot be read, see below");
	quantity_bytes(inspection->pages_bytes, bytes);
	fprintf(stream, "pages      %s in CRIU's own images, files: %zu\n\n", bytes,
		inspection->pages_files);
}

static void print_sizes(FILE *stream, const char *name, uint64_t memory, uint64_t file)
{
	char memory_text[QUANTITY_SIZE], file_text[QUANTITY_SIZE], share[QUANTITY_SIZE];

	quantity_bytes(memory, memory_text);
	quantity_bytes(file, file_text);
	quantity_share(file, memory, share);
	fprintf(stream, ROW, name, memory_text, file_text, share);
}

static void print_image(FILE *stream, const struct inspected_image *image)
{
	const struct memory_image_header *header = &image->header;
	const struct memory_image_summary *summary = &image->summary;
	char pid[16], zeros[QUANTITY_SIZE], address[32];

	snprintf(pid, sizeof(pid), "%d", (int)header->pid);
	snprintf(address, sizeof(address), "%#" PRIx64, header->address);
	quantity_share(summary->zero_chunks, summary->chunks, zeros);

	print_sizes(stream, pid, header->length, summary->file_size);
	fprintf(stream, END, zeros, report_compression(header->compression), address);
	foreign_text_print(stream, header->driver[0] ? header->driver : "-");
	fputc('\n', stream);
}

static void print_images(FILE *stream, const struct inspection *inspection)
{
	if (!inspection->image_count) {
		fputs("no whole GPU memory image\n", stream);
		return;
	}

	fprintf(stream, ROW END "%s\n", "pid", "memory", "file", "of memory", "zeros",
		"compression", "address", "driver");
	for (size_t i = 0; i < inspection->image_count; i++)
		print_image(stream, &inspection->images[i]);
	print_sizes(stream, "total", inspection_memory_bytes(inspection),
		    inspection_file_bytes(inspection));
	fputc('\n', stream);
}

/* The last line, which is the conclusion: it names the checks that made it. */
static void print_verdict(FILE *stream, const struct diagnoses *restore)
{
	static const char *const verdicts[] = {
		[GRADE_OK] = "it can be restored here",
		[GRADE_WARNING] = "it can perhaps be restored here; see: ",
		[GRADE_ERROR] = "it cannot be restored here: ",
	};
	const enum grade worst = diagnoses_worst(restore);
	size_t named = 0;

	fprintf(stream, "verdict  %s", verdicts[worst]);
	for (size_t i = 0; worst > GRADE_OK && i < restore->count; i++)
		if (restore->at[i].grade == worst)
			fprintf(stream, "%s%s", named++ ? ", " : "",
				restore->at[i].check);
	fputc('\n', stream);
}

void report_text(FILE *stream, const struct inspection *inspection,
		 const struct diagnoses *restore)
{
	print_head(stream, inspection);
	print_images(stream, inspection);

	if (inspection->problem_count)
		fputc('\n', stream);
	for (size_t i = 0; i < inspection->problem_count; i++)
		finding_print(stream, &inspection->problems[i]);

	fputc('\n', stream);
	diagnoses_print(stream, restore);
	print_verdict(stream, restore);
}
