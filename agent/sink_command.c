#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <uv.h>

#include "agent/sink.h"

#define MAX_NOTICES     50
#define DEADLINE_MS     30000
#define MAX_ERROR_BYTES 4096 /* of its standard error */
#define SHOWN_BYTES     300
#define EXIT_TRY_AGAIN  75 /* EX_TEMPFAIL of sysexits.h */
#define MAX_VARIABLE    4096
#define DEFAULT_PATH    "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* What it gets of our environment: nothing that may hold a secret. */
static const char *const kept_variables[] = {"HOME", "LANG", "LC_ALL", "TMPDIR", "TZ"};
#define KEPT_COUNT (sizeof(kept_variables) / sizeof(kept_variables[0]))

/* One run; the sink's `work`. It lives until the loop has closed its handles. */
struct run {
	struct sink *sink; /* NULL: nobody waits for it any more */
	uv_process_t process;
	uv_timer_t timer;
	int open_handles;
	int errors; /* a file in memory, which takes what it says on standard error */
	bool is_late;
};

/* --- its end ---------------------------------------------------------------------------------- */

static void on_closed(uv_handle_t *handle)
{
	struct run *run = handle->data;

	if (--run->open_handles)
		return;
	if (run->errors >= 0)
		close(run->errors);
	free(run);
}

/* ": WORDS", the first line that it wrote on standard error. */
static void print_errors(const struct run *run, struct buf *out)
{
	char text[SHOWN_BYTES + 1] = "";
	ssize_t length = pread(run->errors, text, SHOWN_BYTES, 0);

	text[length > 0 ? length : 0] = '\0';
	size_t shown = strcspn(text, "\r\n");
	while (shown && shown == SHOWN_BYTES && ((unsigned char)text[shown - 1] & 0x80))
		shown--; /* a character that may have been cut */
	if (shown)
		buf_printf(out, ": %.*s", (int)shown, text);
}

static void judge(const struct run *run, int64_t exit_code, int number, struct sink_result *result)
{
	const char *program = run->sink->config->command.items[0];
	CLEANUP(buf_release) struct buf words = BUF_INIT(MAX_ERROR_BYTES);

	print_errors(run, &words);
	result->taken = exit_code == 0 && number == 0 && !run->is_late;
	result->again = run->is_late || exit_code == EXIT_TRY_AGAIN;
	result->may_have_arrived = true;
	if (result->taken)
		return;
	if (run->is_late)
		err_set(&result->err, ERR_TRANSIENT, "%s did not end within %d s%s", program,
			DEADLINE_MS / 1000, buf_str(&words));
	else if (number)
		err_set(&result->err, ERR_INTERNAL, "%s was killed by signal %d%s", program, number,
			buf_str(&words));
	else
		err_set(&result->err, result->again ? ERR_TRANSIENT : ERR_INVALID,
			"%s ended with exit code %lld%s", program, (long long)exit_code,
			buf_str(&words));
}

static void close_all(struct run *run)
{
	if (!uv_is_closing((uv_handle_t *)&run->process))
		uv_close((uv_handle_t *)&run->process, on_closed);
	if (!uv_is_closing((uv_handle_t *)&run->timer))
		uv_close((uv_handle_t *)&run->timer, on_closed);
}

static void on_exit_of_process(uv_process_t *process, int64_t exit_code, int number)
{
	struct run *run = process->data;
	struct sink *sink = run->sink;
	struct sink_result result = {.retry_after_ms = -1};

	if (sink)
		judge(run, exit_code, number, &result);
	close_all(run);
	if (!sink)
		return;
	sink->work = NULL;
	sink_done(sink, &result);
}

/* It is in a session of its own, so that what it started ends with it. */
static void kill_all(struct run *run)
{
	if (run->process.pid > 0)
		kill(-run->process.pid, SIGKILL);
}

static void on_deadline(uv_timer_t *timer)
{
	struct run *run = timer->data;

	run->is_late = true;
	kill_all(run);
}

static void stop(struct sink *sink)
{
	struct run *run = sink->work;

	if (!run)
		return;
	run->sink = NULL;
	sink->work = NULL;
	kill_all(run);
}

/* --- its beginning ---------------------------------------------------------------------------- */

/* A file in memory that holds the message. Nobody has to feed it, and it never blocks. */
static int make_input(const struct buf *text, struct err *err)
{
	int fd = memfd_create("message", MFD_CLOEXEC);
	size_t done = 0;

	while (fd >= 0 && done < text->length) {
		ssize_t written = write(fd, text->data + done, text->length - done);
		if (written < 0 && errno != EINTR)
			break;
		done += written > 0 ? (size_t)written : 0;
	}
	if (fd < 0 || done < text->length || lseek(fd, 0, SEEK_SET) < 0) {
		if (fd >= 0)
			close(fd);
		return err_set(err, ERR_INTERNAL, "memfd: %s", strerror(errno));
	}
	return fd;
}

/* A file in memory that cannot grow: what the program says beyond that is lost. */
static int make_errors(void)
{
	int fd = memfd_create("errors", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd >= 0 && (ftruncate(fd, MAX_ERROR_BYTES) < 0 ||
			fcntl(fd, F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SHRINK) < 0)) {
		close(fd);
		return -1;
	}
	return fd;
}

static bool set_variable(const char *name, const char *value, char **ret_setting)
{
	CLEANUP(buf_release) struct buf setting = BUF_INIT(MAX_VARIABLE);

	if (!value)
		return true;
	buf_printf(&setting, "%s=%s", name, value);
	*ret_setting = buf_steal(&setting);
	return *ret_setting;
}

static void settings_p(char *(*settings)[KEPT_COUNT + 2])
{
	for (size_t i = 0; i < KEPT_COUNT + 2; i++)
		free((*settings)[i]);
}

static int spawn(struct run *run, int input, struct err *err)
{
	const struct config_strings *command = &run->sink->config->command;
	CLEANUP(settings_p) char *settings[KEPT_COUNT + 2] = {NULL};
	CLEANUP(free_p) char **args = calloc(command->count + 1, sizeof(*args));
	const char *path = getenv("PATH");
	size_t count = 0;

	if (!args || !set_variable("PATH", path ? path : DEFAULT_PATH, &settings[count++]))
		return err_no_memory(err);
	for (size_t i = 0; i < KEPT_COUNT; i++) {
		if (!set_variable(kept_variables[i], getenv(kept_variables[i]), &settings[count]))
			return err_no_memory(err);
		count += settings[count] != NULL;
	}
	memcpy(args, command->items, command->count * sizeof(*args));
	uv_stdio_container_t streams[] = {
		{.flags = UV_INHERIT_FD, .data.fd = input},
		{.flags = UV_IGNORE},
		{.flags = UV_INHERIT_FD, .data.fd = run->errors},
	};
	const uv_process_options_t options = {
		.exit_cb = on_exit_of_process,
		.file = args[0],
		.args = args,
		.env = settings,
		.flags = UV_PROCESS_DETACHED,
		.stdio_count = 3,
		.stdio = streams,
	};
	run->open_handles++;
	int status = uv_spawn(run->sink->loop, &run->process, &options);
	if (status < 0)
		return err_set(err, ERR_INVALID, "%s cannot be run: %s", args[0],
			       uv_strerror(status));
	return 0;
}

static int start(struct sink *sink, const struct buf *text, struct err *err)
{
	struct run *run;

	if (sink->config->command.count == 0)
		return err_set(err, ERR_INVALID, "there is no command");
	int input = make_input(text, err);
	if (input < 0)
		return -1;
	run = calloc(1, sizeof(*run));
	if (!run) {
		close(input);
		return err_no_memory(err);
	}
	*run = (struct run){.sink = sink, .errors = make_errors(), .open_handles = 1};
	run->process.data = run->timer.data = run;
	uv_timer_init(sink->loop, &run->timer);
	int status = run->errors >= 0 ? spawn(run, input, err)
				      : err_set(err, ERR_INTERNAL, "memfd: %s", strerror(errno));
	close(input);
	if (status < 0) {
		if (run->open_handles > 1)
			uv_close((uv_handle_t *)&run->process, on_closed);
		uv_close((uv_handle_t *)&run->timer, on_closed);
		return -1;
	}
	uv_timer_start(&run->timer, on_deadline, DEADLINE_MS, 0);
	sink->work = run;
	return 0;
}

static void send_message(struct sink *sink, struct notice *const *notices, size_t count)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(SINK_MAX_MESSAGE_BYTES);
	struct err err;

	if (sink_cloudevents_print(notices, count, &text, &err) < 0 || start(sink, &text, &err) < 0)
		sink_failed(sink, &err);
}

const struct sink_type sink_command = {
	.name = "command",
	.max_notices = MAX_NOTICES,
	.joins = sink_joins_same_kind,
	.send = send_message,
	.stop = stop,
};
