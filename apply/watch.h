/*
 * watch.h - the objects of one resource, and every change to them from then on.
 *
 * Lists (in pages, consistently), then watches from where the list ended, with bookmarks. A watch
 * that the server ends is resumed. One that is too old (410, as an HTTP status or as an ERROR
 * event), or that breaks several times in a row before an event is through, is started again with a
 * list: what vanished meanwhile is told as DELETED, and what is as it was is not told again.
 * Connections that fail are tried again for ever, with backoff and jitter, and not before
 * the time that the server asks for (Retry-After). It keeps the names and resourceVersions of the
 * objects, not the objects.
 *
 * Before a watch that ended early is resumed, a list of one object asks whether the server has come
 * to the resourceVersion at all. One whose state was restored from a backup has not: it would say
 * nothing until it has, and never what it lost. Then, too, it is started again with a list, and all
 * objects are told, as the versions that are known say nothing any more.
 */
#ifndef APPLY_WATCH_H
#define APPLY_WATCH_H

#include "apply/cluster.h"
#include "apply/resource.h"

#define WATCH_MAX_LINE_BYTES (16u * 1024 * 1024)
#define WATCH_TIMEOUT_S      300 /* each watch ends between this and twice as long */

enum watch_event {
	WATCH_ADDED,
	WATCH_MODIFIED,
	WATCH_DELETED,
};

/* Everything is copied but the resource. */
struct watch_options {
	const struct resource *resource;             /* must outlive the watch */
	const char *namespace;                       /* NULL or "": all */
	const char *label_selector, *field_selector; /* NULL: none */
	bool once; /* only the list: ends after on_synced, or after an on_error that is final */

	/*
	 * Whether an object is of interest: of others nothing is kept or told. NULL: all are. One
	 * that becomes so later is told at its next change.
	 */
	bool (*wants)(void *ctx, const char *namespace, const char *name);

	/*
	 * The object has apiVersion and kind, also from a list. It is the callback's to take
	 * (STEAL(*object)), else it is freed. A DELETED that was found out by a list has only
	 * apiVersion, kind, metadata.namespace, name and resourceVersion (the last one known).
	 */
	void (*on_event)(void *ctx, enum watch_event event, cJSON **object);

	/* The first list is complete; and again after each later one. May be NULL. */
	void (*on_synced)(void *ctx);

	/*
	 * Whether its events come, told at each change: they do once the list is complete, and do
	 * not while a stream was cut or a list has to be made again. That a connection has died
	 * silently is known as late as everybody knows it. May be NULL.
	 */
	void (*on_flow)(void *ctx, bool flows);

	/*
	 * It does not work at present; it is tried again by itself after that time. With -1 it is
	 * not: a list with `once` that failed. May be NULL.
	 */
	void (*on_error)(void *ctx, const struct err *err, int64_t retry_in_ms);
	void *ctx;
};

/* Its id, for cluster_cancel, also in a callback; 0 with *err when memory runs out. */
uint64_t watch_start(struct cluster *cluster, const struct watch_options *options, struct err *err);

#endif
