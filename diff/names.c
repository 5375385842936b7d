#include "diff/names.h"

#include <ctype.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define MAX_SUBDOMAIN 253
#define MAX_LABEL     63
#define MAX_PORT_NAME 15

static bool is_lower_alnum(char c)
{
	return islower((unsigned char)c) || isdigit((unsigned char)c);
}

/* [a-z0-9]([-a-z0-9]*[a-z0-9])?, of `length` characters. */
static bool is_label(const char *text, size_t length)
{
	if (length == 0 || !is_lower_alnum(text[0]) || !is_lower_alnum(text[length - 1]))
		return false;
	for (size_t i = 0; i < length; i++) {
		if (!is_lower_alnum(text[i]) && text[i] != '-')
			return false;
	}
	return true;
}

static bool is_subdomain(const char *text)
{
	for (;;) {
		size_t length = strcspn(text, ".");

		if (!is_label(text, length))
			return false;
		if (!text[length])
			return true;
		text += length + 1;
	}
}

/* ([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9] */
static bool is_name_part(const char *text)
{
	size_t length = strlen(text);

	if (length == 0 || !isalnum((unsigned char)text[0]) ||
	    !isalnum((unsigned char)text[length - 1]))
		return false;
	for (size_t i = 0; i < length; i++) {
		if (!isalnum((unsigned char)text[i]) && !strchr("-_.", text[i]))
			return false;
	}
	return true;
}

static const char *subdomain_fault(const char *text)
{
	if (strlen(text) > MAX_SUBDOMAIN)
		return "must be no more than 253 bytes";
	if (is_subdomain(text))
		return NULL;
	return "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, "
	       "'-' or '.', and must start and end with an alphanumeric character (e.g. "
	       "'example.com', regex used for validation is "
	       "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
}

static const char *label_fault(const char *text)
{
	if (strlen(text) > MAX_LABEL)
		return "must be no more than 63 bytes";
	if (is_label(text, strlen(text)))
		return NULL;
	return "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or "
	       "'-', and must start and end with an alphanumeric character (e.g. 'my-name',  or "
	       "'123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
}

static const char *label_1035_fault(const char *text)
{
	if (strlen(text) > MAX_LABEL)
		return "must be no more than 63 bytes";
	if (is_label(text, strlen(text)) && !isdigit((unsigned char)text[0]))
		return NULL;
	return "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start "
	       "with an alphabetic character, and end with an alphanumeric character (e.g. "
	       "'my-name',  or 'abc-123', regex used for validation is "
	       "'[a-z]([-a-z0-9]*[a-z0-9])?')";
}

static const char *path_segment_fault(const char *text)
{
	if (strcmp(text, ".") == 0)
		return "may not be '.'";
	if (strcmp(text, "..") == 0)
		return "may not be '..'";
	if (strchr(text, '/'))
		return "may not contain '/'";
	return strchr(text, '%') ? "may not contain '%'" : NULL;
}

static const char *qualified_fault(const char *text)
{
	const char *slash = strchr(text, '/'), *name = slash ? slash + 1 : text;
	char prefix[MAX_SUBDOMAIN + 1] = "";

	if (slash) {
		if (slash == text)
			return "prefix part must be non-empty";
		if (slash - text > MAX_SUBDOMAIN)
			return "prefix part must be no more than 253 bytes";
		memcpy(prefix, text, (size_t)(slash - text));
		if (!is_subdomain(prefix))
			return "prefix part a lowercase RFC 1123 subdomain must consist of lower "
			       "case alphanumeric characters, '-' or '.', and must start and end "
			       "with an alphanumeric character (e.g. 'example.com', regex used for "
			       "validation is "
			       "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*'"
			       ")";
	}
	if (!*name)
		return "name part must be non-empty";
	if (strlen(name) > MAX_LABEL)
		return "name part must be no more than 63 bytes";
	if (is_name_part(name))
		return NULL;
	return "name part must consist of alphanumeric characters, '-', '_' or '.', and must start "
	       "and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or "
	       "'123-abc', regex used for validation is "
	       "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
}

/* Its prefix may have capitals. */
static const char *annotation_fault(const char *text)
{
	char lower[MAX_SUBDOMAIN + MAX_LABEL + 3];
	size_t i = 0;

	for (; i < sizeof(lower) - 1 && text[i]; i++)
		lower[i] = (char)tolower((unsigned char)text[i]);
	lower[i] = '\0';
	return qualified_fault(lower);
}

static const char *label_value_fault(const char *text)
{
	if (strlen(text) > MAX_LABEL)
		return "must be no more than 63 bytes";
	if (!text[0] || is_name_part(text))
		return NULL;
	return "a valid label must be an empty string or consist of alphanumeric characters, '-', "
	       "'_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue', "
	       " or 'my_value',  or '12345', regex used for validation is "
	       "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
}

/* RFC 6335, section 5.1, in lower case. */
static const char *port_fault(const char *text)
{
	size_t length = strlen(text);

	if (length > MAX_PORT_NAME)
		return "must be no more than 15 characters";
	if (length != strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-"))
		return "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)";
	if (!strpbrk(text, "abcdefghijklmnopqrstuvwxyz"))
		return "must contain at least one letter (a-z)";
	if (strstr(text, "--"))
		return "must not contain consecutive hyphens";
	if (text[0] == '-' || text[length - 1] == '-')
		return "must not begin or end with a hyphen";
	return NULL;
}

static const char *config_key_fault(const char *text)
{
	if (strlen(text) > MAX_SUBDOMAIN)
		return "must be no more than 253 bytes";
	if (strcmp(text, ".") == 0)
		return "must not be '.'";
	if (strncmp(text, "..", 2) == 0)
		return text[2] ? "must not start with '..'" : "must not be '..'";
	if (text[0] && !text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
					  "0123456789-._")])
		return NULL;
	return "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. "
	       "'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is "
	       "'[-._a-zA-Z0-9]+')";
}

static const char *env_fault(const char *text)
{
	for (const char *c = text; *c; c++) {
		if (*c < ' ' || *c > '~' || *c == '=')
			return "a valid environment variable name must consist only of printable "
			       "ASCII characters other than '='";
	}
	return NULL;
}

enum name_rule name_rule_of(const char *group, const char *kind)
{
	if (strcmp(group, "rbac.authorization.k8s.io") == 0)
		return NAME_PATH_SEGMENT;
	if (*group)
		return NAME_SUBDOMAIN;
	if (strcmp(kind, "Service") == 0)
		return NAME_LABEL_1035;
	return strcmp(kind, "Namespace") == 0 ? NAME_LABEL : NAME_SUBDOMAIN;
}

const char *name_fault(enum name_rule rule, const char *text)
{
	switch (rule) {
	case NAME_SUBDOMAIN: return subdomain_fault(text);
	case NAME_LABEL: return label_fault(text);
	case NAME_LABEL_1035: return label_1035_fault(text);
	case NAME_PATH_SEGMENT: return path_segment_fault(text);
	case NAME_QUALIFIED: return qualified_fault(text);
	case NAME_ANNOTATION: return annotation_fault(text);
	case NAME_LABEL_VALUE: return label_value_fault(text);
	case NAME_PORT: return port_fault(text);
	case NAME_CONFIG_KEY: return config_key_fault(text);
	case NAME_ENV: return env_fault(text);
	}
	return NULL;
}
