#include "agent/log.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "diff/json.h"

#define LOG_MAX_BYTES 8192

static struct {
	enum log_level least;
	enum log_format format;
} setup = {LOG_INFO, LOG_TEXT};

static const char *const level_names[] = {"debug", "info", "warning", "error"};

void log_setup(enum log_level least, enum log_format format)
{
	setup.least = least;
	setup.format = format;
}

bool log_is_json(void)
{
	return setup.format == LOG_JSON;
}

enum log_level log_level_of(const char *name)
{
	for (size_t i = 0; i < sizeof(level_names) / sizeof(level_names[0]); i++)
		if (strcmp(level_names[i], name) == 0)
			return (enum log_level)i;
	return LOG_INFO;
}

/* RFC 3339 in UTC with milliseconds. */
static void print_time(struct buf *out)
{
	struct timespec now;
	struct tm utc;
	char text[32];

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &utc);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &utc);
	buf_printf(out, "%s.%03ldZ", text, now.tv_nsec / 1000000);
}

static void print_escaped(const char *text, struct buf *out)
{
	for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
		if (*p == '\n')
			buf_puts(out, "\\n");
		else if (*p < 0x20 || *p == 0x7f)
			buf_printf(out, "\\x%02x", *p);
		else
			buf_putc(out, (char)*p);
	}
}

static void print_text(enum log_level level, const struct log_subject *subject, const char *message,
		       struct buf *out)
{
	print_time(out);
	buf_printf(out, " %-7s ", level_names[level]);
	if (subject->app) {
		print_escaped(subject->app, out);
		if (subject->revision) {
			buf_putc(out, '@');
			print_escaped(subject->revision, out);
		}
		buf_putc(out, ' ');
	}
	if (subject->object) {
		print_escaped(subject->object, out);
		buf_puts(out, ": ");
	}
	print_escaped(message, out);
	buf_putc(out, '\n');
}

static void print_member(const char *key, const char *value, struct buf *out)
{
	if (!value)
		return;
	buf_printf(out, ",\"%s\":", key);
	json_print_string(value, out);
}

static void print_json(enum log_level level, const struct log_subject *subject, const char *message,
		       struct buf *out)
{
	buf_puts(out, "{\"time\":\"");
	print_time(out);
	buf_puts(out, "\"");
	print_member("level", level_names[level], out);
	print_member("app", subject->app, out);
	print_member("revision", subject->revision, out);
	print_member("object", subject->object, out);
	print_member("msg", message, out);
	buf_puts(out, "}\n");
}

void log_line(enum log_level level, const struct log_subject *subject, const char *format, ...)
{
	static const struct log_subject nothing;
	CLEANUP(buf_release) struct buf line = BUF_INIT(8 * LOG_MAX_BYTES);
	char text[LOG_MAX_BYTES];
	va_list args;

	if (level < setup.least)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (setup.format == LOG_JSON)
		print_json(level, subject ? subject : &nothing, text, &line);
	else
		print_text(level, subject ? subject : &nothing, text, &line);

	/* One write a line, so that lines of several writers do not mix. */
	if (write(STDERR_FILENO, buf_str(&line), line.length) < 0)
		return; /* nobody is left to tell */
}

void log_limited(struct log_limiter *limiter, uint64_t now_ms, const char *format, ...)
{
	CLEANUP(buf_release) struct buf more = BUF_INIT(64);
	char text[ERR_MESSAGE_MAX];
	va_list args;

	if (now_ms < limiter->next_ms) {
		limiter->suppressed++;
		return;
	}
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (limiter->suppressed)
		buf_printf(&more, " (and %u like it before)", limiter->suppressed);
	log_line(LOG_WARNING, NULL, "%s%s", text, buf_str(&more));
	*limiter = (struct log_limiter){.next_ms = now_ms + LOG_LIMIT_MS};
}
