#!/usr/bin/env bash
# A session with kubectl, on this cluster, against what it says on every other: kubesim and real
# servers answer alike.
. "$(dirname "$0")/lib.sh"

NAMESPACE=$namespace "$here/kubectl-session.sh" >"$work/session" 2>&1
check_equal "kubectl's session" "$(<"$here/kubectl-session.expected")" "$(<"$work/session")"

finish
