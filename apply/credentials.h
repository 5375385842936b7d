/*
 * credentials.h - who we are to a server, kept fresh: what the endpoint holds itself, files that
 * are read again when they change, or an exec plugin that is run when its last answer has run out.
 *
 * As client-go does it (plugin/pkg/client/auth/exec, transport/{token_source,cert_rotation}.go) but
 * for three things: a plugin is run shortly before its answer expires rather than after; one that
 * failed is not run again at once by each request that waits; and what is to be tried again after a
 * 401 is tried again, rather than left to the next request.
 */
#ifndef APPLY_CREDENTIALS_H
#define APPLY_CREDENTIALS_H

#include <stdbool.h>
#include <stdint.h>

#include "apply/credential.h"
#include "apply/endpoint.h"

struct uv_loop_s;
struct credentials;

#define CREDENTIALS_EARLY_MS   30000 /* before the expiry, but a fifth of the lifetime at most */
#define CREDENTIALS_MIN_USE_MS 1000  /* an answer is used for that long, whatever it says */
#define CREDENTIALS_PAUSE_MS   1000  /* a plugin that failed is not run again sooner */

/*
 * `endpoint` is borrowed. `on_ready` is called from the loop each time that a plugin has ended
 * which credentials_prepare waited for; with `err` where there are no credentials.
 */
struct credentials *credentials_new(struct uv_loop_s *loop, const struct endpoint *endpoint,
				    void (*on_ready)(void *ctx, const struct err *err), void *ctx,
				    struct err *err);

/* Kills the plugin. The loop must turn once more before it can be closed. NULL is fine. */
void credentials_free(struct credentials *credentials);

/*
 * Before each request: 1 where credentials_now is fit to be used, 0 where on_ready will tell, -1
 * with *err, of class ERR_DENIED or ERR_NO_MEMORY, where there are none.
 */
int credentials_prepare(struct credentials *credentials, struct err *err);

/* Nobody waits any more: kills the plugin. */
void credentials_stop(struct credentials *credentials);

/* Borrowed, until the next call that is handed the credentials. Its members may all be NULL. */
struct credential credentials_now(const struct credentials *credentials);

/* Grows each time that the credentials were renewed. */
uint64_t credentials_generation(const struct credentials *credentials);

/*
 * After a 401 to a request made in `generation`: whether to prepare again and try it again. Reads
 * files again, or makes a plugin be run again.
 */
bool credentials_renew(struct credentials *credentials, uint64_t generation);

/* Whether a certificate and a key that do not fit may soon: files are just being replaced. */
bool credentials_may_change(const struct credentials *credentials);

#endif
