/* SPDX-License-Identifier: GPL-2.0-only */
#include "plugin_file.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#define DESCRIPTOR    "CR_PLUGIN_DESC"
#define OUR_VARIABLE  "CRIU_CUDA_PLUGIN_OPTIONS"
#define FILE_SIZE_MAX (64u << 20)

#if defined(__x86_64__)
#define MACHINE EM_X86_64
#elif defined(__aarch64__)
#define MACHINE EM_AARCH64
#endif

/* As CRIU's public header has it; the hooks follow. */
struct descriptor {
	uint64_t name, init, exit;
	uint32_t version, max_hooks;
};

struct file {
	const unsigned char *bytes;
	size_t size;
};

/* Copy @size bytes at @offset; they need not be aligned. Return: are they there? */
static bool get(const struct file *file, uint64_t offset, void *ret_bytes, size_t size)
{
	if (offset > file->size || size > file->size - offset)
		return false;

	memcpy(ret_bytes, file->bytes + offset, size);
	return true;
}

/* Is the text @name, with its zero, at @offset of @strings? */
static bool has_text(const struct file *file, const Elf64_Shdr *strings, uint64_t offset,
		     const char *name)
{
	char text[sizeof(DESCRIPTOR)];

	return offset < strings->sh_size && strings->sh_offset < file->size &&
	       get(file, strings->sh_offset + offset, text, strlen(name) + 1) &&
	       memcmp(text, name, strlen(name) + 1) == 0;
}

static bool get_section(const struct file *file, const Elf64_Ehdr *elf, unsigned int i,
			Elf64_Shdr *ret_section)
{
	return i < elf->e_shnum && elf->e_shoff < file->size &&
	       get(file, elf->e_shoff + (uint64_t)i * sizeof(*ret_section), ret_section,
		   sizeof(*ret_section));
}

/* Where the descriptor is in memory, 0 if there is none among the @symbols. */
static uint64_t find_in(const struct file *file, const Elf64_Ehdr *elf,
			const Elf64_Shdr *symbols)
{
	Elf64_Shdr strings;
	Elf64_Sym symbol;

	if (symbols->sh_offset >= file->size ||
	    !get_section(file, elf, symbols->sh_link, &strings))
		return 0;

	for (uint64_t at = 0; at < symbols->sh_size; at += sizeof(symbol)) {
		if (!get(file, symbols->sh_offset + at, &symbol, sizeof(symbol)))
			return 0;
		if (symbol.st_shndx != SHN_UNDEF &&
		    has_text(file, &strings, symbol.st_name, DESCRIPTOR))
			return symbol.st_value;
	}

	return 0;
}

static uint64_t find_descriptor(const struct file *file, const Elf64_Ehdr *elf)
{
	Elf64_Shdr section;
	uint64_t address = 0;

	for (unsigned int i = 0; !address && get_section(file, elf, i, &section); i++)
		if (section.sh_type == SHT_DYNSYM)
			address = find_in(file, elf, &section);

	return address;
}

/* Copy what the file has for @address in memory. Return: has it? */
static bool get_loaded(const struct file *file, const Elf64_Ehdr *elf, uint64_t address,
		       void *ret_bytes, size_t size)
{
	Elf64_Phdr part;

	for (unsigned int i = 0; i < elf->e_phnum && elf->e_phoff < file->size; i++) {
		if (!get(file, elf->e_phoff + (uint64_t)i * sizeof(part), &part,
			 sizeof(part)))
			return false;
		if (part.p_type == PT_LOAD && part.p_offset < file->size &&
		    address >= part.p_vaddr && address - part.p_vaddr < part.p_filesz &&
		    size <= part.p_filesz - (address - part.p_vaddr))
			return get(file, part.p_offset + (address - part.p_vaddr),
				   ret_bytes, size);
	}

	return false;
}

static bool is_of_this_machine(const Elf64_Ehdr *elf)
{
	return memcmp(elf->e_ident, ELFMAG, SELFMAG) == 0 &&
	       elf->e_ident[EI_CLASS] == ELFCLASS64 &&
	       elf->e_ident[EI_DATA] == ELFDATA2LSB && elf->e_machine == MACHINE &&
	       elf->e_type == ET_DYN && elf->e_shentsize == sizeof(Elf64_Shdr) &&
	       elf->e_phentsize == sizeof(Elf64_Phdr);
}

int plugin_file_parse(const unsigned char *bytes, size_t size,
		      struct plugin_file *ret_file, char ret_reason[REASON_MAX])
{
	const struct file file = { .bytes = bytes, .size = size };
	struct descriptor descriptor;
	uint64_t address;
	Elf64_Ehdr elf;

	if (!get(&file, 0, &elf, sizeof(elf)) || !is_of_this_machine(&elf))
		return reason_set(ret_reason, -EBADMSG,
				  "it is no shared object for this machine");

	address = find_descriptor(&file, &elf);
	if (!address)
		return reason_set(ret_reason, -EBADMSG,
				  "it is no plugin for CRIU: it has no " DESCRIPTOR);
	if (!get_loaded(&file, &elf, address, &descriptor, sizeof(descriptor)))
		return reason_set(ret_reason, -EBADMSG, "its " DESCRIPTOR " is damaged");

	*ret_file = (struct plugin_file){
		.version = descriptor.version,
		.hooks = descriptor.max_hooks,
		.is_ours = memmem(bytes, size, OUR_VARIABLE, sizeof(OUR_VARIABLE)),
	};
	return 0;
}

/* --- the file ----------------------------------------------------------------------- */

static int read_all(int fd, unsigned char *bytes, size_t size)
{
	for (size_t done = 0; done < size;) {
		ssize_t length = read(fd, bytes + done, size - done);

		if (length < 0)
			return -errno;
		if (length == 0)
			return -ENODATA;
		done += (size_t)length;
	}

	return 0;
}

static int load(const char *path, unsigned char **ret_bytes, size_t *ret_size)
{
	/* A FIFO is not waited for. */
	int fd autoclose = openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	unsigned char *bytes;
	struct stat status;
	int ret;

	if (fd < 0 || fstat(fd, &status) < 0)
		return -errno;
	if (!S_ISREG(status.st_mode))
		return -EINVAL;
	if (status.st_size > FILE_SIZE_MAX)
		return -EFBIG;

	bytes = malloc((size_t)status.st_size + 1);
	if (!bytes)
		return -ENOMEM;
	ret = read_all(fd, bytes, (size_t)status.st_size);
	if (ret) {
		free(bytes);
		return ret;
	}

	*ret_bytes = bytes;
	*ret_size = (size_t)status.st_size;
	return 0;
}

int plugin_file_read(const char *path, struct plugin_file *ret_file,
		     char ret_reason[REASON_MAX])
{
	unsigned char *bytes autofree = NULL;
	size_t size = 0;
	int ret;

	ret = load(path, &bytes, &size);
	if (ret == -EINVAL)
		return reason_set(ret_reason, ret, "it is no regular file");
	if (ret)
		return reason_set(ret_reason, ret, "it cannot be read: %s",
				  strerror(-ret));

	return plugin_file_parse(bytes, size, ret_file, ret_reason);
}
