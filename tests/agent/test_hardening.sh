#!/usr/bin/env bash
# What the compiler and the linker were asked to protect the program with is in it.
. "$(dirname "$0")/../support/checks.sh"
cd "$(dirname "$0")/../.." || exit 2
tranche=${BUILD:-build}/tranche
export LC_ALL=C

segments=$(readelf -lW "$tranche")
dynamic=$(readelf -dW "$tranche")
symbols=$(readelf --dyn-syms -W "$tranche" | awk '$7 == "UND" { sub(/@.*/, "", $8); print $8 }')

# flags TYPE: of the segments of that type, each once
flags() {
	awk -v "type=$1" '$1 == type { sub(/.*0x[0-9a-f]+ 0x[0-9a-f]+ 0x[0-9a-f]+ 0x[0-9a-f]+ 0x[0-9a-f]+ /, "")
		sub(/0x[0-9a-f]+ *$/, ""); gsub(/ /, ""); print }' <<<"$segments" | sort -u | paste -sd' '
}

check_like "it is position-independent" "*DYN*" "$(readelf -hW "$tranche" | grep Type:)"
check_like "and is marked as an executable that is" "*PIE*" "$(grep FLAGS_1 <<<"$dynamic")"
check_equal "what relocations fill in is read-only once it runs (relro)" "R" "$(flags GNU_RELRO)"
check_like "and all of it is filled in before it runs (now)" "*NOW*" "$(grep FLAGS_1 <<<"$dynamic")"
check_equal "no segment can be written and run" "" "$(flags LOAD | tr ' ' '\n' | grep 'W.*E')"
check_equal "nor can the stack" "RW" "$(flags GNU_STACK)"
check_equal "no text is relocated" "" "$(grep -w TEXTREL <<<"$dynamic")"
check_equal "libraries are looked for where the system has them" "" "$(grep -E 'RPATH|RUNPATH' <<<"$dynamic")"

if grep -qE '^__(asan|ubsan|gcov)' <<<"$symbols" || nm "$tranche" 2>/dev/null | grep -q __gcov_; then
	echo "counted: instrumented: without the checks of the stack protector and of FORTIFY_SOURCE"
else
	check_equal "functions with buffers check their stack" __stack_chk_fail "$(grep -x __stack_chk_fail <<<"$symbols")"
	check_equal "formatted and copied text is checked for its length" "__memcpy_chk
__vsnprintf_chk" "$(grep -xE '__(memcpy|vsnprintf)_chk' <<<"$symbols" | sort)"
fi

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
