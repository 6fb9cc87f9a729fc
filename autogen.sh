#!/bin/sh
# Makes ./configure from configure.ac. Needs autoconf, automake, libtool and
# pkg-config; scripts/deps installs them.
set -eu
cd "$(dirname "$0")"
exec autoreconf --force --install --warnings=all,no-obsolete "$@"
