/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <errno.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>

#include "scratch.h"
#include "target/maps.h"

#define PAGE 4096UL

static struct process *self;

static int make(void **state)
{
	struct error err;

	if (scratch__make(state))
		return -1;
	return process__open(getpid(), &self, &err);
}

static int clean(void **state)
{
	process__free(self);
	return scratch__remove(state);
}

/* Lines as the kernel writes them. */
static void lines(void **state)
{
	struct maps maps = {0};
	const struct mapping *m;

	(void)state;
	assert_int_equal(maps__add_line(&maps, "5581c000-5581d000 r--p 0001f000 fd:01 1234567                    "
					       "/usr/bin/a b\\012c\\040d"),
			 0);
	assert_int_equal(maps__add_line(&maps, "7f0000001000-7f0000003000 rw-s 100000000 00:05 99          "
					       "/memfd:x (deleted)"),
			 0);
	assert_int_equal(maps__add_line(&maps, "7f0000003000-7f0000004000 ---p 00000000 00:00 0 "), 0);
	assert_int_equal(maps__add_line(&maps, "7fff00000000-7fff00002000 r-xp 00000000 00:00 0          [vdso]"), 0);
	assert_int_equal(maps__add_line(&maps, "ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0    "
					       "[vsyscall]"),
			 0);
	assert_int_equal(maps.count, 5);
	m = &maps.mappings[0];
	assert_int_equal(m->start, 0x5581c000);
	assert_int_equal(m->limit, 0x5581d000);
	assert_int_equal(m->offset, 0x1f000);
	assert_int_equal(m->device, makedev(0xfd, 1));
	assert_int_equal(m->inode, 1234567);
	assert_true(m->readable && !m->writable && !m->executable && !m->shared && !m->deleted);
	assert_string_equal(m->path, "/usr/bin/a b\nc\\040d"); /* only the newline is escaped */
	m = &maps.mappings[1];
	assert_int_equal(m->offset, 0x100000000); /* beyond 32 bits */
	assert_true(m->readable && m->writable && !m->executable && m->shared && m->deleted);
	assert_string_equal(m->path, "/memfd:x");
	m = &maps.mappings[2];
	assert_true(!m->readable && !m->writable && !m->executable && !m->shared && !m->deleted);
	assert_null(m->path);
	assert_int_equal(m->inode, 0);
	assert_true(maps.mappings[3].executable);
	assert_string_equal(maps.mappings[3].path, "[vdso]");
	assert_int_equal(maps.mappings[4].start, 0xffffffffff600000);
	maps__free(&maps);
	assert_int_equal(maps.count, 0);
	assert_null(maps.mappings);
}

static void bad_lines(void **state)
{
	static const char *const bad[] = {
		"",
		"hello",
		"1000-2000",
		"1000-2000 r-xp 0 00:00",
		"1000-2000 r-x 0 00:00 0 ",
		"2000-1000 r-xp 0 00:00 0 /a",
		"2000-2000 r-xp 0 00:00 0 /a",
		"x000-2000 r-xp 0 00:00 0 /a",
	};
	struct maps maps = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(maps__add_line(&maps, bad[i]), -EINVAL);
	assert_int_equal(maps.count, 0);
	maps__free(&maps);
}

static void overlaps(void **state)
{
	struct maps maps = {0};

	(void)state;
	assert_int_equal(maps__add_line(&maps, "1000-3000 r--p 0 00:00 0 /a"), 0);
	assert_int_equal(maps__add_line(&maps, "3000-5000 r--p 0 00:00 0 /b"), 0);
	assert_int_equal(maps__add_line(&maps, "5000-6000 r--p 0 00:00 0 /c"), 0);
	assert_int_equal(maps__add_line(&maps, "2000-7000 r--p 0 00:00 0 /d"), 0);
	assert_int_equal(maps.count, 2);
	assert_int_equal(maps.mappings[0].limit, 0x2000);
	assert_string_equal(maps.mappings[0].path, "/a");
	assert_string_equal(maps.mappings[1].path, "/d");
	maps__free(&maps);
}

static void find(void **state)
{
	struct maps maps = {0};

	(void)state;
	assert_null(maps__find(&maps, 0));
	assert_int_equal(maps__add_line(&maps, "1000-3000 r--p 0 00:00 0 /a"), 0);
	assert_int_equal(maps__add_line(&maps, "3000-5000 r--p 0 00:00 0 /b"), 0);
	assert_int_equal(maps__add_line(&maps, "8000-9000 r--p 0 00:00 0 /c"), 0);
	assert_null(maps__find(&maps, 0xfff));
	assert_ptr_equal(maps__find(&maps, 0x1000), &maps.mappings[0]);
	assert_ptr_equal(maps__find(&maps, 0x2fff), &maps.mappings[0]);
	assert_ptr_equal(maps__find(&maps, 0x3000), &maps.mappings[1]);
	assert_null(maps__find(&maps, 0x5000));
	assert_null(maps__find(&maps, 0x7fff));
	assert_ptr_equal(maps__find(&maps, 0x8fff), &maps.mappings[2]);
	assert_null(maps__find(&maps, 0x9000));
	assert_null(maps__find(&maps, UINT64_MAX));
	maps__free(&maps);
}

/* Maps the second page of a two-page file with the letter in it. The address is the caller's to unmap. */
static char *map_file(const char *name, char letter, int prot, struct stat *st)
{
	char content[2 * PAGE];
	char *address;
	int fd;

	memset(content, letter, sizeof(content));
	scratch__write(name, content, sizeof(content));
	fd = scratch__open(name);
	assert_int_equal(fstat(fd, st), 0);
	address = mmap(NULL, PAGE, prot, MAP_PRIVATE, fd, PAGE);
	assert_ptr_not_equal(address, MAP_FAILED);
	close(fd);
	return address;
}

static const struct mapping *read_and_find(struct maps *maps, const char *address)
{
	struct error err = {0};
	const struct mapping *mapping;

	if (maps__read(self, maps, &err))
		fail_msg("%s", err.text);
	mapping = maps__find(maps, (uint64_t)address);
	assert_non_null(mapping);
	return mapping;
}

static void expect_letter(int fd, char letter)
{
	char c = 0;

	assert_true(fd >= 0);
	assert_int_equal(read(fd, &c, 1), 1);
	assert_int_equal(c, letter);
	close(fd);
}

static void own_mappings(void **state)
{
	struct maps maps = {0};
	const struct mapping *m;
	struct stat st;
	char *address = map_file("a b\nc", 'x', PROT_READ | PROT_EXEC, &st);

	(void)state;
	m = read_and_find(&maps, address);
	assert_int_equal(m->start, (uint64_t)address);
	assert_int_equal(m->limit, (uint64_t)address + PAGE);
	assert_int_equal(m->offset, PAGE);
	assert_int_equal(m->inode, st.st_ino);
	assert_true(m->readable && !m->writable && m->executable && !m->shared && !m->deleted);
	assert_string_equal(m->path, scratch__path("a b\nc"));
	expect_letter(maps__open_file(self, m), 'x');
	m = maps__find(&maps, (uint64_t)&maps);
	assert_non_null(m);
	assert_string_equal(m->path, "[stack]");
	assert_int_equal(maps__open_file(self, m), -ENOENT);
	for (size_t i = 1; i < maps.count; i++)
		assert_true(maps.mappings[i - 1].limit <= maps.mappings[i].start);
	maps__free(&maps);
	munmap(address, PAGE);
}

static void anonymous(void **state)
{
	char *address = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct maps maps = {0};
	const struct mapping *m;
	char path[4096];

	(void)state;
	m = read_and_find(&maps, address);
	assert_null(m->path);
	assert_int_equal(m->inode, 0);
	assert_int_equal(maps__open_file(self, m), -ENOENT);
	assert_int_equal(maps__file_path(self, m, path, sizeof(path)), -ENOENT);
	maps__free(&maps);
	munmap(address, PAGE);
}

/* The file is deleted and another takes its path: that of the mapping is still what is opened. */
static void replaced_file(void **state)
{
	struct maps maps = {0};
	const struct mapping *m;
	char path[4096], expected[256];
	struct stat st;
	char *address = map_file("library", 'o', PROT_READ, &st);

	(void)state;
	assert_int_equal(unlink(scratch__path("library")), 0);
	scratch__write("library", "new", 3);
	m = read_and_find(&maps, address);
	assert_true(m->deleted);
	assert_string_equal(m->path, scratch__path("library"));
	expect_letter(maps__open_file(self, m), 'o');
	scratch__format(expected, sizeof(expected), "/proc/%d/map_files/%lx-%lx", getpid(), m->start, m->limit);
	assert_int_equal(maps__file_path(self, m, path, sizeof(path)), 0);
	assert_string_equal(path, expected);
	expect_letter(open(path, O_RDONLY), 'o');
	assert_int_equal(maps__file_path(self, m, path, 20), -ENAMETOOLONG);
	maps__free(&maps);
	munmap(address, PAGE);
}

/* Where map_files has no such entry, as after a split, the path is taken if it leads to the same file. */
static void path_instead(void **state)
{
	struct mapping m = {.start = 0x1000, .limit = 0x2000};
	char path[4096], expected[1024];
	struct stat st;
	char *address = map_file("other", 'p', PROT_READ, &st);

	(void)state;
	m.path = (char *)scratch__path("other");
	m.inode = st.st_ino;
	m.device = st.st_dev;
	expect_letter(maps__open_file(self, &m), 'p');
	scratch__format(expected, sizeof(expected), "/proc/%d/root%s", getpid(), m.path);
	assert_int_equal(maps__file_path(self, &m, path, sizeof(path)), 0);
	assert_string_equal(path, expected);
	m.inode++;
	assert_int_equal(maps__open_file(self, &m), -ESTALE);
	assert_int_equal(maps__file_path(self, &m, path, sizeof(path)), -ESTALE);
	m.inode--;
	m.device++;
	assert_int_equal(maps__open_file(self, &m), -ESTALE);
	munmap(address, PAGE);
}

/* A device is not opened: that could do things. */
static void not_a_regular_file(void **state)
{
	int fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	char *address = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
	struct maps maps = {0};
	const struct mapping *m;

	(void)state;
	close(fd);
	m = read_and_find(&maps, address);
	assert_string_equal(m->path, "/dev/zero");
	assert_int_equal(maps__open_file(self, m), -EINVAL);
	maps__free(&maps);
	munmap(address, PAGE);
}

static void process_gone(void **state)
{
	struct error err = {0};
	struct maps maps = {0};
	struct process *process;
	char expected[128];
	pid_t pid = fork();

	(void)state;
	if (!pid) {
		pause();
		_exit(0);
	}
	assert_int_equal(process__open(pid, &process, &err), 0);
	assert_int_equal(maps__read(process, &maps, &err), 0);
	assert_true(maps.count > 10);
	kill(pid, SIGKILL);
	/* First a zombie, then nothing. */
	assert_int_equal(waitid(P_PID, (id_t)pid, NULL, WEXITED | WNOWAIT), 0);
	assert_int_equal(maps__read(process, &maps, &err), -ESRCH);
	assert_int_equal(maps.count, 0);
	scratch__format(expected, sizeof(expected), "cannot read the memory map of PID %d: no such process", pid);
	assert_string_equal(err.text, expected);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	memset(&err, 0, sizeof(err));
	assert_int_equal(maps__read(process, &maps, &err), -ESRCH);
	assert_string_equal(err.text, expected);
	process__free(process);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines),         cmocka_unit_test(bad_lines),    cmocka_unit_test(overlaps),
		cmocka_unit_test(find),          cmocka_unit_test(own_mappings), cmocka_unit_test(anonymous),
		cmocka_unit_test(replaced_file), cmocka_unit_test(path_instead), cmocka_unit_test(not_a_regular_file),
		cmocka_unit_test(process_gone),
	};

	return cmocka_run_group_tests_name("maps", tests, make, clean);
}
