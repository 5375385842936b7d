/*
 * names.h - what may be a name, a label, a label's value, a key: the server's rules, in its words.
 *
 * After k8s.io/apimachinery/pkg/util/validation and pkg/apis/core/validation of Kubernetes 1.36.
 */
#ifndef DIFF_NAMES_H
#define DIFF_NAMES_H

enum name_rule {
	NAME_SUBDOMAIN,    /* RFC 1123 subdomain: most names */
	NAME_LABEL,        /* RFC 1123 label: Namespaces, containers, volumes */
	NAME_LABEL_1035,   /* DNS-1035 label: Services */
	NAME_PATH_SEGMENT, /* Roles */
	NAME_QUALIFIED,    /* keys of labels */
	NAME_ANNOTATION,   /* keys of annotations: the same in small letters */
	NAME_LABEL_VALUE,
	NAME_PORT,       /* of a container's port */
	NAME_CONFIG_KEY, /* keys of ConfigMaps and Secrets */
	NAME_ENV,        /* since 1.30 nearly anything; before, C identifiers with '-' and '.' */
};

/* What is wrong with the text under that rule, as the server says it; NULL if nothing is. */
const char *name_fault(enum name_rule rule, const char *text);

/* The rule for metadata.name of a kind; NAME_SUBDOMAIN for those nobody knows. */
enum name_rule name_rule_of(const char *group, const char *kind);

#endif
