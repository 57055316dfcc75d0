#!/usr/bin/env bash
# Installs what building, running or testing Lightproof needs on Debian 12 or newer and on Ubuntu 22.04 or newer.
#
#   scripts/install-deps.sh run        the window: C compiler and X11/GL headers
#   scripts/install-deps.sh test       the above, and what the tests drive: a virtual screen, a keyring, exiftool, ...
#   scripts/install-deps.sh bench      what the benchmark measures beside Lightproof, and a keyring
#   scripts/install-deps.sh terminal   nothing but Go: the static build needs no C compiler and no X11
#
# Asks dpkg first; when everything is there it installs nothing and reaches no network. Runs as root or through sudo.
# Exit codes: 0 all there, 2 wrong usage, 3 not a Debian or Ubuntu system, 4 neither root nor sudo, 5 Go missing or too old,
# 6 the package manager failed.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."

say() { printf 'install-deps: %s\n' "$*" >&2; }

# What -tags x11 compiles and links against; the whole of xorg-dev is not needed.
build_packages=(
  gcc libc6-dev pkg-config libgl1-mesa-dev libx11-dev libxcursor-dev libxrandr-dev libxinerama-dev libxi-dev libxxf86vm-dev
)
# What the finished window loads: GL and a software renderer for machines without a graphics card.
run_packages=(libgl1 libgl1-mesa-dri)
# xvfb, openbox, xdotool, x11-utils: a screen, a window manager, a hand, and what tells where a window is; imagemagick and a font: screenshots and their contact sheet;
# dbus and gnome-keyring: a private session bus with a real Secret Service; exiftool: metadata before and after a restore;
# attr: extended attributes; e2fsprogs and util-linux: small file systems that fill up; procps, iproute2: memory and sockets.
test_packages=(
  xvfb openbox xdotool x11-utils imagemagick fonts-dejavu-core dbus gnome-keyring libimage-exiftool-perl attr e2fsprogs util-linux
  procps iproute2
)
# restic and BorgBackup: the programs that Lightproof is measured beside; dbus and gnome-keyring: the Secret Service that holds its key.
# Kopia and newer ones are measured where they are on PATH.
bench_packages=(restic borgbackup dbus gnome-keyring)

mode=${1:-run}
case $mode in
  run) wanted=("${build_packages[@]}" "${run_packages[@]}") ;;
  test) wanted=("${build_packages[@]}" "${run_packages[@]}" "${test_packages[@]}") ;;
  bench) wanted=("${bench_packages[@]}") ;;
  terminal) wanted=() ;;
  *)
    say "unknown set \"$mode\"; say run, test, bench or terminal"
    exit 2
    ;;
esac

# Go: go.mod names the least version. A Go of 1.21 or newer may fetch that version by itself, so its answer inside this
# module counts.
least=$(awk '$1 == "go" { print $2; exit }' go.mod)
if ! command -v go >/dev/null; then
  say "Go is not installed. Install Go $least or newer from https://go.dev/dl/ and put its bin folder on PATH."
  exit 5
fi
if ! have=$(go env GOVERSION 2>/dev/null) || [ -z "$have" ]; then
  say "this Go cannot build the module, which needs Go $least or newer: $(go version 2>&1 | head -n 1)"
  say "Install a newer Go from https://go.dev/dl/."
  exit 5
fi
have=${have#go}
have=${have%%[!0-9.]*} # 1.26rc1 counts as 1.26
if [ "$(printf '%s\n%s\n' "$least" "$have" | sort -V | head -n 1)" != "$least" ]; then
  say "Go $have is too old: this module needs Go $least or newer. Install it from https://go.dev/dl/."
  exit 5
fi

[ ${#wanted[@]} -gt 0 ] || exit 0

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
  # Another system may still have everything; only its package names are unknown here.
  if [ "$mode" = run ] && command -v pkg-config >/dev/null && { command -v cc || command -v gcc; } >/dev/null &&
    pkg-config --exists gl x11 xcursor xrandr xinerama xi xxf86vm; then
    exit 0
  fi
  say "this is neither Debian nor Ubuntu, so nothing was installed. Install what these Debian packages hold, then try again:"
  say "${wanted[*]}"
  say "Fedora: gcc pkgconf-pkg-config mesa-libGL-devel libX11-devel libXcursor-devel libXrandr-devel libXinerama-devel libXi-devel libXxf86vm-devel"
  say "Without a window nothing of this is needed: make cli"
  exit 3
fi

# missing prints the wanted packages that are not installed. dpkg-query fails when one is unknown to it; its output
# still lists the others.
missing() {
  local installed
  installed=" $(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "${wanted[@]}" 2>/dev/null |
    awk '$1 == "installed" { printf "%s ", $2 }' || true)"
  local package
  for package in "${wanted[@]}"; do
    case $installed in *" $package "*) ;; *) printf '%s\n' "$package" ;; esac
  done
}

mapfile -t absent < <(missing)
[ ${#absent[@]} -gt 0 ] || exit 0

say "installing ${absent[*]}"
as_root=()
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo >/dev/null; then
    say "this needs root, and sudo is not installed. As root: apt-get install --no-install-recommends ${absent[*]}"
    exit 4
  fi
  as_root=(sudo)
fi

# apt takes its own lock; another apt that is running is waited for, not failed on.
apt() { "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -y -q -o DPkg::Lock::Timeout=300 "$@" </dev/null >&2; }
if ! apt update; then
  say "the package lists could not be refreshed; trying with those at hand"
fi
if ! apt install --no-install-recommends "${absent[@]}"; then
  say "apt-get could not install: ${absent[*]}"
  exit 6
fi

mapfile -t absent < <(missing)
if [ ${#absent[@]} -gt 0 ]; then
  say "still missing after installing: ${absent[*]}"
  exit 6
fi
