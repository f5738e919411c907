#!/bin/sh
# SPDX-FileCopyrightText: 2026 The aiodag authors
# SPDX-License-Identifier: LGPL-2.1-or-later

# Builds and runs projects that are not part of this one, in folders of their own: tests/subproject
# has aiodag as a meson subproject, those in tests/installed find it in the prefix that it was
# installed into, in C through pkg-config and in Python, JavaScript and Vala with the environment
# that README.md states, and in the build folder with that of `meson devenv`. Speaks TAP. The
# argument is the folder of aiodag.

# shellcheck disable=SC2317  # The functions are called by check ().

set -u
top=$(cd "$1" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM

# Nothing is found because the one who runs this has it.
unset GI_TYPELIB_PATH GJS_PATH LD_LIBRARY_PATH PYTHONPATH XDG_DATA_DIRS

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
              share/vala/vapi/aiodag-1.vapi share/vala/vapi/aiodag-1.deps \
              share/gjs-1.0/overrides/Dag.js; do
    [ -f "$work/prefix/$file" ] || { echo "$file is not there"; return 1; }
  done
  for file in gi/overrides/Dag.py aiodag/__init__.py aiodag/__init__.pyi aiodag/py.typed; do
    [ -f "$(python_dir)/$file" ] || { echo "$file of Python is not there"; return 1; }
  done
  # Every module that is in the tree.
  for file in "$top"/aiodag/python/aiodag/*.py*; do
    [ -f "$(python_dir)/aiodag/${file##*/}" ] || { echo "$file was not installed"; return 1; }
  done
  ! find "$work/prefix" -name '*-private.h' | grep .
}

# Where Python's modules were installed: lib/python3/dist-packages on Debian, and
# lib/python3.N/site-packages elsewhere.
python_dir () {
  (cd "$work"/prefix/lib/python3*/*-packages && pwd)
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

# The Python that has PyGObject.
find_python () {
  for python in python3 /usr/bin/python3; do
    if "$python" -c 'import gi.repository' 2> /dev/null; then
      return 0
    fi
  done
  echo "no Python that has gi"
  return 1
}

typelib_from_python () {
  find_python &&
  GI_TYPELIB_PATH=$work/prefix/lib/girepository-1.0 LD_LIBRARY_PATH=$work/prefix/lib \
    "$python" "$top/tests/smoke.py"
}

vapi_from_vala () {
  export PKG_CONFIG_PATH="$work/prefix/lib/pkgconfig"
  # What valac writes is full of what it does not use; the types have to fit.
  valac --vapidir="$work/prefix/share/vala/vapi" --pkg=aiodag-1 \
        -X -Wall -X -Wno-unused -X -Werror \
        --directory="$work" -o outside-vala "$top/tests/smoke.vala" &&
  LD_LIBRARY_PATH=$work/prefix/lib "$work/outside-vala"
}

# prints_42 COMMAND…: and nothing else.
prints_42 () {
  printed=$("$@") || return 1
  [ "$printed" = 42 ] || { echo "printed $printed"; return 1; }
}

# installed COMMAND…: the same with the environment for an installation in a prefix.
installed () {
  prefix=$work/prefix
  prints_42 env \
    LD_LIBRARY_PATH="$prefix/lib" \
    GI_TYPELIB_PATH="$prefix/lib/girepository-1.0" \
    PYTHONPATH="$(python_dir)" \
    GJS_PATH="$prefix/share/gjs-1.0" \
    "$@"
}

installed_python () {
  find_python &&
  installed "$python" "$top/tests/installed/outside.py"
}

installed_javascript () {
  installed gjs -m "$top/tests/installed/outside.js"
}

# XDG_DATA_DIRS in the place of GJS_PATH.
installed_javascript_data () {
  installed env -u GJS_PATH XDG_DATA_DIRS="$work/prefix/share:/usr/local/share:/usr/share" \
            gjs -m "$top/tests/installed/outside.js"
}

installed_vala () {
  PKG_CONFIG_PATH=$work/prefix/lib/pkgconfig \
    valac --vapidir="$work/prefix/share/vala/vapi" --pkg=aiodag-1 -X -w \
          --directory="$work" -o installed-vala "$top/tests/installed/outside.vala" &&
  installed "$work/installed-vala"
}

# uninstalled COMMAND…: with the environment of the build folder.
uninstalled () {
  prints_42 meson devenv -C "$work/build" "$@"
}

uninstalled_python () {
  find_python &&
  uninstalled "$python" "$top/tests/installed/outside.py"
}

uninstalled_javascript () {
  uninstalled gjs -m "$top/tests/installed/outside.js"
}

uninstalled_vala () {
  meson devenv -C "$work/build" \
    valac --vapidir="$work/build/aiodag" --pkg=gio-2.0 --pkg=aiodag-1 -X -w \
          --directory="$work" -o uninstalled-vala "$top/tests/installed/outside.vala" &&
  uninstalled "$work/uninstalled-vala"
}

check "as a meson subproject" as_subproject
check "as a static meson subproject" as_subproject --default-library=static
check "install" install_it
check "everything is installed" everything_is_there
check "only public symbols are exported" exports_only_its_own
check "through pkg-config" through_pkg_config
check "the installed typelib, from Python" typelib_from_python
check "the installed vapi, from Vala" vapi_from_vala
check "installed, Python" installed_python
check "installed, JavaScript" installed_javascript
check "installed, JavaScript through XDG_DATA_DIRS" installed_javascript_data
check "installed, Vala" installed_vala
check "uninstalled, Python" uninstalled_python
check "uninstalled, JavaScript" uninstalled_javascript
check "uninstalled, Vala" uninstalled_vala
echo "1..$n"
exit $status
