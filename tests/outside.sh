#!/bin/sh
# SPDX-FileCopyrightText: 2026 The aiodag authors
# SPDX-License-Identifier: LGPL-2.1-or-later

# Builds and runs two projects that are not part of this one, in folders of their own:
# tests/subproject has aiodag as a meson subproject, tests/installed finds it through pkg-config
# in the prefix that it was installed into. Speaks TAP. The argument is the folder of aiodag.

# shellcheck disable=SC2317  # The functions are called by check ().

set -u
top=$(cd "$1" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM

n=0
status=0

# check NAME COMMAND…
check () {
  name=$1
  shift
  n=$((n + 1))
  if "$@" > "$work/log" 2>&1 < /dev/null; then
    echo "ok $n $name"
  else
    echo "not ok $n $name"
    sed 's/^/# /' "$work/log"
    status=1
  fi
}

# What it takes to be built: the tree without what was built from it.
copy_tree () {
  mkdir -p "$1"
  cp "$top/meson.build" "$top/meson_options.txt" "$1"
  for folder in aiodag tests examples doc; do
    cp -R "$top/$folder" "$1"
  done
}

as_subproject () {
  rm -rf "$work/subproject"
  cp -R "$top/tests/subproject" "$work/subproject" &&
  copy_tree "$work/subproject/subprojects/aiodag" &&
  meson setup "$work/subproject/build" "$work/subproject" -Dwerror=true "$@" &&
  ninja -C "$work/subproject/build" &&
  [ "$("$work/subproject/build/outside")" = 42 ] &&
  # Neither tests nor examples were built.
  [ -d "$work/subproject/build/subprojects/aiodag/aiodag" ] &&
  ! [ -d "$work/subproject/build/subprojects/aiodag/tests" ]
}

install_it () {
  meson setup "$work/build" "$top" --prefix="$work/prefix" --libdir=lib \
              -Dtests=false -Dexamples=false -Dintrospection=enabled -Dvapi=enabled &&
  meson install -C "$work/build"
}

everything_is_there () {
  for file in include/aiodag-1/aiodag.h include/aiodag-1/dag-version.h \
              include/aiodag-1/dag-enum-types.h lib/libaiodag-1.so lib/pkgconfig/aiodag-1.pc \
              lib/girepository-1.0/Dag-1.typelib share/gir-1.0/Dag-1.gir \
              share/vala/vapi/aiodag-1.vapi share/vala/vapi/aiodag-1.deps; do
    [ -f "$work/prefix/$file" ] || { echo "$file is not there"; return 1; }
  done
  ! find "$work/prefix" -name '*-private.h' | grep .
}

# Only what is marked as public is exported, and all of it has the prefix.
exports_only_its_own () {
  nm -D --defined-only "$work/prefix/lib/libaiodag-1.so" > "$work/symbols" &&
  grep -q ' dag_task_new$' "$work/symbols" &&
  ! grep -v -e ' dag_[a-z0-9_]*$' -e ' A ' "$work/symbols"
}

through_pkg_config () {
  export PKG_CONFIG_PATH="$work/prefix/lib/pkgconfig"
  # shellcheck disable=SC2046
  "${CC:-cc}" -std=c11 -Wall -Wextra -Werror -o "$work/outside" "$top/tests/installed/outside.c" \
              $(pkg-config --cflags --libs aiodag-1) &&
  [ "$(LD_LIBRARY_PATH=$work/prefix/lib "$work/outside")" = 42 ]
}

from_python () {
  for python in python3 /usr/bin/python3; do
    if "$python" -c 'import gi' 2> /dev/null; then
      GI_TYPELIB_PATH=$work/prefix/lib/girepository-1.0 LD_LIBRARY_PATH=$work/prefix/lib \
        "$python" "$top/tests/smoke.py"
      return
    fi
  done
  echo "no Python that has gi"
  return 1
}

from_vala () {
  export PKG_CONFIG_PATH="$work/prefix/lib/pkgconfig"
  valac --vapidir="$work/prefix/share/vala/vapi" --pkg=aiodag-1 -X -w \
        -o "$work/outside-vala" "$top/tests/smoke.vala" &&
  LD_LIBRARY_PATH=$work/prefix/lib "$work/outside-vala"
}

check "as a meson subproject" as_subproject
check "as a static meson subproject" as_subproject --default-library=static
check "install" install_it
check "everything is installed" everything_is_there
check "only public symbols are exported" exports_only_its_own
check "through pkg-config" through_pkg_config
check "the installed typelib, from Python" from_python
check "the installed vapi, from Vala" from_vala
echo "1..$n"
exit $status
