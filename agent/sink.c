#include "agent/sink.h"

#include <string.h>

const struct sink_type *sink_type_of(enum config_sink_type type)
{
	static const struct sink_type *const types[] = {
		[SINK_SLACK] = &sink_slack,
		[SINK_CLOUDEVENTS] = &sink_cloudevents,
		[SINK_ALERTMANAGER] = &sink_alertmanager,
		[SINK_EVENTS] = &sink_events,
		[SINK_COMMAND] = &sink_command,
	};

	return types[type];
}

void sink_done(struct sink *sink, const struct sink_result *result)
{
	sink->on_done(sink->context, result);
}

void sink_failed(struct sink *sink, const struct err *err)
{
	const struct sink_result result = {.again = true, .retry_after_ms = -1, .err = *err};

	sink_done(sink, &result);
}

bool sink_joins_same_app(const struct notice *first, const struct notice *other)
{
	return strcmp(first->app, other->app) == 0;
}

bool sink_joins_same_kind(const struct notice *first, const struct notice *other)
{
	return first->kind == other->kind && first->state == other->state &&
	       sink_joins_same_app(first, other);
}

bool sink_joins_all(const struct notice *first, const struct notice *other)
{
	(void)first;
	(void)other;
	return true;
}

bool sink_joins_none(const struct notice *first, const struct notice *other)
{
	(void)first;
	(void)other;
	return false;
}
