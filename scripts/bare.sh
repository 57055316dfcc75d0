#!/usr/bin/env bash
# Runs a command of this project on a bare Debian 12: a system made by debootstrap with Go, make, git and a C compiler, and nothing else.
# It shows what the project's own scripts forget to install. Only committed files are taken.
#
#   scripts/bare.sh [COMMAND]     default: .ci/run
#
# Needs root, Linux, debootstrap, about 6 GB in BARE_DIR (default /srv/lightproof-bare), and the network. The system is kept for
# the next run, with what was installed into it; remove the folder to begin anew. Exit code: the command's own, 2 wrong usage.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."

command=${1:-.ci/run}
root=${BARE_DIR:-/srv/lightproof-bare}

if [ "$(id -u)" -ne 0 ] || [ "$(uname -s)" != Linux ]; then
  echo "bare: this needs root on Linux: it makes a system of its own." >&2
  exit 2
fi
for tool in debootstrap unshare go git; do
  command -v "$tool" >/dev/null || {
    echo "bare: $tool is missing" >&2
    exit 2
  }
done

if [ ! -x "$root/usr/local/go/bin/go" ]; then
  debootstrap --variant=minbase --include=make,gcc,libc6-dev,ca-certificates,git bookworm "$root"
  cp -r "$(go env GOROOT)" "$root/usr/local/go"
fi
cp /etc/resolv.conf "$root/etc/resolv.conf"
cp -L /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/ca-certificates.crt"

rm -rf "$root/w/main"
mkdir -p "$root/w/shared"
git clone -q . "$root/w/main"

# A mount namespace with the system as its root, not a chroot: tests make user namespaces, which a chroot forbids. Everything that is
# mounted here ends with the namespace.
export bare_root="$root" bare_corpus="$PWD/../shared" bare_command="$command"
exec unshare --mount --fork --propagation private bash -euo pipefail -c '
  mount --rbind "$bare_root" "$bare_root"
  for d in proc sys dev; do mount --rbind "/$d" "$bare_root/$d"; done
  if [ -d "$bare_corpus" ]; then
    mount --bind "$bare_corpus" "$bare_root/w/shared"
    mount -o remount,ro,bind "$bare_root/w/shared"
  fi
  cd "$bare_root"
  mkdir -p .old
  pivot_root . .old
  cd /
  umount -l /.old
  exec /usr/bin/env -i PATH=/usr/local/go/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 \
    CI=true /bin/bash -c "cd /w/main && $bare_command"
'
