/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the child that parses files can and cannot do, and what becomes of calls when it lies, crashes or hangs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/array.h"
#include "sandbox/sandbox.h"

/* ---- services */

/* Answers with what was asked, and the first bytes of the file that came with it. */
static int echo(struct wire *request, const int *fds, size_t fd_count, struct buf *reply, struct error *err)
{
	const char *text = wire__text(request);
	char bytes[5] = "";

	(void)err;
	if (!wire__done(request) || !text)
		return -EPROTO;
	if (fd_count)
		if (pread(fds[0], bytes, 4, 0) != 4)
			return -EIO;
	wire__put_text(reply, text);
	wire__put_text(reply, bytes);
	return 0;
}

static int refuse(struct wire *request, const int *fds, size_t fd_count, struct buf *reply, struct error *err)
{
	(void)request;
	(void)fds;
	(void)fd_count;
	wire__put_text(reply, "not to be seen");
	return error__set(err, -ENOEXEC, "no such luck: %d", 7);
}

static int crash(struct wire *request, const int *fds, size_t fd_count, struct buf *reply, struct error *err)
{
	(void)request;
	(void)fds;
	(void)fd_count;
	(void)reply;
	(void)err;
	__builtin_trap();
	return 0;
}

static int hang(struct wire *request, const int *fds, size_t fd_count, struct buf *reply, struct error *err)
{
	(void)request;
	(void)fds;
	(void)fd_count;
	(void)reply;
	(void)err;
	for (;;)
		usleep(1);
	return 0;
}

/* Half a message, and the end. */
static int cut_short(struct wire *request, const int *fds, size_t fd_count, struct buf *reply, struct error *err)
{
	(void)request;
	(void)fds;
	(void)fd_count;
	(void)reply;
	(void)err;
	_exit(0);
	return 0;
}

static uint64_t shared_word_address;

/* Tries all that a parser that was taken over might; answers with the errno of each, 0 where it worked. */
static int try_everything(struct wire *request, const int *fds, size_t fd_count, struct buf *reply, struct error *err)
{
	static const int calls[] = {SYS_socket, SYS_fork,  SYS_vfork, SYS_clone,  SYS_execve, SYS_kill,
				    SYS_bpf,    SYS_chdir, SYS_mount, SYS_unlink, SYS_rename, SYS_symlink};
	struct sockaddr_in to = {.sin_family = AF_INET};
	char program[] = "/bin/true", *argv[] = {program, NULL};

	(void)request;
	(void)fds;
	(void)fd_count;
	(void)err;
#define TRY(call) wire__put_number(reply, (errno = 0, (long)(call) == -1 ? (uint64_t)errno : 0))
	TRY(open("/etc/passwd", O_RDONLY));
	TRY(syscall(SYS_open, "/etc/passwd", O_RDONLY));
	TRY(syscall(SYS_openat2, AT_FDCWD, "/etc/passwd", NULL, 0));
	TRY(syscall(SYS_creat, "/tmp/memtrawl-sandbox", 0600));
	TRY(syscall(SYS_memfd_create, "x", 0));
	TRY(socket(AF_INET, SOCK_STREAM, 0));
	TRY(socket(AF_UNIX, SOCK_STREAM, 0));
	TRY(connect(fds[0], (struct sockaddr *)&to, sizeof(to)));
	TRY(write(fds[0], "x", 1));
	TRY(pwrite(fds[0], "x", 1, 0));
	TRY(ftruncate(fds[0], 0));
	TRY(execve(program, argv, NULL));
	TRY(syscall(SYS_fork));
	TRY(kill(getppid(), 0));
	TRY(ptrace(PTRACE_ATTACH, getppid(), 0, 0));
	TRY(syscall(SYS_process_vm_readv, getppid(), NULL, 0, NULL, 0, 0));
	TRY(syscall(SYS_bpf, 0, NULL, 0));
	TRY(syscall(SYS_setuid, 0));
	TRY(mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? -1 : 0);
	TRY(mmap(NULL, 4096, PROT_READ, MAP_SHARED, fds[0], 0) == MAP_FAILED ? -1 : 0);
	TRY(mmap(NULL, 4096, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? -1 : 0);
	TRY(syscall(SYS_io_uring_setup, 1, NULL));
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++)
		TRY(syscall(calls[i], 0, 0, 0, 0, 0, 0));
#undef TRY
	return 0;
}

/* Who it is: user, group, descriptors that are open, and whether its memory holds what it shared with its parent. */
static int describe(struct wire *request, const int *fds, size_t fd_count, struct buf *reply, struct error *err)
{
	uint64_t open_fds = 0;

	(void)request;
	(void)fds;
	(void)err;
	for (int fd = 0; fd < 64; fd++)
		open_fds += lseek(fd, 0, SEEK_CUR) >= 0 || errno != EBADF;
	wire__put_number(reply, open_fds - fd_count);
	/* remapping it in place tells: it fails where nothing is mapped */
	errno = 0;
	wire__put_number(reply, madvise((void *)shared_word_address, 4096, MADV_NORMAL) ? (uint64_t)errno : 0);
	return 0;
}

enum { ECHO, REFUSE, CRASH, HANG, CUT_SHORT, TRY, DESCRIBE, COUNT };

static const sandbox_handler handlers[COUNT] = {echo, refuse, crash, hang, cut_short, try_everything, describe};

static struct sandbox new_sandbox(void)
{
	return (struct sandbox){.handlers = handlers, .handler_count = COUNT, .seconds = 10};
}

/* ---- calls */

static void check_echo(struct sandbox *sandbox, const char *text, int fd, const char *bytes)
{
	struct sandbox_reply reply;
	struct buf request = {0};
	struct error err = {0};

	wire__put_text(&request, text);
	assert_int_equal(sandbox__call(sandbox, ECHO, &request, &fd, fd >= 0, &reply, &err), 0);
	assert_string_equal(wire__text(&reply.wire), text);
	assert_string_equal(wire__text(&reply.wire), bytes);
	assert_true(wire__done(&reply.wire));
	sandbox_reply__free(&reply);
	buf__free(&request);
}

static int call(struct sandbox *sandbox, unsigned int service, struct error *err)
{
	struct sandbox_reply reply;
	struct buf request = {0};
	int code = sandbox__call(sandbox, service, &request, NULL, 0, &reply, err);

	sandbox_reply__free(&reply);
	return code;
}

static void answers(void **state)
{
	struct sandbox sandbox = new_sandbox();
	struct error err = {0};
	size_t size = 8 << 20;
	char *large = malloc(size + 1);
	int fd = open("/bin/sh", O_RDONLY | O_CLOEXEC);

	(void)state;
	assert_non_null(large);
	memset(large, 'x', size);
	large[size] = '\0';
	check_echo(&sandbox, "hello", -1, "");
	check_echo(&sandbox, "", fd, "\177ELF");
	check_echo(&sandbox, large, fd, "\177ELF");
	for (int i = 0; i < 300; i++) /* descriptors are closed again */
		check_echo(&sandbox, "again", fd, "\177ELF");
	assert_int_equal(call(&sandbox, REFUSE, &err), -ENOEXEC);
	assert_string_equal(err.text, "no such luck: 7");
	assert_int_equal(call(&sandbox, ECHO, &err), -EPROTO);
	assert_int_equal(call(&sandbox, COUNT, &err), -ENOSYS);
	check_echo(&sandbox, "still there", -1, "");
	sandbox__stop(&sandbox);
	sandbox__stop(&sandbox);
	close(fd);
	free(large);
}

static void dies(void **state)
{
	struct sandbox sandbox = new_sandbox();
	struct error err = {0};
	pid_t child;

	(void)state;
	assert_int_equal(call(&sandbox, CRASH, &err), -EPIPE);
	assert_string_equal(err.text, "the process that parses files has died of it");
	check_echo(&sandbox, "a new one", -1, "");
	assert_int_equal(call(&sandbox, CUT_SHORT, &err), -EPIPE);
	check_echo(&sandbox, "and another", -1, "");
	child = sandbox.child;
	assert_int_equal(kill(child, SIGKILL), 0);
	while (call(&sandbox, ECHO, &err) != -EPIPE) /* -EPROTO as long as it is not dead yet */
		usleep(1000);
	check_echo(&sandbox, "and the last", -1, "");
	assert_int_not_equal(sandbox.child, child);
	sandbox__stop(&sandbox);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* none is left behind */
	assert_int_equal(errno, ECHILD);
}

static void hangs(void **state)
{
	struct sandbox sandbox = new_sandbox();
	struct error err = {0};

	(void)state;
	sandbox.seconds = 1;
	assert_int_equal(call(&sandbox, HANG, &err), -ETIMEDOUT);
	assert_string_equal(err.text, "the process that parses files took too long");
	check_echo(&sandbox, "a new one", -1, "");
	sandbox__stop(&sandbox);
}

/* A process that was forked has a child of its own, and leaves that of its parent alone. */
static void forked(void **state)
{
	struct sandbox sandbox = new_sandbox();
	int status;
	pid_t pid;

	(void)state;
	check_echo(&sandbox, "parent's", -1, "");
	pid = fork();
	if (!pid) {
		check_echo(&sandbox, "child's", -1, "");
		sandbox__stop(&sandbox);
		_exit(sandbox.owner == getpid() ? 42 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(WEXITSTATUS(status), 42);
	check_echo(&sandbox, "parent's still", -1, "");
	assert_int_equal(sandbox.owner, getpid());
	sandbox__stop(&sandbox);
}

/* ---- rights */

static void can_do_nothing(void **state)
{
	struct sandbox sandbox = new_sandbox();
	int fd = memfd_create("target", MFD_CLOEXEC), tried = 0;
	struct sandbox_reply reply;
	struct buf request = {0};
	struct error err = {0};

	(void)state;
	assert_int_equal(write(fd, "1234", 4), 4);
	assert_int_equal(sandbox__call(&sandbox, TRY, &request, &fd, 1, &reply, &err), 0);
	for (; !wire__done(&reply.wire); tried++) {
		uint64_t code = wire__number(&reply.wire);

		if (code != EPERM)
			fail_msg("attempt %d: %s", tried, code ? strerror((int)code) : "worked");
	}
	assert_int_equal(tried, 34);
	sandbox_reply__free(&reply);
	check_echo(&sandbox, "still there", fd, "1234");
	sandbox__stop(&sandbox);
	close(fd);
}

static void owns_nothing(void **state)
{
	void *shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct sandbox sandbox = new_sandbox();
	char path[64], line[256], user[64] = "", capabilities[64] = "", mode[64] = "";
	struct sandbox_reply reply;
	struct buf request = {0};
	struct error err = {0};
	FILE *file;

	(void)state;
	shared_word_address = (uintptr_t)shared;
	assert_int_equal(sandbox__call(&sandbox, DESCRIBE, &request, NULL, 0, &reply, &err), 0);
	assert_int_equal(wire__number(&reply.wire), 1); /* its socket is all that it has open */
	assert_int_equal(wire__number(&reply.wire), ENOMEM);
	sandbox_reply__free(&reply);
	snprintf(path, sizeof(path), "/proc/%d/status", sandbox.child);
	file = fopen(path, "re");
	assert_non_null(file);
	while (fgets(line, sizeof(line), file)) {
		sscanf(line, "Uid:%63[^\n]", user);
		sscanf(line, "CapPrm: %63s", capabilities);
		sscanf(line, "Seccomp: %63s", mode);
	}
	fclose(file);
	snprintf(path, sizeof(path), "/proc/%d/oom_score_adj", sandbox.child);
	file = fopen(path, "re");
	assert_non_null(file);
	assert_non_null(fgets(line, sizeof(line), file));
	fclose(file);
	assert_string_equal(line, "1000\n");
	assert_string_equal(mode, "2");
	assert_string_equal(capabilities, "0000000000000000");
	if (!geteuid())
		assert_string_equal(user, "\t65534\t65534\t65534\t65534");
	sandbox__stop(&sandbox);
	munmap(shared, 4096);
}

/* ---- messages of a liar */

static void wrong_messages(void **state)
{
	struct buf message = {0};
	struct wire wire;
	size_t size;

	(void)state;
	wire__put_number(&message, UINT64_MAX);
	wire = wire__of(message.data, message.size);
	assert_int_equal(wire__count(&wire, 1), 0);
	assert_true(wire.failed);
	wire = wire__of(message.data, message.size);
	assert_null(wire__bytes(&wire, &size));
	assert_int_equal(size, 0);
	assert_false(wire__done(&wire));
	wire = wire__of(message.data, message.size);
	assert_int_equal(wire__number_to(&wire, 7), 0);
	assert_true(wire.failed);
	wire = wire__of(message.data, 7);
	assert_int_equal(wire__number(&wire), 0);
	assert_false(wire__done(&wire));
	buf__free(&message);
	wire__put_bytes(&message, "a\0b", 4); /* ends before its end */
	wire = wire__of(message.data, message.size);
	assert_null(wire__text(&wire));
	assert_true(wire.failed);
	buf__free(&message);
	wire__put_bytes(&message, "abc", 3); /* has no end */
	wire = wire__of(message.data, message.size);
	assert_null(wire__text(&wire));
	assert_true(wire.failed);
	buf__free(&message);
	wire__put_text(&message, NULL);
	wire__put_text(&message, "");
	wire = wire__of(message.data, message.size);
	assert_null(wire__text(&wire));
	assert_string_equal(wire__text(&wire), "");
	assert_true(wire__done(&wire));
	buf__free(&message);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers),        cmocka_unit_test(dies),           cmocka_unit_test(hangs),
		cmocka_unit_test(forked),         cmocka_unit_test(can_do_nothing), cmocka_unit_test(owns_nothing),
		cmocka_unit_test(wrong_messages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
