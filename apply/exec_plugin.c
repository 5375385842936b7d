#include "apply/exec_plugin.h"

#include <ctype.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uv.h>

#include "diff/buf.h"
#include "diff/cleanup.h"

#define INFO_NAME         "KUBERNETES_EXEC_INFO="
#define CHUNK_BYTES       4096
#define TAIL_BYTES        (8 * EXEC_SHOWN_ERROR_BYTES) /* of standard error that is kept */
#define MAX_PATH_BYTES    4096
#define MAX_ENV_BYTES     (2u * 1024 * 1024)
#define SECRET_WORD_BYTES 12   /* a word as long as this in both streams may be a secret */
#define DRAIN_MS          1000 /* after its end, for what its own children may still hold open */

struct exec_plugin {
	struct exec_plugin_options options;
	uv_process_t process;
	uv_pipe_t out, errors;
	uv_timer_t timer;
	size_t open_handles;
	bool has_process; /* `process` is a handle of the loop */

	struct buf output;
	char tail[TAIL_BYTES + 1]; /* the end of its standard error */
	size_t tail_length;
	char chunk[CHUNK_BYTES];

	bool has_exited, is_late, is_cancelled;
	bool out_ended, errors_ended;
	int64_t exit_code;
	int signal;
};

/* --- what is said of it ----------------------------------------------------------------------- */

/* Appends a text as a single line: runs of white space as one blank, no control characters. */
static void print_line(const char *text, size_t length, struct buf *out)
{
	bool blank = true;

	for (size_t i = 0; i < length; i++) {
		unsigned char c = (unsigned char)text[i];

		if (isspace(c)) {
			if (!blank)
				buf_putc(out, ' ');
			blank = true;
		} else {
			buf_putc(out, c < ' ' || c == 0x7F ? '?' : (char)c);
			blank = false;
		}
	}
	if (blank && out->length)
		buf_truncate(out, out->length - 1);
}

/* Blots out each longer word that it printed on standard output too: it may be the token. */
static void blot_secrets(struct exec_plugin *plugin)
{
	const char *output = buf_str(&plugin->output);

	for (char *word = plugin->tail; *word; word++) {
		size_t length = strcspn(word, " \t\r\n\"',:;=()[]{}<>");
		char after = word[length];

		word[length] = '\0';
		bool is_secret = length >= SECRET_WORD_BYTES && strstr(output, word);
		word[length] = after;
		if (is_secret)
			memset(word, '*', length);
		word += length;
		if (!*word)
			break;
	}
}

/* Appends ": WORDS" of its standard error, if it said any. */
static void print_errors(struct exec_plugin *plugin, struct buf *out)
{
	CLEANUP(buf_release) struct buf line = BUF_INIT(2 * TAIL_BYTES);
	size_t start = 0;

	plugin->tail[plugin->tail_length] = '\0';
	blot_secrets(plugin);
	print_line(plugin->tail, strlen(plugin->tail), &line);
	if (line.length == 0)
		return;
	if (line.length > EXEC_SHOWN_ERROR_BYTES)
		start = line.length - EXEC_SHOWN_ERROR_BYTES;
	while (start && ((unsigned char)line.data[start] & 0xC0) == 0x80)
		start++; /* into the middle of a character */
	buf_printf(out, ": %s%s", start ? "..." : "", buf_str(&line) + start);
}

static int fail(struct exec_plugin *plugin, struct err *err)
{
	const char *origin = plugin->options.config->origin;
	CLEANUP(buf_release) struct buf words = BUF_INIT(4 * TAIL_BYTES);

	if (plugin->output.broken_memory)
		return err_no_memory(err);
	if (plugin->output.broken_cap)
		return err_set(err, ERR_LIMIT, "%s printed more than %u bytes", origin,
			       EXEC_MAX_OUTPUT_BYTES);
	print_errors(plugin, &words);
	if (plugin->is_late)
		return err_set(err, ERR_DENIED, "%s did not end within %lld s%s", origin,
			       (long long)plugin->options.deadline_ms / 1000, buf_str(&words));
	if (plugin->signal)
		return err_set(err, ERR_DENIED, "%s was killed by signal %d%s", origin,
			       plugin->signal, buf_str(&words));
	return err_set(err, ERR_DENIED, "%s ended with exit code %lld%s", origin,
		       (long long)plugin->exit_code, buf_str(&words));
}

/* --- its end ---------------------------------------------------------------------------------- */

static void on_closed(uv_handle_t *handle)
{
	struct exec_plugin *plugin = handle->data;

	if (--plugin->open_handles)
		return;
	if (plugin->output.data)
		explicit_bzero(plugin->output.data, plugin->output.capacity);
	buf_release(&plugin->output);
	free(plugin);
}

static void close_handle(void *handle)
{
	if (!uv_is_closing(handle))
		uv_close(handle, on_closed);
}

/* The last callback. What comes of the handles frees the rest. */
static void finish(struct exec_plugin *plugin)
{
	bool well = plugin->exit_code == 0 && !plugin->signal && !plugin->is_late &&
		    !plugin->output.broken_cap && !plugin->output.broken_memory;
	struct err err;

	if (plugin->has_process)
		close_handle(&plugin->process);
	close_handle(&plugin->out);
	close_handle(&plugin->errors);
	close_handle(&plugin->timer);
	if (plugin->is_cancelled)
		return;
	if (!well)
		fail(plugin, &err);
	plugin->options.on_done(plugin->options.ctx, well ? NULL : &err, buf_str(&plugin->output),
				plugin->output.length);
}

static void finish_if_over(struct exec_plugin *plugin)
{
	if (plugin->has_exited && plugin->out_ended && plugin->errors_ended)
		finish(plugin);
}

static void on_timer(uv_timer_t *timer)
{
	struct exec_plugin *plugin = timer->data;

	if (plugin->has_exited) {
		finish(plugin); /* something else holds its streams open */
		return;
	}
	plugin->is_late = true;
	uv_process_kill(&plugin->process, SIGKILL);
}

static void on_exit_of_process(uv_process_t *process, int64_t exit_code, int signal)
{
	struct exec_plugin *plugin = process->data;

	plugin->has_exited = true;
	plugin->exit_code = exit_code;
	plugin->signal = signal;
	if (plugin->is_cancelled) {
		finish(plugin);
		return;
	}
	uv_timer_start(&plugin->timer, on_timer, DRAIN_MS, 0);
	finish_if_over(plugin);
}

/* --- its streams ------------------------------------------------------------------------------ */

static void on_alloc(uv_handle_t *handle, size_t wanted, uv_buf_t *ret_buf)
{
	struct exec_plugin *plugin = handle->data;

	(void)wanted;
	*ret_buf = uv_buf_init(plugin->chunk, sizeof(plugin->chunk));
}

static void keep_tail(struct exec_plugin *plugin, const char *bytes, size_t length)
{
	if (length > TAIL_BYTES) {
		bytes += length - TAIL_BYTES;
		length = TAIL_BYTES;
	}
	size_t kept = plugin->tail_length;
	if (kept + length > TAIL_BYTES)
		kept = TAIL_BYTES - length;
	memmove(plugin->tail, plugin->tail + plugin->tail_length - kept, kept);
	memcpy(plugin->tail + kept, bytes, length);
	plugin->tail_length = kept + length;
}

static void take_bytes(struct exec_plugin *plugin, bool is_output, const char *bytes, size_t length)
{
	for (size_t i = 0; !is_output && i < length; i++)
		if (!bytes[i])
			plugin->chunk[i] = ' ';
	if (!is_output) {
		keep_tail(plugin, bytes, length);
		return;
	}
	buf_append(&plugin->output, bytes, length);
	if (plugin->output.broken_cap || plugin->output.broken_memory)
		uv_process_kill(&plugin->process, SIGKILL);
}

static void on_read(uv_stream_t *stream, ssize_t length, const uv_buf_t *buf)
{
	struct exec_plugin *plugin = stream->data;
	bool is_output = stream == (uv_stream_t *)&plugin->out;

	if (length > 0)
		take_bytes(plugin, is_output, buf->base, (size_t)length);
	explicit_bzero(plugin->chunk, sizeof(plugin->chunk));
	if (length >= 0)
		return;
	uv_read_stop(stream);
	*(is_output ? &plugin->out_ended : &plugin->errors_ended) = true;
	finish_if_over(plugin);
}

/* --- its beginning ---------------------------------------------------------------------------- */

static bool is_program(const char *path)
{
	struct stat info;

	return stat(path, &info) == 0 && S_ISREG(info.st_mode) && access(path, X_OK) == 0;
}

/*
 * Where the command is, as Go's exec.LookPath finds it: in our own PATH, also where the config sets
 * another one for the plugin, and never in the current folder. NULL where it is not.
 */
static char *find_program(const char *command)
{
	CLEANUP(buf_release) struct buf path = BUF_INIT(MAX_PATH_BYTES);
	const char *folders = getenv("PATH");

	if (strchr(command, '/'))
		return is_program(command) ? strdup(command) : NULL;
	for (; folders && *folders; folders += *folders == ':') {
		size_t length = strcspn(folders, ":");

		buf_clear(&path);
		buf_append(&path, folders, length);
		buf_printf(&path, "/%s", command);
		if (*folders == '/' && !path.broken_cap && is_program(buf_str(&path)))
			return buf_steal(&path);
		folders += length;
	}
	return NULL;
}

static int refuse_missing(const struct exec_config *config, const char *why, struct err *err)
{
	CLEANUP(buf_release) struct buf hint = BUF_INIT(MAX_PATH_BYTES);

	if (config->install_hint) {
		buf_puts(&hint, "; ");
		print_line(config->install_hint, strlen(config->install_hint), &hint);
	}
	return err_set(err, ERR_DENIED, "%s cannot be run: %s%s", config->origin, why,
		       buf_str(&hint));
}

static bool is_same_name(const char *a, const char *b)
{
	size_t length = strcspn(a, "=");

	return strncmp(a, b, length) == 0 && b[length] == '=';
}

/* Whether one of the following settings, or of `later`, is of the same variable. */
static bool is_overridden(char *const *setting, char *const *later)
{
	for (char *const *next = setting + 1; *next; next++)
		if (is_same_name(*setting, *next))
			return true;
	for (; later && *later; later++)
		if (is_same_name(*setting, *later))
			return true;
	return false;
}

/* The settings, borrowed, for which nothing later says otherwise. */
static size_t gather(char *const *settings, char *const *later, const char **ret_gathered)
{
	size_t count = 0;

	for (; settings && *settings; settings++)
		if (!is_overridden(settings, later) &&
		    strncmp(*settings, INFO_NAME, strlen(INFO_NAME)) != 0)
			ret_gathered[count++] = *settings;
	return count;
}

static size_t vector_length(char *const *vector)
{
	size_t length = 0;

	while (vector && vector[length])
		length++;
	return length;
}

/* Spawns it; 0, or libuv's error. */
static int spawn(uv_loop_t *loop, struct exec_plugin *plugin, const char *program)
{
	const struct exec_config *config = plugin->options.config;
	size_t arg_count = vector_length(config->args);
	CLEANUP(buf_release) struct buf info = BUF_INIT(MAX_ENV_BYTES);
	CLEANUP(free_p) const char **args = calloc(arg_count + 2, sizeof(*args));
	CLEANUP(free_p)
	const char **env =
		calloc(vector_length(environ) + vector_length(config->env) + 2, sizeof(*env));

	buf_printf(&info, INFO_NAME "%s", plugin->options.info);
	if (!args || !env || info.broken_cap || info.broken_memory)
		return UV_ENOMEM;
	args[0] = config->command;
	for (size_t i = 0; i < arg_count; i++)
		args[i + 1] = config->args[i];
	size_t env_count = gather(environ, config->env, env);
	env_count += gather(config->env, NULL, env + env_count);
	env[env_count] = buf_str(&info);

	bool shares = config->has_terminal;
	uv_stdio_container_t streams[] = {
		{.flags = shares ? UV_INHERIT_FD : UV_IGNORE, .data.fd = STDIN_FILENO},
		{.flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE,
		 .data.stream = (uv_stream_t *)&plugin->out},
		{.flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE,
		 .data.stream = (uv_stream_t *)&plugin->errors},
	};
	if (shares)
		streams[2] =
			(uv_stdio_container_t){.flags = UV_INHERIT_FD, .data.fd = STDERR_FILENO};
	/* libuv only reads these, but its struct has no const. */
	const uv_process_options_t options = {
		.exit_cb = on_exit_of_process,
		.file = program,
		.args = (char **)(uintptr_t)args,
		.env = (char **)(uintptr_t)env,
		.stdio_count = 3,
		.stdio = streams,
	};
	plugin->has_process = true;
	plugin->open_handles++;
	return uv_spawn(loop, &plugin->process, &options);
}

static struct exec_plugin *plugin_new(uv_loop_t *loop, const struct exec_plugin_options *options)
{
	struct exec_plugin *plugin = calloc(1, sizeof(*plugin));

	if (!plugin)
		return NULL;
	plugin->options = *options;
	if (plugin->options.deadline_ms == 0)
		plugin->options.deadline_ms = EXEC_DEADLINE_MS;
	buf_init(&plugin->output, EXEC_MAX_OUTPUT_BYTES);
	uv_pipe_init(loop, &plugin->out, 0);
	uv_pipe_init(loop, &plugin->errors, 0);
	uv_timer_init(loop, &plugin->timer);
	plugin->process.data = plugin->out.data = plugin->errors.data = plugin->timer.data = plugin;
	plugin->open_handles = 3;
	return plugin;
}

int exec_plugin_start(struct uv_loop_s *loop, const struct exec_plugin_options *options,
		      struct exec_plugin **ret_plugin, struct err *err)
{
	const struct exec_config *config = options->config;
	CLEANUP(free_p) char *program = find_program(config->command);

	if (!program)
		return refuse_missing(config,
				      strchr(config->command, '/') ? "no such program"
								   : "no such program in PATH",
				      err);
	struct exec_plugin *plugin = plugin_new(loop, options);
	if (!plugin)
		return err_no_memory(err);
	int status = spawn(loop, plugin, program);
	if (status < 0) {
		plugin->is_cancelled = true;
		finish(plugin);
		return status == UV_ENOMEM ? err_no_memory(err)
					   : refuse_missing(config, uv_strerror(status), err);
	}
	if (!config->has_terminal)
		uv_timer_start(&plugin->timer, on_timer, (uint64_t)plugin->options.deadline_ms, 0);
	uv_read_start((uv_stream_t *)&plugin->out, on_alloc, on_read);
	if (config->has_terminal)
		plugin->errors_ended = true;
	else
		uv_read_start((uv_stream_t *)&plugin->errors, on_alloc, on_read);
	*ret_plugin = plugin;
	return 0;
}

void exec_plugin_cancel(struct exec_plugin *plugin)
{
	if (!plugin)
		return;
	plugin->is_cancelled = true;
	if (plugin->has_exited)
		finish(plugin);
	else
		uv_process_kill(&plugin->process, SIGKILL);
}
