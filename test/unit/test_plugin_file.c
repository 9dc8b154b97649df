/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Plugins for CRIU that are made up, byte for byte: whole, damaged, and cut anywhere.
 */
#include "doctor/plugin_file.h"

#include <elf.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#define ADDRESS 0x10000 /* of the descriptor, in memory */

struct descriptor {
	uint64_t name, init, exit;
	uint32_t version, hooks;
};

/* A whole file. */
static struct image {
	Elf64_Ehdr elf;
	Elf64_Phdr part;
	Elf64_Shdr sections[3]; /* nothing, the symbols, their names */
	Elf64_Sym symbols[2];
	char names[32];
	struct descriptor descriptor;
	char text[32];
} image;

static struct plugin_file file;
static char reason[REASON_MAX];

static int set_up(void **state)
{
	(void)state;
	memset(&image, 0, sizeof(image));
	memset(&file, 0, sizeof(file));
	memcpy(image.elf.e_ident, ELFMAG, SELFMAG);
	image.elf.e_ident[EI_CLASS] = ELFCLASS64;
	image.elf.e_ident[EI_DATA] = ELFDATA2LSB;
	image.elf.e_type = ET_DYN;
#if defined(__aarch64__)
	image.elf.e_machine = EM_AARCH64;
#else
	image.elf.e_machine = EM_X86_64;
#endif
	image.elf.e_phoff = offsetof(struct image, part);
	image.elf.e_phnum = 1;
	image.elf.e_phentsize = sizeof(Elf64_Phdr);
	image.elf.e_shoff = offsetof(struct image, sections);
	image.elf.e_shnum = 3;
	image.elf.e_shentsize = sizeof(Elf64_Shdr);
	image.part.p_type = PT_LOAD;
	image.part.p_offset = offsetof(struct image, descriptor);
	image.part.p_vaddr = ADDRESS;
	image.part.p_filesz = sizeof(image.descriptor);
	image.sections[1].sh_type = SHT_DYNSYM;
	image.sections[1].sh_link = 2;
	image.sections[1].sh_offset = offsetof(struct image, symbols);
	image.sections[1].sh_size = sizeof(image.symbols);
	image.sections[2].sh_type = SHT_STRTAB;
	image.sections[2].sh_offset = offsetof(struct image, names);
	image.sections[2].sh_size = sizeof(image.names);
	image.symbols[1].st_name = 1;
	image.symbols[1].st_shndx = 1;
	image.symbols[1].st_value = ADDRESS;
	memcpy(image.names + 1, "CR_PLUGIN_DESC", sizeof("CR_PLUGIN_DESC"));
	image.descriptor.version = 0x200;
	image.descriptor.hooks = 12;
	memcpy(image.text, "CRIU_CUDA_PLUGIN_OPTIONS",
	       sizeof("CRIU_CUDA_PLUGIN_OPTIONS"));
	return 0;
}

static int parse(size_t size)
{
	/* Where nothing behind it may be read. */
	unsigned char *bytes = malloc(size ? size : 1);
	int ret;

	assert_non_null(bytes);
	memcpy(bytes, &image, size);
	ret = plugin_file_parse(bytes, size, &file, reason);
	free(bytes);
	return ret;
}

static void refused(const char *expected)
{
	assert_int_equal(parse(sizeof(image)), -EBADMSG);
	assert_string_equal(reason, expected);
}

static void a_plugin_is_understood(void **state)
{
	(void)state;
	assert_int_equal(parse(sizeof(image)), 0);
	assert_int_equal(file.version, 0x200);
	assert_int_equal(file.hooks, 12);
	assert_true(file.is_ours);
}

static void a_plugin_of_others_is_told_apart(void **state)
{
	(void)state;
	image.text[0] = 'x';
	image.descriptor.version = 0x300;
	assert_int_equal(parse(sizeof(image)), 0);
	assert_int_equal(file.version, 0x300);
	assert_false(file.is_ours);
}

static void what_is_no_shared_object_is_refused(void **state)
{
	static const char no_object[] = "it is no shared object for this machine";

	(void)state;
	image.elf.e_ident[0] = 0;
	refused(no_object);
	set_up(NULL);
	image.elf.e_ident[EI_CLASS] = ELFCLASS32;
	refused(no_object);
	set_up(NULL);
	image.elf.e_machine = EM_386;
	refused(no_object);
	set_up(NULL);
	image.elf.e_type = ET_EXEC;
	refused(no_object);
}

static void one_without_a_descriptor_is_refused(void **state)
{
	static const char no_plugin[] =
		"it is no plugin for CRIU: it has no CR_PLUGIN_DESC";

	(void)state;
	image.names[3] = 'x';
	refused(no_plugin);
	set_up(NULL);
	image.symbols[1].st_shndx = SHN_UNDEF;
	refused(no_plugin);
	set_up(NULL);
	image.sections[1].sh_type = SHT_SYMTAB;
	refused(no_plugin);
	set_up(NULL);
	image.sections[1].sh_offset = UINT64_MAX;
	refused(no_plugin);
	set_up(NULL);
	image.sections[2].sh_offset = UINT64_MAX - 8;
	refused(no_plugin);
	set_up(NULL);
	image.elf.e_shoff = UINT64_MAX - 8;
	refused(no_plugin);
}

static void a_descriptor_that_is_not_in_the_file_is_refused(void **state)
{
	static const char damaged[] = "its CR_PLUGIN_DESC is damaged";

	(void)state;
	image.symbols[1].st_value = ADDRESS + 8;
	refused(damaged);
	set_up(NULL);
	image.part.p_filesz = sizeof(struct descriptor) - 1;
	refused(damaged);
	set_up(NULL);
	image.part.p_offset = UINT64_MAX - 8;
	refused(damaged);
	set_up(NULL);
	image.elf.e_phoff = UINT64_MAX - 8;
	refused(damaged);
}

static void one_that_is_cut_anywhere_is_refused(void **state)
{
	(void)state;
	for (size_t size = 0; size < offsetof(struct image, text); size++)
		assert_int_equal(parse(size), -EBADMSG);
}

static void files_that_cannot_be_read_are_told(void **state)
{
	(void)state;
	assert_int_equal(plugin_file_read("/nowhere/cuda_plugin.so", &file, reason),
			 -ENOENT);
	assert_string_equal(reason, "it cannot be read: No such file or directory");
	assert_int_equal(plugin_file_read("/", &file, reason), -EINVAL);
	assert_string_equal(reason, "it is no regular file");
	assert_int_equal(plugin_file_read("/dev/null", &file, reason), -EINVAL);
	/* A program of ours, which is whole and no plugin. */
	assert_int_equal(plugin_file_read("/proc/self/exe", &file, reason), -EBADMSG);
}

#define CASE(test) cmocka_unit_test_setup(test, set_up)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_plugin_is_understood),
		CASE(a_plugin_of_others_is_told_apart),
		CASE(what_is_no_shared_object_is_refused),
		CASE(one_without_a_descriptor_is_refused),
		CASE(a_descriptor_that_is_not_in_the_file_is_refused),
		CASE(one_that_is_cut_anywhere_is_refused),
		CASE(files_that_cannot_be_read_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
