/* SPDX-License-Identifier: GPL-2.0-only */
#include "report.h"

#include <inttypes.h>

#include "foreign_text.h"

#define FORMAT 1

static const char *plugin_of(const struct inspection *inspection)
{
	static const char *const words[] = {
		[INVENTORY_UNSET] = "\"not said\"",
		[INVENTORY_NOT_NEEDED] = "\"not needed\"",
		[INVENTORY_NEEDED] = "\"needed\"",
	};

	return inspection->has_inventory ? words[inspection->need] : "null";
}

static void print_image(FILE *stream, const struct inspected_image *image)
{
	const struct memory_image_header *header = &image->header;
	const struct memory_image_summary *summary = &image->summary;
	char name[MEMORY_IMAGE_NAME_SIZE];

	memory_image_name(header->pid, name);
	fprintf(stream,
		"{\"pid\":%d,\"file\":\"%s\",\"memory_bytes\":%" PRIu64
		",\"file_bytes\":%" PRIu64 ",\"stored_bytes\":%" PRIu64
		",\"chunk_bytes\":%" PRIu32 ",\"chunks\":%" PRIu64
		",\"zero_chunks\":%" PRIu64 ",\"compression\":\"%s\"",
		(int)header->pid, name, header->length, summary->file_size,
		summary->stored, header->chunk_size, summary->chunks,
		summary->zero_chunks, report_compression(header->compression));
	/* A string: not every reader has integers of 64 bits. */
	fprintf(stream, ",\"address\":\"%#" PRIx64 "\",\"driver\":", header->address);
	foreign_text_print_json(stream, header->driver);
	fputc('}', stream);
}

static void print_problem(FILE *stream, const struct finding *finding)
{
	fprintf(stream, "{\"file\":\"%s\",\"verdict\":\"%s\",\"reason\":", finding->file,
		verdict_name(finding->verdict));
	foreign_text_print_json(stream, finding->reason);
	fputc('}', stream);
}

void report_json(FILE *stream, const struct inspection *inspection,
		 const struct diagnoses *restore)
{
	fprintf(stream, "{\"format\":%d,\"directory\":", FORMAT);
	foreign_text_print_json(stream, inspection->directory);
	fprintf(stream, ",\"plugin\":%s,\"images\":[", plugin_of(inspection));
	for (size_t i = 0; i < inspection->image_count; i++) {
		fputs(i ? "," : "", stream);
		print_image(stream, &inspection->images[i]);
	}
	fprintf(stream,
		"],\"memory_bytes\":%" PRIu64 ",\"file_bytes\":%" PRIu64
		",\"pages\":{\"files\":%zu,\"bytes\":%" PRIu64 "},\"problems\":[",
		inspection_memory_bytes(inspection), inspection_file_bytes(inspection),
		inspection->pages_files, inspection->pages_bytes);
	for (size_t i = 0; i < inspection->problem_count; i++) {
		fputs(i ? "," : "", stream);
		print_problem(stream, &inspection->problems[i]);
	}
	fputs("],\"restore\":{", stream);
	diagnoses_print_json_members(stream, restore);
	fputs("}}\n", stream);
}
