#!/usr/bin/env bash
# Lightproof's engine at the terminal, from nothing to a proof, on a small sample library that is made on the spot:
#
#   scripts/demo.sh [PROGRAM]      PROGRAM is build/lightproof-cli unless named
#
# Everything lands in one new temporary folder, which is removed at the end; KEEP=1 keeps it and says where it is.
# Exits 0 only when every original came back identical.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

program=$(realpath "${1:-build/lightproof-cli}")
work=$(mktemp -d "${TMPDIR:-/tmp}/lightproof-demo.XXXXXX")
finish() {
  status=$?
  if [ "${KEEP:-}" = 1 ]; then
    printf '\nEverything is kept in %s\n' "$work"
  else
    rm -rf "$work"
  fi
  if [ "$status" -ne 0 ]; then
    printf '\nThe demonstration stopped with code %d.\n' "$status" >&2
  fi
}
trap finish EXIT

photos=$work/Pictures
copies=$work/Drive
home=$work/home
kit=$work/kit.txt
phrase=$work/passphrase.txt

# The flags live here alone: the steps below only say what happens. Without a system keychain every command that runs the engine needs
# the passphrase.
lightproof() { "$program" --home "$home" "$@" --passphrase-file "$phrase"; }
do_setup() { lightproof setup --kit-file "$kit" --keychain none; }

step() { printf '\n\033[1m%s\033[0m\n' "$*"; }
[ -t 1 ] || step() { printf '\n== %s\n' "$*"; }

# tolerate runs a command that may end with 3, "done, some need you": one place can never be safe, and this shows one.
tolerate() {
  local status=0
  "$@" || status=$?
  [ "$status" -eq 0 ] || [ "$status" -eq 3 ] || return "$status"
}

mkdir -p "$copies"
(umask 077 && printf 'larch violet harbour sixteen meadow kettle\n' >"$phrase")

step "A small sample library: photos with EXIF, a RAW with its JPEG, a sidecar"
go run -buildvcs=false ./assets/samples/make "$photos"
(cd "$photos" && find . -type f | sort)

step "Set up: keys on this computer, a recovery kit, no system keychain"
do_setup
lightproof folders add "$photos"
lightproof destinations add folder "$copies"

step "Does the kit open everything?"
lightproof kit check --kit-file "$kit"

step "First backup"
tolerate lightproof backup

step "What the timeline holds"
lightproof photos

# Versions have times to the second; the edit must fall into a later one.
before_edit=$(date -u +%Y-%m-%dT%H:%M:%SZ)
while [ "$(date -u +%Y-%m-%dT%H:%M:%SZ)" = "$before_edit" ]; do sleep 0.1; done

step "One photo is edited, then the second backup"
edited=$photos/2019/08/harbour.jpg
before=$(sha256sum <"$edited")
go run -buildvcs=false ./assets/samples/make -edit "$edited"
tolerate lightproof backup
lightproof versions "$edited"

step "The photo as it was before the edit, restored to a folder of its own"
lightproof restore --at "$before_edit" --path "**/harbour.jpg" --to "$work/Earlier"
restored=$(find "$work/Earlier" -type f -name harbour.jpg)
[ "$(sha256sum <"$restored")" = "$before" ] || { echo "the earlier version did not come back" >&2; exit 1; }
echo "identical to the photo before its edit"

step "Everything, restored to a new folder with a proof report"
lightproof restore --to "$work/Everything" --report "$work/Report"

step "Every original compared with what came back, by this script and not by Lightproof"
compared=0
while IFS= read -r -d '' original; do
  name=$(basename "$original")
  restored=$(find "$work/Everything" -type f -name "$name" | head -n 1)
  [ -n "$restored" ] || { printf 'not restored: %s\n' "$name" >&2; exit 1; }
  cmp -- "$original" "$restored"
  [ "$(stat -c %Y "$original")" = "$(stat -c %Y "$restored")" ] || { printf 'another time: %s\n' "$name" >&2; exit 1; }
  compared=$((compared + 1))
done < <(find "$photos" -type f -print0)
printf '%d of %d identical\n' "$compared" "$compared"

step "The copies at the destination, read back in full"
lightproof verify --level full

step "A lost computer: from the copies, the kit and the passphrase alone"
home=$work/new-home
lightproof recover --from "$copies" --kit-file "$kit" --keychain none
lightproof restore --to "$work/Recovered"
diff -r "$work/Everything" "$work/Recovered"
echo "the same files came back on the new computer"
home=$work/home

step "Where things stand"
tolerate lightproof status
