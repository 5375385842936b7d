#include "agent/leader.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <uv.h>

#include "agent/link.h"
#include "agent/log.h"
#include "agent/metrics.h"
#include "agent/shard.h"
#include "apply/election.h"
#include "apply/file.h"
#include "diff/cleanup.h"

#define MAX_IDENTITY_BYTES  300
#define MAX_NAMESPACE_BYTES 63
#define NAMESPACE_FILE      KUBECONFIG_SERVICE_ACCOUNT_DIR "/namespace"

struct leader {
	struct leader_options options;
	struct kubeconfig kubeconfig;
	struct cluster *cluster;
	struct election *election;
	char *lease; /* "tranche/tranche-shard-1", for messages */
	char *identity;
	char *told_holder; /* who was said to lead */
	char *trouble;     /* what keeps the election from going on; NULL: nothing */
};

static void destroy(struct leader *leader)
{
	cluster_free(leader->cluster);
	kubeconfig_release(&leader->kubeconfig);
	free(leader->lease);
	free(leader->identity);
	free(leader->told_holder);
	free(leader->trouble);
	free(leader);
}

/* --- names ------------------------------------------------------------------------------------ */

static bool is_set(const char *text)
{
	return text && *text;
}

/* The base, and something random that no other process has, not even an earlier one of the same name. */
static int make_identity(const struct config_leader *config, char **ret_identity, struct err *err)
{
	CLEANUP(buf_release) struct buf identity = BUF_INIT(MAX_IDENTITY_BYTES);
	const char *pod = getenv("POD_NAME");
	char host[UV_MAXHOSTNAMESIZE];
	size_t size = sizeof(host);
	uint64_t random;

	if (uv_random(NULL, NULL, &random, sizeof(random), 0, NULL) < 0)
		return err_set(err, ERR_INTERNAL, "no random numbers are to be had");
	if (is_set(config->identity))
		buf_puts(&identity, config->identity);
	else if (is_set(pod))
		buf_puts(&identity, pod);
	else
		buf_puts(&identity, uv_os_gethostname(host, &size) == 0 ? host : "agent");
	buf_printf(&identity, "_%016" PRIx64, random);
	if (buf_check(&identity, "the identity", err) < 0)
		return -1;
	*ret_identity = buf_steal(&identity);
	return *ret_identity ? 0 : err_no_memory(err);
}

static int read_pod_namespace(char **ret_namespace, struct err *err)
{
	const char *named = getenv("POD_NAMESPACE");
	size_t length;

	if (is_set(named)) {
		*ret_namespace = strdup(named);
		return *ret_namespace ? 0 : err_no_memory(err);
	}
	if (file_read(NAMESPACE_FILE, MAX_NAMESPACE_BYTES + 1, ret_namespace, &length, err) < 0)
		return -1;
	while (length && isspace((unsigned char)(*ret_namespace)[length - 1]))
		(*ret_namespace)[--length] = '\0';
	return 0;
}

static int find_namespace(const struct leader *leader, char **ret_namespace, struct err *err)
{
	const char *namespace = leader->options.config->leader.namespace;
	struct err ignored;

	if (!is_set(namespace)) {
		if (read_pod_namespace(ret_namespace, &ignored) == 0)
			return 0;
		namespace = leader->kubeconfig.namespace;
	}
	*ret_namespace = strdup(namespace);
	return *ret_namespace ? 0 : err_no_memory(err);
}

/* --- what is told ----------------------------------------------------------------------------- */

static void on_change(void *context, bool leading)
{
	struct leader *leader = context;
	const char *holder = election_holder(leader->election);

	metrics_add(METRIC_LEADER_CHANGES, 1, NO_LABELS);
	free(STEAL(leader->told_holder));
	if (leading)
		log_line(LOG_INFO, NULL, "leading: the lease %s is held by this agent, %s",
			 leader->lease, leader->identity);
	else if (*holder && strcmp(holder, leader->identity) != 0)
		log_line(LOG_WARNING, NULL, "not leading any more: the lease %s went to %s",
			 leader->lease, holder);
	else
		log_line(LOG_WARNING, NULL, "not leading any more: the lease %s %s", leader->lease,
			 leader->trouble ? leader->trouble : "was not renewed in time");
	leader->options.on_change(leader->options.context, leading);
}

static void tell_holder(struct leader *leader)
{
	const char *holder = election_holder(leader->election);

	if (!*holder || strcmp(holder, leader->identity) == 0 ||
	    (leader->told_holder && strcmp(holder, leader->told_holder) == 0))
		return;
	free(leader->told_holder);
	leader->told_holder = strdup(holder);
	log_line(LOG_INFO, NULL, "standing by: the lease %s is held by %s", leader->lease, holder);
}

static void on_round(void *context, const struct err *err)
{
	struct leader *leader = context;

	if (err && !leader->trouble)
		log_line(LOG_WARNING, NULL, "the lease %s: %s", leader->lease, err->message);
	if (!err && leader->trouble)
		log_line(LOG_INFO, NULL, "the lease %s works again", leader->lease);
	if (err) {
		CLEANUP(buf_release) struct buf text = BUF_INIT(ERR_MESSAGE_MAX + 32);

		free(leader->trouble);
		buf_printf(&text, "is not renewed: %s", err->message);
		leader->trouble = buf_steal(&text);
		return;
	}
	free(STEAL(leader->trouble));
	tell_holder(leader);
}

/* --- public ----------------------------------------------------------------------------------- */

static int begin(struct leader *leader, struct err *err)
{
	const struct leader_options *options = &leader->options;
	const struct config *config = options->config;
	CLEANUP(buf_release) struct buf name = BUF_INIT(1024);
	CLEANUP(buf_release) struct buf lease = BUF_INIT(1024);
	CLEANUP(free_p) char *namespace = NULL;

	if (link_kubeconfig(&config->clusters[0], false, &leader->kubeconfig, err) < 0 ||
	    !(leader->cluster = cluster_new(options->loop, &leader->kubeconfig, err)))
		return -1;
	shard_print_lease(&config->shard, config->leader.lease, &name);
	if (buf_check(&name, "the lease's name", err) < 0 ||
	    find_namespace(leader, &namespace, err) < 0 ||
	    make_identity(&config->leader, &leader->identity, err) < 0)
		return -1;
	buf_printf(&lease, "%s/%s", namespace, buf_str(&name));
	leader->lease = buf_steal(&lease);
	if (!leader->lease)
		return err_no_memory(err);
	const struct election_options election_options = {
		.loop = options->loop,
		.cluster = leader->cluster,
		.namespace = namespace,
		.name = buf_str(&name),
		.identity = leader->identity,
		.timing = lease_timing_of(config->leader.duration_ms),
		.on_change = on_change,
		.on_round = on_round,
		.ctx = leader,
	};
	return election_start(&election_options, &leader->election, err);
}

int leader_start(const struct leader_options *options, struct leader **ret_leader, struct err *err)
{
	struct leader *leader = calloc(1, sizeof(*leader));

	if (!leader)
		return err_no_memory(err);
	leader->options = *options;
	if (begin(leader, err) < 0) {
		destroy(leader);
		return -1;
	}
	leader->options.config = NULL;
	*ret_leader = leader;
	return 0;
}

void leader_free(struct leader *leader)
{
	if (!leader)
		return;
	election_free(leader->election);
	destroy(leader);
}

void leader_release(struct leader *leader, void (*on_released)(void *context), void *context)
{
	election_release(leader->election, on_released, context);
}

int leader_fence(void *context, struct err *err)
{
	const struct leader *leader = context;

	return election_fence(leader->election, err);
}

bool leader_is_leading(const struct leader *leader)
{
	return election_is_leading(leader->election);
}

/* Whether the host, of that length, is this one. */
static bool listens_at(const char *address, size_t length, const char *host)
{
	return strlen(host) == length && strncmp(address, host, length) == 0;
}

int leader_set_address(struct leader *leader, const char *address, struct err *err)
{
	CLEANUP(buf_release) struct buf reachable = BUF_INIT(256);
	const char *ip = getenv("POD_IP"), *port = strrchr(address, ':');

	if (is_set(ip) && port) {
		buf_printf(&reachable, strchr(ip, ':') ? "[%s]" : "%s", ip);
		if (!listens_at(address, (size_t)(port - address), "") &&
		    !listens_at(address, (size_t)(port - address), "0.0.0.0") &&
		    !listens_at(address, (size_t)(port - address), "[::]") &&
		    !listens_at(address, (size_t)(port - address), buf_str(&reachable)))
			port = NULL;
	}
	if (!is_set(ip) || !port)
		return election_set_address(leader->election, NULL, err);
	buf_puts(&reachable, port);
	if (buf_check(&reachable, "the address", err) < 0)
		return -1;
	return election_set_address(leader->election, buf_str(&reachable), err);
}

const char *leader_address(const struct leader *leader)
{
	if (!*leader_holder(leader) || strcmp(leader_holder(leader), leader->identity) == 0)
		return NULL;
	return election_address(leader->election);
}

const char *leader_holder(const struct leader *leader)
{
	return election_holder(leader->election);
}

int64_t leader_transitions(const struct leader *leader)
{
	return election_transitions(leader->election);
}
