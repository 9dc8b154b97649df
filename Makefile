# SPDX-License-Identifier: GPL-2.0-only
#
#   make            the plugin, the utility, criu-cuda and the manual pages, under build/
#   make demo       dump and restore a CUDA program; sets everything up
#   make check      all tests that need no GPU; sets everything up
#   make check-fault CRIU killed at many moments of a dump; all that can fail fails once
#   make check-fuzz any bytes for all that reads foreign ones
#   make check-containers  runc, crun, podman and Kubernetes' calls, on the simulated GPU
#   make check-packages the packages, on fresh Debian 12 and 13
#   make check-zdtm CRIU's own tests, with the plugin in it
#   make check-gpu  the same scenarios on a real GPU
#   make bench      what the plugin takes, with one process at once and with many
#   make lint       formatting, static analysis, the rules of the layout
#   make dist       the source tarball, build/dist
#   make deb, make rpm the packages, build/packages; RPMBUILD=--nodeps on Debian
#   make install    DESTDIR, PREFIX, BINDIR, UTILITYDIR, MANDIR, PLUGINDIR
#
# V=1 shows the commands; SANITIZE=address,undefined; DEVELOPER=1 makes
# warnings errors; SHARED_LIBS=1 links no archives. CFLAGS and LDFLAGS are the user's.

PREFIX ?= /usr/local
BINDIR ?= $(PREFIX)/bin
MANDIR ?= $(PREFIX)/share/man
# Elsewhere than on PATH, the plugin runs it there: what a package wants, beside NVIDIA's.
UTILITYDIR ?= $(BINDIR)
PLUGINDIR ?= $(if $(filter /usr,$(PREFIX)),/usr/lib/criu,$(PREFIX)/lib/criu)
BUILD ?= build
CC ?= cc
CFLAGS ?= -O2 -g

MAKEFLAGS += --no-builtin-rules
.SUFFIXES:
.DELETE_ON_ERROR:
.SECONDARY:
Q = $(if $(V),,@)
say = $(if $(V),,@printf '  %-5s %s\n' $(1) $(2);)
comma = ,

# --- flags ------------------------------------------------------------------
warnings = -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wformat=2 \
	   -Wundef -Wwrite-strings -Wpointer-arith -Wvla -Wswitch-enum $(if $(DEVELOPER),-Werror)
sanitize = $(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-sanitize-recover=all -fno-omit-frame-pointer)
our_cflags = -std=gnu11 -D_GNU_SOURCE -fPIC -fvisibility=hidden -fstack-protector-strong \
	     $(warnings) $(sanitize) $(utility_flag) $(libs_flag)
utility_flag = $(if $(filter-out $(BINDIR),$(UTILITYDIR)),-DUTILITY=\"$(UTILITYDIR)/cuda-checkpoint\")
# Below the system's libraries the folder is the one in which its CRIU looks.
libs_flag = $(if $(filter-out /usr/lib/criu,$(filter /usr/lib%,$(PLUGINDIR))),-DLIBS_DIRECTORY=\"$(PLUGINDIR)\")
our_ldflags = $(sanitize)
# CRIU's public header: the system's where it is of 4.0 or newer, else the one get-criu brings.
criu_cflags := $(shell scripts/criu-cflags)
# Libraries are linked in, and hidden: the binary serves everywhere, whatever is there, and
# CRIU's own copy of one may be another. libjson-c is for criu-cuda. With SHARED_LIBS=1 they are
# the system's, for a package of a system that has no archives of them.
hidden = -Wl,--exclude-libs,ALL
libraries = protobuf-c zstd xxhash json-c
static_libs = $(if $(SHARED_LIBS),$(addprefix -l,$(libraries)),$(patsubst %,-l:lib%.a,$(libraries)))

includes = $(addprefix -iquote ,plugins/cuda cuda-checkpoint criu-cuda test/fake test/gpu-sim test/apps . $(BUILD))

# --- products ---------------------------------------------------------------
objects = $(patsubst %.c,$(BUILD)/%.o,$(sort $(1)))
plugin = $(BUILD)/plugins/cuda/cuda_plugin.so
utility = $(BUILD)/cuda-checkpoint/cuda-checkpoint
criu_cuda = $(BUILD)/criu-cuda/criu-cuda
format_objects = $(patsubst %.proto,$(BUILD)/%.pb-c.o,$(sort $(wildcard images/*.proto)))
plugin_objects = $(call objects,$(wildcard plugins/cuda/*.c)) $(format_objects)
utility_objects = $(call objects,$(wildcard cuda-checkpoint/*.c) plugins/cuda/cuda_state.c)
# What looks at the machine and its processes, and brings them back.
criu_cuda_of_machine = $(addprefix plugins/cuda/,tool.c operation.c run.c answer_line.c utility.c \
	spawn.c sigchld.c cuda_state.c memory_answer.c remedy.c log.c options.c option_value.c \
	driver_version.c memory_cgroup.c cgroup_directory.c memory_file.c memory_room.c proc.c proc_libcuda.c \
	process_tree.c gpu_sharing.c at_work.c host_buffer.c host_buffer_image.c buffer_marker.c pagemap.c progress.c memory_map.c \
	remote_memory.c memory_image_write.c)
criu_cuda_objects = $(call objects,$(wildcard criu-cuda/*.c criu-cuda/*/*.c) $(addprefix plugins/cuda/, \
	memory_image_read.c memory_image_format.c memory_chunk.c image_file.c crew.c reason.c \
	inventory.c machine.c) $(criu_cuda_of_machine)) $(format_objects)

# Where there is no asciidoctor the rest is built all the same.
pages = $(patsubst doc/%.adoc,$(BUILD)/doc/%.1,$(sort $(wildcard doc/*.adoc)))
asciidoctor := $(shell command -v asciidoctor)

.PHONY: all
all: $(plugin) $(utility) $(criu_cuda) $(if $(asciidoctor),$(pages))

$(plugin): $(plugin_objects)
	$(call say,LD,$@)$(CC) -shared -pthread $(our_ldflags) $(LDFLAGS) -Wl,-z,now -Wl,-z,relro -o $@ $^ \
		$(hidden) $(static_libs)

$(utility): $(utility_objects)
	$(call say,LD,$@)$(CC) $(our_ldflags) $(LDFLAGS) -Wl,-z,now -o $@ $^ -ldl

$(criu_cuda): $(criu_cuda_objects)
	$(call say,LD,$@)$(CC) -pthread $(our_ldflags) $(LDFLAGS) -Wl,-z,now -Wl,-z,relro -o $@ $^ \
		$(hidden) $(static_libs)

version = $(shell sed -n 's/^\#define VERSION "\(.*\)"/\1/p' plugins/cuda/version.h)
$(BUILD)/doc/%.1: doc/%.adoc plugins/cuda/version.h
	@mkdir -p $(@D)
	$(call say,MAN,$@)asciidoctor -b manpage --failure-level=WARN -a version=$(version) -o $@ $<

# --- compiling --------------------------------------------------------------
$(BUILD)/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,CC,$@)$(CC) $(our_cflags) $(criu_cflags) $(includes) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/%.pb-c.c $(BUILD)/%.pb-c.h &: %.proto
	@mkdir -p $(@D)
	$(call say,PROTO,$@)protoc-c --c_out=$(BUILD) $<

$(BUILD)/%.pb-c.o: $(BUILD)/%.pb-c.c $(BUILD)/flags
	$(call say,CC,$@)$(CC) $(our_cflags) -Wno-undef -iquote $(BUILD) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/plugins/cuda/inventory.o: $(BUILD)/images/inventory.pb-c.h
$(BUILD)/plugins/cuda/memory_image_format.o: $(BUILD)/images/cuda-memory.pb-c.h
$(BUILD)/plugins/cuda/host.o $(BUILD)/plugins/cuda/cuda_plugin.o: | criu-header

.PHONY: criu-header
criu-header:
	@[ -n '$(criu_cflags)' ] || { echo 'no criu-plugin.h of CRIU 4.0 or newer: scripts/get-criu 4.2.1' >&2; exit 1; }

# Changed flags rebuild everything.
flags_now = $(CC) $(our_cflags) $(criu_cflags) $(CPPFLAGS) $(CFLAGS) $(our_ldflags) $(LDFLAGS) $(static_libs)
$(BUILD)/flags: force
	@mkdir -p $(@D)
	@echo '$(flags_now)' | cmp -s - $@ || echo '$(flags_now)' >$@
.PHONY: force
force:

# --- everything else ---------------------------------------------------------------
criu_versions = 4.1.1 4.2.1 4.3

.PHONY: demo
demo:
	$(Q)scripts/setup demo
	$(Q)for v in $(criu_versions); do scripts/get-criu $$v && exit; done; exit 1
	$(Q)$(MAKE) --no-print-directory all test-programs
	$(Q)scripts/demo

.PHONY: lint
lint:
	$(Q)scripts/setup lint
	$(Q)for v in $(criu_versions); do scripts/get-criu $$v && exit; done; exit 1
	$(Q)$(MAKE) --no-print-directory lint-source

.PHONY: lint-source
lint-source: $(BUILD)/images/inventory.pb-c.h $(BUILD)/images/cuda-memory.pb-c.h
	$(Q)scripts/lint -std=gnu11 -D_GNU_SOURCE $(criu_cflags) $(includes)

# --- make install ---------------------------------------------------------------
.PHONY: install
install: all
	install -D -m 755 $(plugin) '$(DESTDIR)$(PLUGINDIR)/cuda_plugin.so'
	install -D -m 755 $(utility) '$(DESTDIR)$(UTILITYDIR)/cuda-checkpoint'
	install -D -m 755 $(criu_cuda) '$(DESTDIR)$(BINDIR)/criu-cuda'
	$(if $(asciidoctor),install -d '$(DESTDIR)$(MANDIR)/man1')
	$(if $(asciidoctor),install -m 644 $(pages) '$(DESTDIR)$(MANDIR)/man1')

.PHONY: uninstall
uninstall:
	rm -f '$(DESTDIR)$(PLUGINDIR)/cuda_plugin.so' '$(DESTDIR)$(UTILITYDIR)/cuda-checkpoint' \
		'$(DESTDIR)$(BINDIR)/criu-cuda' \
		$(patsubst $(BUILD)/doc/%,'$(DESTDIR)$(MANDIR)/man1/%',$(pages))

# --- source tarball and packages ----------------------------------------------
# CRIU's header where the system has none of 4.0 or newer.
criu_headers = $(filter $(CURDIR)/build/criu/%,$(criu_cflags))

.PHONY: dist deb rpm
dist:
	$(Q)scripts/dist

deb:
	$(Q)CRIU_HEADERS='$(criu_headers)' packaging/build-deb "$$(scripts/dist)" $(BUILD)/packages

rpm:
	$(Q)CRIU_HEADERS='$(criu_headers)' packaging/build-rpm "$$(scripts/dist)" $(BUILD)/packages $(RPMBUILD)

include test/check.mk

.PHONY: clean
clean:
	rm -rf $(BUILD)/doc $(BUILD)/plugins $(BUILD)/cuda-checkpoint $(BUILD)/criu-cuda $(BUILD)/images $(BUILD)/test $(BUILD)/flags

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
