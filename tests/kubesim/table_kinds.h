/*
 * table_kinds.h - the cells that only one kind has, as printers.go makes them.
 */
#ifndef TESTS_KUBESIM_TABLE_KINDS_H
#define TESTS_KUBESIM_TABLE_KINDS_H

#include "tests/kubesim/table_cells.h"

/* --- table_pod.c ----------------------------------------------------------------------------- */

cell_fn cell_pod_ready;    /* "1/2" */
cell_fn cell_pod_status;   /* "Running", "Init:0/1", "ImagePullBackOff", "Terminating", ... */
cell_fn cell_pod_restarts; /* "0", "3 (2m5s ago)" */
cell_fn cell_pod_gates;    /* "<none>", "1/2" */

/* --- table_event.c: Events of the core group and of events.k8s.io ----------------------------- */

cell_fn cell_event_last_seen;
cell_fn cell_event_first_seen;
cell_fn cell_event_count;
cell_fn cell_event_object; /* "statefulset/web" */
cell_fn cell_event_subobject;
cell_fn cell_event_source; /* "kubelet, node-1" */
cell_fn cell_event_message;

/* --- table_kinds.c --------------------------------------------------------------------------- */

cell_fn cell_text_or_unknown;
cell_fn cell_int_or_unset;

cell_fn cell_job_status;
cell_fn cell_job_completions;
cell_fn cell_job_duration;
cell_fn cell_hpa_targets;
cell_fn cell_controller; /* "statefulset.apps/web" */

cell_fn cell_service_external_ip;
cell_fn cell_service_ports; /* "80/TCP,443:30443/TCP" */
cell_fn cell_endpoints;
cell_fn cell_load_balancer;
cell_fn cell_ingress_hosts;
cell_fn cell_ingress_ports;
cell_fn cell_ingress_class_parameters;

cell_fn cell_storage;       /* the storage of the resource list at the path */
cell_fn cell_bound_storage; /* a claim's, once it is bound */
cell_fn cell_bound_modes;
cell_fn cell_claim;              /* a volume's: "namespace/name" */
cell_fn cell_default_class_name; /* "standard (default)" */

cell_fn cell_node_status;
cell_fn cell_node_roles;
cell_fn cell_node_address; /* of the type that the argument names */

cell_fn cell_subjects; /* of the kind that the argument names */
cell_fn cell_quota;    /* the argument: "limits" for those, else the others */

#endif
