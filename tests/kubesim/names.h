/*
 * names.h - what may be a name, a label, a label's value: apimachinery's validation, with its words.
 */
#ifndef TESTS_KUBESIM_NAMES_H
#define TESTS_KUBESIM_NAMES_H

enum name_rule {
	NAME_SUBDOMAIN,    /* RFC 1123 subdomain: most names */
	NAME_LABEL,        /* RFC 1123 label: Namespaces */
	NAME_LABEL_1035,   /* DNS-1035 label: Services */
	NAME_PATH_SEGMENT, /* Roles */
	NAME_QUALIFIED,    /* keys of labels */
	NAME_LABEL_VALUE,
};

/* What is wrong with the text under that rule, as the server says it; NULL if nothing is. */
const char *name_fault(enum name_rule rule, const char *text);

#endif
