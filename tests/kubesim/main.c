/*
 * kubesim: the embedded cluster. See README.md.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "tests/kubesim/api.h"
#include "tests/kubesim/cluster.h"
#include "tests/kubesim/credentials.h"
#include "tests/kubesim/http.h"
#include "tests/kubesim/options.h"

static void stop(void *context)
{
	loop_stop(context);
}

/* TERM and INT end the loop, which then closes everything; broken connections are no signal. */
static int watch_signals(struct loop *loop)
{
	sigset_t signals;
	int fd;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	signal(SIGPIPE, SIG_IGN);
	fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? -1 : loop_add_fd(loop, fd, stop, loop);
}

/* False if the parent is gone already. */
static bool follow_parent(pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	return getppid() == parent;
}

static int announce(const struct options *options, const struct http *http,
		    const struct credentials *credentials, struct err *err)
{
	char url[64];

	snprintf(url, sizeof(url), "%s://127.0.0.1:%u", options->http.plain ? "http" : "https",
		 http_port(http));
	if (options->kubeconfig &&
	    credentials_write_kubeconfig(credentials, url, options->kubeconfig, err) < 0)
		return -1;
	printf("kubesim serves %s\n", url);
	fflush(stdout);
	return 0;
}

static int serve(struct options *options, struct loop *loop, struct err *err)
{
	CLEANUP(credentials_release) struct credentials credentials = {0};
	CLEANUP(cluster_free_p) struct cluster *cluster = cluster_new(loop, &options->cluster);
	struct api api = {cluster, options->denials, options->denial_count, &options->faults};
	struct http *http;
	int result;

	if (credentials_make(&credentials, err) < 0 ||
	    http_start(&api, &credentials, &options->http, &http, err) < 0)
		return -1;
	result = announce(options, http, &credentials, err);
	if (result == 0 && loop_run(loop) < 0)
		result = err_set(err, ERR_INTERNAL, "the loop: %s", strerror(errno));
	http_stop(http);
	return result;
}

int main(int argc, char **argv)
{
	pid_t parent = getppid();
	CLEANUP(options_release) struct options options = {0};
	struct loop *loop;
	struct err err = {0};
	int result;

	if (options_read(argc, argv, &options, &err) < 0) {
		fprintf(stderr, "kubesim: %s\n", err.message);
		return 2;
	}
	if (options.help) {
		options_print_help(stdout);
		return 0;
	}
	if (options.version) {
		puts("kubesim, Kubernetes " API_VERSION);
		return 0;
	}
	if (options.parent_death && !follow_parent(parent))
		return 0;
	loop = loop_new(LOOP_REAL);
	result = watch_signals(loop);
	if (result < 0)
		err_set(&err, ERR_INTERNAL, "signals: %s", strerror(errno));
	else
		result = serve(&options, loop, &err);
	if (result < 0)
		fprintf(stderr, "kubesim: %s\n", err.message);
	loop_free(loop);
	return result < 0 ? 1 : 0;
}
