/* SPDX-License-Identifier: GPL-2.0-only */
#include "images.h"

#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "cleanup.h"
#include "images/inventory.pb-c.h"

/* The list of plugins is field 12; ours is one of its names. */
static const uint8_t field_12[15] = "\x62\x0d\x62\x0b" IMAGES_PLUGIN;

int images_setup(void **ret_state)
{
	struct images *images = calloc(1, sizeof(*images));

	assert_non_null(images);
	*images = (struct images){ .path = "/tmp/test_inventory.XXXXXX" };
	assert_non_null(mkdtemp(images->path));
	images->dirfd = open(images->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(images->dirfd >= 0);
	*ret_state = images;

	return 0;
}

int images_teardown(void **state)
{
	struct images *images = *state;

	unlinkat(images->dirfd, IMAGES_INVENTORY, 0);
	close(images->dirfd);
	rmdir(images->path);
	free(images);

	return 0;
}

void images_set_length(struct images_file *file, size_t length)
{
	for (int i = 0; i < 4; i++)
		file->at[4 + i] = (uint8_t)(length >> 8 * i);
}

void images_frame(struct images_file *ret_file, const void *payload, size_t size)
{
	assert_true(IMAGES_HEADER + size <= IMAGES_FILE_MAX);
	ret_file->size = IMAGES_HEADER + size;
	memcpy(ret_file->at, "\x16\x31\x31\x58", 4);
	images_set_length(ret_file, size);
	memcpy(ret_file->at + IMAGES_HEADER, payload, size);
}

void images_build(struct images_file *ret_file, int n_names, const char *const names[])
{
	InventoryImage image = INVENTORY_IMAGE__INIT;
	InventoryPlugins plugins = INVENTORY_PLUGINS__INIT;
	uint8_t payload[IMAGES_FILE_MAX];

	image.image_version = 2;
	image.has_fdinfo_per_id = image.fdinfo_per_id = true;
	image.has_root_ids = true;
	image.root_ids.data =
		(uint8_t *)"\x08\x01\x10\x01\x18\x01\x20\x01\x28\x01\x30\x02";
	image.root_ids.len = 12;
	image.has_ns_per_id = image.ns_per_id = true;
	image.has_root_cgroup_set = true;
	image.root_cgroup_set = 1;
	image.has_security_module = true;
	image.security_module = -5;
	image.has_dump_uptime = true;
	image.dump_uptime = 123456789012;
	image.has_network_lock_method = true;
	image.network_lock_method = 1;
	image.dump_run_id = (char *)"3f0c5a9e-6f0e-4a2c-9d8b-2f6f4e7a1b00";
	plugins.n_names = n_names > 0 ? (size_t)n_names : 0;
	plugins.names = (char **)names;
	image.plugins = n_names >= 0 ? &plugins : NULL;

	assert_true(inventory_image__get_packed_size(&image) <= sizeof(payload));
	images_frame(ret_file, payload, inventory_image__pack(&image, payload));
}

void images_amend(struct images_file *ret_new, const struct images_file *old)
{
	*ret_new = *old;
	memcpy(ret_new->at + old->size, field_12, sizeof(field_12));
	ret_new->size += sizeof(field_12);
	images_set_length(ret_new, ret_new->size - IMAGES_HEADER);
}

void images_put(int dirfd, const struct images_file *file)
{
	int fd autoclose = openat(dirfd, IMAGES_INVENTORY,
				  O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, file->at, file->size), file->size);
}

void images_check(int dirfd, const struct images_file *expected)
{
	int fd autoclose = openat(dirfd, IMAGES_INVENTORY, O_RDONLY | O_CLOEXEC);
	uint8_t found[IMAGES_FILE_MAX + 1];

	assert_true(fd >= 0);
	assert_int_equal(read(fd, found, sizeof(found)), expected->size);
	assert_memory_equal(found, expected->at, expected->size);
}

void images_check_alone(int dirfd)
{
	int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir autoclosedir = fdopendir(fd);
	const struct dirent *entry;

	assert_non_null(dir);
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] != '.')
			assert_string_equal(entry->d_name, IMAGES_INVENTORY);
	}
}
