#!/bin/sh
# SPDX-FileCopyrightText: 2026 The aiodag authors
# SPDX-License-Identifier: LGPL-2.1-or-later

# check-digest.sh DIGEST: compares what the example prints with what sha256sum prints, for folders
# that are full of surprises.

set -u
export LC_ALL=C

digest=$(cd "$(dirname "$1")" && pwd)/$(basename "$1") || exit 99
work=$(mktemp -d) || exit 99
trap 'chmod -R u+rwx "$work"; rm -rf "$work"' EXIT
status=0

# What it has to print for these folders, files in the order of find | sort, whatever their names.
reference () {
  find "$@" -type f -print0 | sort -z | xargs -0 -r sha256sum
}

# compare TITLE EXPECTED-STATUS: of what is in $work/expected and $work/actual.
compare () {
  if [ "$actual_status" -ne "$2" ]; then
    printf '%s: exit status %d, expected %d\n' "$1" "$actual_status" "$2"
    status=1
  fi
  if ! diff -u "$work/expected" "$work/actual"; then
    printf '%s: differs\n' "$1"
    status=1
  fi
}

run () {
  "$@" > "$work/actual" 2> "$work/errors"
  actual_status=$?
}

# same FOLDER…: prints what sha256sum prints, and nothing goes wrong.
same () {
  reference "$@" > "$work/expected"
  run "$digest" "$@"
  compare "$*" 0
  if [ -s "$work/errors" ]; then
    cat "$work/errors"
    status=1
  fi
}

mkdir "$work/tree"
cd "$work/tree" || exit 99

mkdir -p a/b/c/d a/empty a-b 'with space' .hidden odd many
printf 'one\n' > a/file
printf 'two\n' > a-b/file
printf 'three' > a/b/c/d/deep
: > a/nothing
printf 'x' > 'with space/a file'
printf 'x' > .hidden/.file
ln -s a link-to-folder
ln -s a/file link-to-file
ln -s nowhere link-to-nowhere
ln -s .. a/up
mkfifo fifo
printf '1' > 'odd/back\slash'
printf '2' > "odd/new
line"
printf '3' > "odd/$(printf 'carriage\rreturn')"
printf '4' > "odd/$(printf 'not\377utf8')"
printf '5' > 'odd/-dash'
printf '6' > 'odd/*?[quote"]'\'
printf '7' > "odd/$(printf 'tab\there')"
mkdir "odd/$(printf 'folder\n\\')"
printf '8' > "odd/$(printf 'folder\n\\')/file"
# As large as the buffer, one less, one more, and several times as large.
for size in 262143 262144 262145 1000000 1048576; do
  head -c $size /dev/zero | tr '\0' 'z' > "size-$size"
done
i=0
while [ $i -lt 300 ]; do
  printf '%d' $i > many/$i
  i=$((i + 1))
done

same .
same a
same a/
same a//
same ./a-b a/b a a
same link-to-folder
same link-to-folder/
same a/file
same a/empty
same "$work/tree"
same odd

find . -type f -print0 | sort -z | xargs -0 -r sha256sum > "$work/expected"
run "$digest"
compare 'without arguments' 0

# What is not there is reported, and the rest is done.
reference a many > "$work/expected"
run "$digest" a nowhere many
compare 'a folder that is not there' 1
if [ "$(cut -d: -f1,2 "$work/errors")" != 'digest: nowhere' ]; then
  cat "$work/errors"
  status=1
fi

# The same for what cannot be read. Root can read everything, unless it has given that up.
chmod 0 a/file a/b 'odd/back\slash'
if [ "$(id -u)" = 0 ]; then
  capabilities=-dac_override,-dac_read_search
  powerless="setpriv --bounding-set=$capabilities --inh-caps=$capabilities"
else
  powerless=
fi
# shellcheck disable=SC2086
if $powerless true 2> /dev/null && ! $powerless cat a/file > /dev/null 2>&1; then
  # shellcheck disable=SC2086
  $powerless find . -type f -readable -print0 2> /dev/null | sort -z | xargs -0 -r sha256sum \
    > "$work/expected"
  # shellcheck disable=SC2086
  run $powerless "$digest" .
  compare 'files that cannot be read' 1
  printf 'digest: %s\n' ./a/b/ ./a/file './odd/back\slash' > "$work/expected"
  cut -d: -f1,2 "$work/errors" > "$work/actual"
  compare 'the report of what cannot be read' 1
else
  echo 'everything can be read here: that part was left out'
fi

exit $status
