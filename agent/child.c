#include "agent/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "diff/cleanup.h"

#define CHUNK_BYTES 4096
#define KEPT_FD     3

static void close_p(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int system_fault(const char *what, int code, struct err *err)
{
	return err_set(err, ERR_INTERNAL, "%s: %s", what, strerror(code));
}

void child_result_release(struct child_result *result)
{
	buf_release(&result->output);
	buf_release(&result->errors);
}

/* A file in memory rather than a pipe: it never fills up, and nobody has to feed it. */
static int make_input(const struct child_options *options, int *ret_fd, struct err *err)
{
	CLEANUP(close_p) int fd = memfd_create("input", MFD_CLOEXEC);
	size_t done = 0;

	if (fd < 0)
		return system_fault("memfd_create", errno, err);
	while (done < options->input_length) {
		ssize_t written = write(fd, (const char *)options->input + done,
					options->input_length - done);
		if (written < 0)
			return system_fault("memfd", errno, err);
		done += (size_t)written;
	}
	lseek(fd, 0, SEEK_SET);
	*ret_fd = fd;
	fd = -1;
	return 0;
}

/* Signals as a fresh program expects them, and a process group of its own. */
static void set_attributes(posix_spawnattr_t *attributes)
{
	sigset_t none, defaults;

	sigemptyset(&none);
	sigemptyset(&defaults);
	sigaddset(&defaults, SIGPIPE);
	posix_spawnattr_setsigmask(attributes, &none);
	posix_spawnattr_setsigdefault(attributes, &defaults);
	posix_spawnattr_setpgroup(attributes, 0);
	posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
						     POSIX_SPAWN_SETPGROUP);
}

static int spawn(const struct child_options *options, int input, int output, int errors,
		 pid_t *ret_pid, struct err *err)
{
	char *args[CHILD_MAX_ARGS + 1];
	size_t count = 0;
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;

	for (; count < CHILD_MAX_ARGS && options->args[count]; count++)
		args[count] = (char *)(uintptr_t)options->args[count]; /* only read */
	args[count] = NULL;
	if (posix_spawn_file_actions_init(&actions) != 0)
		return err_no_memory(err);
	posix_spawnattr_init(&attributes);
	set_attributes(&attributes);
	posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
	if (!options->shares_errors)
		posix_spawn_file_actions_adddup2(&actions, errors, STDERR_FILENO);
	if (options->keep_fd)
		posix_spawn_file_actions_adddup2(&actions, options->keep_fd, KEPT_FD);
	int code = posix_spawnp(ret_pid, options->file, &actions, &attributes, args, environ);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	if (code == ENOENT)
		return err_set(err, ERR_NOT_FOUND, "there is no program \"%s\"", options->file);
	return code ? system_fault(options->file, code, err) : 0;
}

/* Takes what is there; false at the end of the stream. */
static bool drain(int fd, struct buf *out)
{
	char chunk[CHUNK_BYTES];
	ssize_t length = read(fd, chunk, sizeof(chunk));

	if (length > 0)
		buf_append(out, chunk, (size_t)length);
	explicit_bzero(chunk, sizeof(chunk));
	return length > 0 || (length < 0 && (errno == EAGAIN || errno == EINTR));
}

/*
 * Reads both streams to their ends; false: the deadline came first, or there was too much. What is
 * there counts, also where it is seen late because we stood still ourselves.
 */
static bool collect(int output, int errors, int64_t deadline_ms, struct child_result *result)
{
	struct pollfd streams[] = {{.fd = output, .events = POLLIN},
				   {.fd = errors, .events = POLLIN}};
	struct buf *outs[] = {&result->output, &result->errors};

	while (streams[0].fd >= 0 || streams[1].fd >= 0) {
		int64_t left_ms = deadline_ms - now_ms();
		int wait_ms = left_ms < 0 ? 0 : left_ms < 60000 ? (int)left_ms : 60000;
		int ready = poll(streams, 2, wait_ms);
		if (ready < 0 && errno == EINTR)
			continue;
		if (ready < 0 || (ready == 0 && wait_ms == 0))
			return false;
		for (int i = 0; i < 2; i++) {
			if (streams[i].fd < 0 || !streams[i].revents)
				continue;
			if (!drain(streams[i].fd, outs[i]))
				streams[i].fd = -1;
			if (outs[i]->broken_cap || outs[i]->broken_memory)
				return false;
		}
	}
	return true;
}

/* Waits for its end until the deadline. False: it runs on. */
static bool reap(pid_t pid, int64_t deadline_ms, int *ret_status)
{
	const struct timespec pause = {.tv_nsec = 1000000};
	pid_t seen;

	/* With its streams closed it is about to end; a loop is simpler here than a pidfd. */
	while ((seen = waitpid(pid, ret_status, WNOHANG)) == 0 || (seen < 0 && errno == EINTR)) {
		if (now_ms() >= deadline_ms)
			return false;
		nanosleep(&pause, NULL);
	}
	return true;
}

int child_run(const struct child_options *options, struct child_result *ret_result, struct err *err)
{
	CLEANUP(child_result_release)
	struct child_result result = {.output = BUF_INIT(CHILD_MAX_OUTPUT_BYTES),
				      .errors = BUF_INIT(CHILD_MAX_OUTPUT_BYTES)};
	CLEANUP(close_p) int input = -1;
	int output[2] = {-1, -1}, errors[2] = {-1, -1}, status = 0;
	int64_t deadline_ms = now_ms() + options->deadline_ms;
	pid_t pid;

	if (make_input(options, &input, err) < 0)
		return -1;
	if (pipe2(output, O_CLOEXEC) < 0)
		return system_fault("pipe", errno, err);
	CLEANUP(close_p) int out = output[0];
	if (pipe2(errors, O_CLOEXEC) < 0) {
		close(output[1]);
		return system_fault("pipe", errno, err);
	}
	CLEANUP(close_p) int errs = errors[0];
	int spawned = spawn(options, input, output[1], errors[1], &pid, err);
	close(output[1]);
	close(errors[1]);
	if (spawned < 0)
		return -1;
	bool ended = collect(out, errs, deadline_ms, &result) && reap(pid, deadline_ms, &status);
	if (!ended) {
		kill(-pid, SIGKILL);
		waitpid(pid, &status, 0);
		if (buf_check(&result.output, "what it printed", err) < 0 ||
		    buf_check(&result.errors, "what it printed", err) < 0)
			return err_prefix(err, "%s", options->args[0]);
		return err_set(err, ERR_TRANSIENT, "%s did not end within %lld s", options->args[0],
			       (long long)(options->deadline_ms + 999) / 1000);
	}
	result.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	*ret_result = result;
	result = (struct child_result){0};
	return 0;
}
