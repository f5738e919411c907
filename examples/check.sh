#!/bin/sh
# SPDX-FileCopyrightText: 2026 The aiodag authors
# SPDX-License-Identifier: LGPL-2.1-or-later

# check.sh [--unordered] PROGRAM EXPECTED: runs an example and compares what it prints with a file.
# Times to a thousandth, which nobody can foresee, are left out; with --unordered the order of lines
# is too.

set -u

arrange=cat
if [ "$1" = --unordered ]; then
  arrange=sort
  shift
fi
program=$1
expected=$2

work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT

normal () {
  sed -E 's/[0-9]+\.[0-9]{3} s/N s/' "$1" | LC_ALL=C $arrange
}

"$program" > "$work/printed" || {
  printf '%s failed with status %d; it printed\n' "$program" $?
  cat "$work/printed"
  exit 1
}
normal "$expected" > "$work/expected"
normal "$work/printed" > "$work/actual"
diff -u "$work/expected" "$work/actual"
