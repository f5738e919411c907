#!/bin/sh
# SPDX-FileCopyrightText: 2026 The aiodag authors
# SPDX-License-Identifier: LGPL-2.1-or-later

# valgrind.sh [SUPPRESSIONS…] -- PROGRAM [ARGUMENT…]: runs a test under valgrind. If it is a script,
# the programs among its arguments run under valgrind instead, and take their time.

set -u
here=$(cd "$(dirname "$0")" && pwd)

kinds=definite,indirect,possible
valgrind="valgrind --quiet --error-exitcode=1 --num-callers=40 --leak-check=full"
valgrind="$valgrind --show-leak-kinds=$kinds --errors-for-leak-kinds=$kinds"
valgrind="$valgrind --suppressions=$here/valgrind.supp"
while [ "$1" != -- ]; do
  valgrind="$valgrind --suppressions=$1"
  shift
done
shift

is_script () {
  [ "$(head -c 2 "$1")" = '#!' ]
}

if ! is_script "$1"; then
  # shellcheck disable=SC2086
  exec $valgrind "$@"
fi

work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM
chmod a+rx "$work"

script=$1
shift
for argument; do
  shift
  if [ -f "$argument" ] && [ -x "$argument" ] && ! is_script "$argument"; then
    program=$work/$(basename "$argument")
    folder=$(cd "$(dirname "$argument")" && pwd)
    {
      echo '#!/bin/sh'
      echo "exec $valgrind '$folder/$(basename "$argument")' \"\$@\""
    } > "$program"
    chmod a+rx "$program"
    argument=$program
  fi
  set -- "$@" "$argument"
done

export DAG_EXAMPLE_SPEED=0.25
"$script" "$@"
