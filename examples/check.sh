#!/bin/sh
# SPDX-FileCopyrightText: 2026 The aiodag authors
# SPDX-License-Identifier: LGPL-2.1-or-later

# check.sh [--unordered] PROGRAM [ARGUMENT…] EXPECTED: runs an example and compares what it prints
# with a file. Times to a thousandth, which nobody can foresee, are left out; with --unordered the
# order of lines is too.

set -u

arrange=cat
if [ "$1" = --unordered ]; then
  arrange=sort
  shift
fi

# The last argument is no part of the command.
n=$#
for argument; do
  shift
  n=$((n - 1))
  if [ $n -gt 0 ]; then
    set -- "$@" "$argument"
  else
    expected=$argument
  fi
done

work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT

normal () {
  sed -E 's/[0-9]+\.[0-9]{3} s/N s/' "$1" | LC_ALL=C $arrange
}

"$@" > "$work/printed" || {
  printf '%s failed with status %d; it printed\n' "$*" $?
  cat "$work/printed"
  exit 1
}
normal "$expected" > "$work/expected"
normal "$work/printed" > "$work/actual"
diff -u "$work/expected" "$work/actual"
