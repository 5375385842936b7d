#!/usr/bin/env bash
# `tranche validate` and an API server of 1.20 are of one mind about objects with one value that may be
# wrong: what the server refuses is found offline, and what it takes is no error.
. "$(dirname "$0")/lib.sh"

cases=$here/validate_cases.txt
python3 "$here/validate_cases.py" "$cases" "$work/cases"

# refused FOLDER: the lines whose objects the server does not take.
refused() {
	kubectl -n "$namespace" create --dry-run=server --validate=false -o name -f "$1" >/dev/null 2>"$work/refusals"
	sed -n "s,^Error from server .*: error when creating \"$1/0*\([0-9]*\)\.json\": .*,\1,p" "$work/refusals"
}

# The texts of the lines whose numbers are read.
texts() {
	awk 'NR == FNR { wanted[$1]; next } FNR in wanted' - "$cases"
}

{
	refused "$work/cases/objects"
	refused "$work/cases/twins"
} | sort -u >"$work/server"
"$build/tranche" validate -n "$namespace" -f "$work/cases/objects" -o json 2>/dev/null | python3 -c '
import json, os, sys
for finding in json.load(sys.stdin)["findings"]:
    if finding["level"] == "error":
        print(int(os.path.basename(finding["file"]).split(".")[0]))' | sort -u >"$work/ours"

check_equal "refused by the server, not found by validate" "" \
	"$(comm -23 "$work/server" "$work/ours" | texts | grep -v '# differs: ')"
check_equal "found by validate, taken by the server" "" \
	"$(comm -13 "$work/server" "$work/ours" | texts | grep -v '# differs: ')"
check_equal "what differs on purpose does differ" "$(grep '^[^#].*# differs: ' "$cases")" \
	"$(comm -3 "$work/server" "$work/ours" | texts | grep '# differs: ')"

# Newer servers have no longer these two.
kubectl get --raw /openapi/v2 >"$work/openapi"
python3 "$here/openapi_fields.py" "$work/openapi" >"$work/fields.json"
"$build/tranche" validate -f "$work/fields.json" >"$work/out" 2>/dev/null
check_equal "validate knows every field that the server has" "clusterName topologyKeys" \
	"$(sed -n 's/.*: unknown field "\([^"]*\)".*/\1/p' "$work/out" | sort -u | paste -sd' ')"

echo "counted: $(find "$work/cases/objects" -type f | wc -l) objects, $(wc -l <"$work/server") refused by the server," \
	"$(wc -l <"$work/ours") by validate, $(grep -c '^[^#].*# differs: ' "$cases") differ on purpose;" \
	"$(wc -l <"$work/fields.json") fields of the server's looked up"
finish
