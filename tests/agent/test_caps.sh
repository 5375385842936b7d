#!/usr/bin/env bash
# What a file can do at worst: each cap is told with its place and what to do, and small files that ask
# for much end within 100 ms of processor time and 64 MiB.
. "$(dirname "$0")/../support/checks.sh"
begin_test

# --- files past each cap --------------------------------------------------------------------------

python3 - <<'EOT'
HEAD = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"
JSON = '{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "v": '


def write(name, text):
    with open(name, "w", encoding="utf-8") as file:
        file.write(text)


# Small ones: "bomb-" is in front of their names.
write("bomb-billion.yaml", HEAD + "v:\n- &a0 [a, b, c, d, e, f, g, h, i]\n"
      + "".join("- &a%d [%s]\n" % (i, ", ".join(["*a%d" % (i - 1)] * 9)) for i in range(1, 10)))
write("bomb-wide.yaml", HEAD + "v:\n- &a [" + "x, " * 10000 + "]\n" + "- *a\n" * 10000)
write("bomb-merges.yaml", HEAD + "v: &m {" + "".join("k%d: 1, " % i for i in range(2000)) + "}\nw:\n"
      + "- {<<: *m}\n" * 5000)
write("bomb-chain.yaml", HEAD + "a0: &m0 {" + "".join("k%d: 1, " % i for i in range(1000)) + "}\n"
      + "".join("a%d: &m%d {<<: *m%d, z%d: 1}\n" % (i, i, i - 1, i) for i in range(1, 900)))
write("bomb-brackets.yaml", HEAD + "v: " + "[" * 100000)
write("bomb-braces.yaml", HEAD + "v: " + "{a: " * 50000)
write("bomb-dashes.yaml", HEAD + "v:\n" + "- " * 100000 + "x\n")
write("bomb-steps.yaml", HEAD + "v:\n" + "".join(" " * i + "a:\n" for i in range(1, 1100)))
write("bomb-json.json", JSON + "[" * 100000)
write("bomb-json-keys.json", '{"a": ' * 30000)
write("bomb-directives.yaml", "".join("%%TAG !a%d! x:\n" % i for i in range(20000)) + "---\n" + HEAD)
write("bomb-anchors.yaml", HEAD + "v:\n" + "".join("- &a%d x\n" % i for i in range(20000)))
write("bomb-number.json", JSON + "1" * 200000 + "}")
write("bomb-cycle.yaml", HEAD + "v: &a [*a]\n")
write("bomb-keys.yaml", HEAD + "? " * 50000)
write("bomb-quote.yaml", HEAD + 'v: "' + "\\\n" * 100000)
write("bomb-lists.yaml", "{apiVersion: v1, kind: List, items: [" * 90 + "]}" * 90)
write("bomb-documents.yaml", "---\n" * 100000)

write("bytes.yaml", "#" * (16 * 1024 * 1024 + 1))
write("values.yaml", HEAD + "v:\n" + "- x\n" * 1100000)
write("values.json", JSON + "[" + "1," * 1100000 + "1]}")
EOT
mkdir objects folders
for i in {1..100}; do
	seq -f '{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a-%g"}}' $((1001 * i)) $((1001 * i + 1000)) >"objects/$i.json"
done
deep=folders$(printf '/d%.0s' {1..65})
mkdir -p "$deep"

# expect FILE STATUS MESSAGE
expect() {
	run "$tranche" validate -R -f "$1"
	check_equal "$1" "$2 $3" "$status $(printf '%s\n' "$out" "$err" | grep -m 1 .)"
}

aliases="error: too much of the document comes from aliases; write out what they name"
nested="error: nested deeper than 1000 levels; flatten it"
flow="error: more than 200 flow collections inside of each other; write some as blocks"
expect bomb-billion.yaml 1 "bomb-billion.yaml:8:28: $aliases"
expect bomb-wide.yaml 1 "bomb-wide.yaml:25:3: $aliases"
expect bomb-merges.yaml 1 "bomb-merges.yaml:55:8: $aliases"
expect bomb-chain.yaml 1 "bomb-chain.yaml:96:16: $aliases"
expect bomb-brackets.yaml 1 "bomb-brackets.yaml:4:204: $flow"
expect bomb-braces.yaml 1 "bomb-braces.yaml:4:804: $flow"
expect bomb-dashes.yaml 1 "bomb-dashes.yaml:5:1999: $nested"
expect bomb-steps.yaml 1 "bomb-steps.yaml:1003:1000: $nested"
expect bomb-json.json 1 "bomb-json.json:1:1074: error: nested deeper than 1000 levels"
expect bomb-json-keys.json 1 "bomb-json-keys.json:1:6001: error: nested deeper than 1000 levels"
expect bomb-directives.yaml 1 "bomb-directives.yaml:101:1: error: more than 100 lines that begin with %; remove some"
expect bomb-anchors.yaml 1 "bomb-anchors.yaml:10005:3: error: more than 10000 anchors in one document; split it"
expect bomb-number.json 1 "bomb-number.json:1:75: error: a number of more than 511 bytes"
expect bomb-cycle.yaml 1 'bomb-cycle.yaml:4:8: error: alias "a" stands inside its own anchor'
expect bomb-lists.yaml 1 "bomb-lists.yaml:1:593: error: lists are nested more than 16 deep; flatten them"
expect bytes.yaml 5 "tranche: bytes.yaml: larger than 16777216 bytes; split it into several files"
expect values.yaml 1 "values.yaml:1048575:3: error: more than 1048576 values in one file; split it"
expect values.json 1 "values.json:1:2097216: error: more than 1048576 values"
expect objects 5 "tranche: objects/99.json: more than 100000 objects in one set; name a smaller folder"
expect folders 5 "tranche: $deep: folders are nested more than 64 deep; name one of them"

git init -q -b main repo
cp bytes.yaml repo/
git -C repo add . && git -C repo commit -qm "too large"
run "$tranche" validate --repo repo
check_like "a blob that is too large" "5 tranche: repo at main@*: bytes.yaml: larger than 16777216 bytes; split it into several files" \
	"$status $err"
git -C repo rm -q bytes.yaml && mkdir -p "repo/$deep" && echo "{}" >"repo/$deep/a.yaml"
git -C repo add . && git -C repo commit -qm "too deep"
run "$tranche" validate --repo repo
check_like "folders that are too deep" "5 tranche: repo at main@*: ${deep%/d}*: folders are nested more than 64 deep; name one of them" \
	"$status $err"

# --- what the small ones cost -----------------------------------------------------------------------

# A build with sanitizers takes its own time and memory. What else goes on in a machine only adds to the time: the
# least of some runs counts.
grep -q __asan_init "$tranche" || for bomb in bomb-*; do
	check_equal "$bomb: costs" "below 100 ms and 64 MiB" "$(python3 - "$tranche" "$bomb" <<-'EOT'
		import os, subprocess, sys
		for _ in range(10):
		    child = subprocess.Popen([sys.argv[1], "validate", "-f", sys.argv[2]], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
		    _, _, used = os.wait4(child.pid, 0)
		    milliseconds, mebibytes = 1000 * (used.ru_utime + used.ru_stime), used.ru_maxrss / 1024
		    good = milliseconds < 100 and mebibytes < 64
		    if good:
		        break
		print("below 100 ms and 64 MiB" if good else "%d ms and %d MiB" % (milliseconds, mebibytes))
	EOT
	)"
done

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
