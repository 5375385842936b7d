#include "apply/exec_credential.h"

#include <stdlib.h>
#include <string.h>

#include "apply/file.h"
#include "apply/secret_file.h"
#include "diff/base64.h"
#include "diff/cleanup.h"
#include "diff/json.h"
#include "diff/rfc3339.h"
#include "diff/yaml.h"

/* --- what it is told -------------------------------------------------------------------------- */

static int add_bool(cJSON *object, const char *key, bool value, struct err *err)
{
	return value ? json_set_key(object, key, cJSON_CreateBool(true), err) : 0;
}

static int add_text(cJSON *object, const char *key, const char *text, struct err *err)
{
	return text ? json_set_key(object, key, cJSON_CreateString(text), err) : 0;
}

/* The plugin gets the CA itself, wherever it stands. */
static int add_ca(cJSON *cluster, const struct endpoint *endpoint, struct err *err)
{
	CLEANUP(free_p) char *read = NULL;
	CLEANUP(buf_release) struct buf encoded = BUF_INIT(EXEC_INFO_MAX_BYTES);
	const char *pem = endpoint->ca_pem;
	size_t length = pem ? strlen(pem) : 0;

	if (!pem && endpoint->ca_file) {
		if (file_read(endpoint->ca_file, SECRET_FILE_MAX_BYTES, &read, &length, err) < 0)
			return -1;
		pem = read;
	}
	if (!pem)
		return 0;
	base64_print(pem, length, &encoded);
	if (buf_check(&encoded, "the certificate authority", err) < 0)
		return -1;
	return add_text(cluster, "certificate-authority-data", buf_str(&encoded), err);
}

static int add_config(cJSON *cluster, const struct exec_config *exec, struct err *err)
{
	cJSON *config = NULL;

	if (!exec->cluster_config)
		config = cJSON_CreateNull();
	else if (json_parse(exec->cluster_config, strlen(exec->cluster_config), &config, err) < 0)
		return -1;
	return json_set_key(cluster, "config", config, err);
}

static int add_cluster(cJSON *info, const struct endpoint *endpoint, struct err *err)
{
	const struct exec_config *exec = endpoint->exec;

	if (json_set(info, "spec.cluster.server", cJSON_CreateString(endpoint->server), err) < 0)
		return -1;
	cJSON *cluster = json_at(info, "spec.cluster");
	if (add_text(cluster, "tls-server-name", endpoint->tls_server_name, err) < 0 ||
	    add_bool(cluster, "insecure-skip-tls-verify", endpoint->insecure, err) < 0 ||
	    add_ca(cluster, endpoint, err) < 0 ||
	    add_text(cluster, "proxy-url", endpoint->proxy_url, err) < 0 ||
	    add_bool(cluster, "disable-compression", exec->disable_compression, err) < 0)
		return -1;
	return add_config(cluster, exec, err);
}

int exec_credential_print_info(const struct endpoint *endpoint, struct buf *out, struct err *err)
{
	CLEANUP(cJSON_Delete_p) cJSON *info = cJSON_CreateObject();
	const struct exec_config *exec = endpoint->exec;

	if (!info)
		return err_no_memory(err);
	if (json_set_str(info, "kind", "ExecCredential", err) < 0 ||
	    json_set_str(info, "apiVersion", exec->api_version, err) < 0 ||
	    json_set(info, "spec.interactive", cJSON_CreateBool(exec->has_terminal), err) < 0 ||
	    (exec->wants_cluster && add_cluster(info, endpoint, err) < 0))
		return -1;
	json_print(info, out);
	return buf_check(out, "what the exec plugin is to be told of the cluster", err);
}

/* --- what it answers -------------------------------------------------------------------------- */

static int take_text(const cJSON *status, const char *key, char **ret_text, struct err *err)
{
	const cJSON *value = json_get(status, key);

	if (!value || cJSON_IsNull(value))
		return 0;
	if (!cJSON_IsString(value))
		return err_set(err, ERR_INVALID, "the %s that it gave is not a string", key);
	if (!*value->valuestring)
		return 0;
	*ret_text = strdup(value->valuestring);
	return *ret_text ? 0 : err_no_memory(err);
}

static int check_fitness(const struct credential *credential, struct err *err)
{
	if (!credential->token && !credential->cert_pem && !credential->key_pem)
		return err_set(err, ERR_INVALID,
			       "it gave neither a token nor a client certificate");
	if (!credential->cert_pem != !credential->key_pem)
		return err_set(err, ERR_INVALID, "it gave a client %s",
			       credential->cert_pem ? "certificate without its key"
						    : "key without its certificate");
	if (credential->token && !credential_is_token(credential->token))
		return err_set(err, ERR_INVALID,
			       "the token that it gave holds blanks or other characters that no "
			       "token has, or is larger than %u bytes",
			       CREDENTIAL_MAX_TOKEN_BYTES);
	if (credential->cert_pem && (!strstr(credential->cert_pem, "-----BEGIN") ||
				     !strstr(credential->key_pem, "-----BEGIN")))
		return err_set(err, ERR_INVALID,
			       "the client certificate or key that it gave is not a PEM text");
	return 0;
}

static int read_status(const cJSON *status, struct credential *credential, struct err *err)
{
	CLEANUP(free_p) char *expiry = NULL;

	if (take_text(status, "token", &credential->token, err) < 0 ||
	    take_text(status, "clientCertificateData", &credential->cert_pem, err) < 0 ||
	    take_text(status, "clientKeyData", &credential->key_pem, err) < 0 ||
	    take_text(status, "expirationTimestamp", &expiry, err) < 0)
		return -1;
	credential->expires_at_ms = INT64_MAX;
	if (expiry && !rfc3339_read(expiry, &credential->expires_at_ms))
		return err_set(err, ERR_INVALID,
			       "the expirationTimestamp that it gave is no time as in RFC 3339");
	return check_fitness(credential, err);
}

static int read_answer(const struct exec_config *exec, const cJSON *root,
		       struct credential *credential, struct err *err)
{
	const char *kind = json_str(root, "kind"), *api_version = json_str(root, "apiVersion");
	const cJSON *status = json_get(root, "status");

	if (!kind || strcmp(kind, "ExecCredential") != 0 || !api_version)
		return err_set(err, ERR_INVALID, "what it printed is no ExecCredential");
	if (strcmp(api_version, exec->api_version) != 0)
		return err_set(err, ERR_INVALID,
			       "it did not answer in %s, which the kubeconfig asks for",
			       exec->api_version);
	if (!cJSON_IsObject(status))
		return err_set(err, ERR_INVALID, "what it printed has no status");
	return read_status(status, credential, err);
}

int exec_credential_parse(const struct exec_config *exec, const char *text, size_t length,
			  struct credential *ret_credential, struct err *err)
{
	CLEANUP(yaml_docs_release) struct yaml_docs docs = {0};
	CLEANUP(credential_release) struct credential credential = {0};

	/* client-go takes YAML too. What is wrong in there could quote it, and is not passed on. */
	if (yaml_load(text, length, &docs, err) < 0 || docs.count != 1)
		return err_set(err, ERR_INVALID, "what it printed is no ExecCredential");
	if (read_answer(exec, docs.items[0].root, &credential, err) < 0)
		return -1;
	*ret_credential = credential;
	credential = (struct credential){0};
	return 0;
}
