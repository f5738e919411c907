# SPDX-FileCopyrightText: 2026 The aiodag authors
# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh disable=SC2154

# What ./examples/run and ./tests/run have in common: find out what is missing on this machine,
# install it, configure and build. To be sourced by a script that has set `top`, the folder of the
# project, and `compiler` and `sanitize` if it asks for sanitizers. Whatever a command prints goes to
# a file below build/log and is shown when it fails.

build_root=$top/build
log_dir=$build_root/log

say () {
  printf '%s\n' "$*"
}

die () {
  printf '%s: %s\n' "$0" "$*" >&2
  exit 1
}

# quietly NAME COMMAND…: prints nothing but what went wrong.
quietly () {
  log=$log_dir/$1.log
  shift
  mkdir -p "$log_dir"
  if "$@" > "$log" 2>&1 < /dev/null; then
    return 0
  fi
  tail -n 60 "$log" >&2
  say "failed: $*" >&2
  say "the whole output is in $log" >&2
  return 1
}

# compiles COMPILER FLAG…: whether the compiler is there and makes a program.
compiles () {
  command -v "$1" > /dev/null 2>&1 || return 1
  probe=$(mktemp -d) || return 1
  printf '#include <stdlib.h>\nint main (void) { return 0; }\n' > "$probe/probe.c"
  if "$@" -o "$probe/probe" "$probe/probe.c" > /dev/null 2>&1; then
    rm -rf "$probe"
  else
    rm -rf "$probe"
    return 1
  fi
}

has_module () {
  pkg-config --exists "$@" > /dev/null 2>&1
}

# The Python that has a module, or several with commas between: not always the first on the path.
# PyGObject is gi.repository, as our own folder of overrides alone makes a module gi.
python_with () {
  for python in python3 /usr/bin/python3; do
    if "$python" -c "import $1" > /dev/null 2>&1; then
      command -v "$python"
      return 0
    fi
  done
  return 1
}

# has PART: whether a part of the set-up is there. Asks for the thing itself and not for a package,
# so it does not matter where it came from.
has () {
  case $1 in
    gcc)           compiles "${CC:-gcc}" ;;
    g++)           compiles g++ ;;
    clang)         compiles clang ;;
    sanitizers)    compiles "$compiler" "-fsanitize=$sanitize" ;;
    pkg-config)    command -v pkg-config > /dev/null 2>&1 ;;
    python)        command -v python3 > /dev/null 2>&1 ;;
    meson)         command -v meson > /dev/null 2>&1 ;;
    ninja)         command -v ninja > /dev/null 2>&1 ;;
    glib)          has_module 'gio-2.0 >= 2.74' && command -v glib-mkenums > /dev/null 2>&1 ;;
    introspection) has_module 'gobject-introspection-1.0 >= 1.74' && g-ir-scanner --version > /dev/null 2>&1 ;;
    vala)          has_module vapigen && command -v valac > /dev/null 2>&1 ;;
    pygobject)     python_with gi.repository > /dev/null ;;
    gjs)           command -v gjs > /dev/null 2>&1 ;;
    gdk-pixbuf)    has_module gdk-pixbuf-2.0 ;;
    soup)          gjs -c "imports.gi.versions.Soup = '3.0'; imports.gi.Soup" > /dev/null 2>&1 ;;
    gbulb)         python_with gi.repository,gbulb > /dev/null ;;
    distributed)   python_with gi.repository,distributed > /dev/null ;;
    iso-codes)     [ -f /usr/share/iso-codes/json/iso_3166-1.json ] ;;
    valgrind)      command -v valgrind > /dev/null 2>&1 ;;
    gi-docgen)     command -v gi-docgen > /dev/null 2>&1 ;;
    *)             die "no such part: $1" ;;
  esac
}

# The packages of a part, as Debian calls them.
packages_of () {
  case $1 in
    gcc)           say gcc libc6-dev ;;
    g++)           say g++ libc6-dev ;;
    clang)         say clang libc6-dev ;;
    sanitizers)    if [ "$compiler" = clang ]; then say libclang-rt-dev; else say gcc; fi ;;
    pkg-config)    say pkg-config ;;
    python)        say python3 ;;
    meson)         say meson ;;
    ninja)         say ninja-build ;;
    glib)          say libglib2.0-dev ;;
    introspection) say gobject-introspection libgirepository1.0-dev ;;
    vala)          say valac ;;
    pygobject)     say python3-gi ;;
    gjs)           say gjs ;;
    gdk-pixbuf)    say libgdk-pixbuf-2.0-dev ;;
    soup)          say gir1.2-soup-3.0 ;;
    gbulb)         say python3-gbulb ;;
    distributed)   say python3-distributed ;;
    iso-codes)     say iso-codes ;;
    valgrind)      say valgrind libc6-dbg ;;
    gi-docgen)     say gi-docgen ;;
  esac
}

missing_of () {
  for part; do
    has "$part" || packages_of "$part"
  done | tr ' ' '\n' | sort -u | tr '\n' ' ' | sed 's/ $//'
}

apt () {
  if [ "$(id -u)" = 0 ]; then
    env DEBIAN_FRONTEND=noninteractive apt-get "$@"
  else
    sudo env DEBIAN_FRONTEND=noninteractive apt-get "$@"
  fi
}

install_packages () {
  apt update && apt install -y --no-install-recommends "$@"
}

# need PART…: installs what is missing of these parts.
need () {
  missing=$(missing_of "$@")
  [ -n "$missing" ] || return 0

  if ! command -v apt-get > /dev/null 2>&1; then
    say "These packages are missing, here with the names that Debian has for them:" >&2
    say "  $missing" >&2
    die "this is not a Debian system: install them in its own way and run me again"
  fi
  if [ "$(id -u)" != 0 ]; then
    if ! command -v sudo > /dev/null 2>&1; then
      die "as root, run first: apt-get install $missing"
    fi
    # Asks for the password here, where it can be seen.
    sudo -v || die "as root, run first: apt-get install $missing"
  fi

  say "installing $missing"
  # shellcheck disable=SC2086
  quietly install install_packages $missing || exit 1

  missing=$(missing_of "$@")
  [ -z "$missing" ] || die "installed, but still not usable: $missing"
}

# configure NAME OPTION…: configures build/NAME with these options of meson, unless that is how it
# stands there already. What was built for other options, or with other tools, is thrown away.
configure () {
  wanted="$* $("${CC:-cc}" --version 2> /dev/null | head -n 1) $(pkg-config --modversion gio-2.0) $(meson --version) $top"
  setup_dir=$build_root/$1
  if [ -f "$setup_dir/build.ninja" ] && [ "$(cat "$setup_dir/.configured" 2> /dev/null)" = "$wanted" ]; then
    return 0
  fi
  say "configuring build/$1"
  rm -rf "$setup_dir"
  setup_log=$1-configure
  shift
  quietly "$setup_log" meson setup "$setup_dir" "$top" "$@" || exit 1
  printf '%s\n' "$wanted" > "$setup_dir/.configured"
}

# build NAME [TARGET…]: builds what was configured.
build () {
  setup_dir=$build_root/$1
  setup_log=$1-build
  shift
  if ! ninja -C "$setup_dir" -n "$@" 2>&1 | grep -q 'no work to do'; then
    say "building build/${setup_dir##*/}"
    quietly "$setup_log" ninja -C "$setup_dir" "$@" || exit 1
  fi
}
