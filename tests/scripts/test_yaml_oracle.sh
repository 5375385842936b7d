#!/usr/bin/env bash
# Compares the YAML room with kubectl on several hundred documents, both ways: YAML to JSON and JSON
# to YAML. The cases and the differences that are meant are in tests/diff/data/yaml.
set -eu
cd "$(dirname "$0")/../.."

if ! command -v kubectl >/dev/null; then
	echo "test_yaml_oracle: there is no kubectl on PATH; \"make deps\" installs one" >&2
	echo "0 passed, 1 failed"
	exit 1
fi
exec python3 tests/scripts/yaml_oracle.py "${BUILD:-build}/yaml2json" tests/diff/data/yaml
