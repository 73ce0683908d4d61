# Shared by all scripts: what they need is installed when it is missing, and left alone when it is there.
# Works on a bare Debian, as root and as a user who may sudo; it never asks on standard input.
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)"
venv="${WANGGE_VENV:-$root/.venv}"
export WANGGE_DATA_DIR="${WANGGE_DATA_DIR:-$root/.data}"
export PYTHONPATH="$root${PYTHONPATH:+:$PYTHONPATH}"
[ -n "${LC_ALL-}${LC_CTYPE-}${LANG-}" ] || export LC_ALL=C.UTF-8

# set by use_bundle (lib/offline.sh), for a machine without registries
apt_options=()
pip_options=()

say() { printf '%s\n' "$*" >&2; }
fail() { say "wangge: $*"; exit 1; }

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"
  elif command -v sudo >/dev/null; then sudo "$@"
  else return 127
  fi
}

is_installed() { [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null || true)" = installed ]; }

# Installs the Debian packages named, those that are missing only.
install_debian() {
  local missing=() name
  for name in "$@"; do is_installed "$name" || missing+=("$name"); done
  [ ${#missing[@]} -gt 0 ] || return 0
  command -v apt-get >/dev/null || fail "please install the equivalents of these Debian packages: ${missing[*]}"
  [ "$(id -u)" = 0 ] || command -v sudo >/dev/null \
    || fail "these packages are missing; run as root: apt-get install --no-install-recommends ${missing[*]}"
  say "Installing Debian packages (a minute or two): ${missing[*]} …"
  update_package_lists
  apt install -y --no-install-recommends "${missing[@]}" || fail "apt-get could not install: ${missing[*]}"
}

# apt-get without questions; of its talk only a count is shown, and the end when it fails.
apt() {
  local talk
  talk="$(mktemp)"
  if as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 \
    "${apt_options[@]}" "$@" \
    </dev/null 2>&1 | tee "$talk" \
    | awk '/^Setting up / { n += 1; if (n % 30 == 0) print "  " n " packages set up" > "/dev/stderr" }'; then
    rm -f "$talk"
  else
    tail -n 15 "$talk" >&2
    rm -f "$talk"
    return 1
  fi
}

package_lists_are_new=
update_package_lists() {
  [ -z "$package_lists_are_new" ] || return 0
  apt update || say "The package lists could not be renewed; trying with those that are there."
  package_lists_are_new=1
}

has_postgis() {
  local server major
  for server in /usr/lib/postgresql/*/bin/postgres; do
    major="$(basename "$(dirname "$(dirname "$server")")")"
    [ -x "$server" ] && [ "$major" -ge 15 ] \
      && [ -e "/usr/share/postgresql/$major/extension/postgis.control" ] && return 0
  done
  command -v pg_config >/dev/null && [ -e "$(pg_config --sharedir)/extension/postgis.control" ]
}

# PostgreSQL with PostGIS, without the cluster that Debian makes at installation and starts at boot.
ensure_postgres() {
  has_postgis && return 0
  command -v apt-get >/dev/null || fail "please install PostgreSQL 15 or newer with PostGIS 3"
  local major
  is_installed postgresql-common \
    || say "Debian's own database cluster is not made: createcluster.d/wangge.conf says so."
  as_root mkdir -p /etc/postgresql-common/createcluster.d \
    || fail "PostgreSQL is missing and there is no sudo; run as root: apt-get install postgresql-15-postgis-3"
  echo "create_main_cluster = false" | as_root tee /etc/postgresql-common/createcluster.d/wangge.conf >/dev/null
  update_package_lists
  major="$(apt-cache "${apt_options[@]}" depends postgresql 2>/dev/null \
    | sed -n 's/.*Depends: postgresql-\([0-9]\+\)$/\1/p' | head -n1)" || true
  major="${major:-15}"
  install_debian "postgresql-$major" "postgresql-$major-postgis-3"
}

# Prints a Python >= 3.11 that can make virtual environments; fails when there is none.
find_python() {
  local candidate
  for candidate in python3.11 /usr/bin/python3.11 python3 /usr/bin/python3 python3.12 python3.13; do
    if "$candidate" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      "$candidate" -c 'import sys; print(sys.executable)'
      return 0
    fi
  done
  return 1
}

# ensure_venv NAME REQUIREMENTS…: a virtual environment with the pinned packages; quick when nothing changed.
ensure_venv() {
  local name="$1" stamp python; shift
  stamp="$(cd "$root" && cat "$@" | sha256sum | cut -c1-32)"
  if [ -x "$venv/bin/python" ] && [ "$(cat "$venv/.stamp-$name" 2>/dev/null || true)" = "$stamp" ]; then return 0; fi
  mkdir -p "$venv" 2>/dev/null && [ -w "$venv" ] \
    || fail "can't write to $venv (made by another user?); choose another place with WANGGE_VENV"
  exec 9>"$venv/.lock"
  flock 9
  if ! "$venv/bin/python" -c 'import pip' 2>/dev/null; then
    python="$(find_python)" || { install_debian python3 python3-venv; python="$(find_python)"; } \
      || fail "Python 3.11 or newer with the venv module is needed"
    say "Making a virtual environment in $venv …"
    "$python" -m venv --clear "$venv"
    exec 9>"$venv/.lock"
    flock 9
  fi
  install_packages "$@"
  echo "$stamp" >"$venv/.stamp-$name"
  exec 9>&-
}

install_packages() {
  local files=() file wanted
  for file in "$@"; do files+=(-r "$root/$file"); done
  wanted="$(cd "$root" && cat "$@" | grep -c '^[a-zA-Z0-9]')"
  say "Installing $wanted Python packages, checked against their hashes (a minute or two) …"
  "$venv/bin/python" -m pip install --disable-pip-version-check --no-input --progress-bar off \
    --require-hashes --no-deps "${pip_options[@]}" "${files[@]}" </dev/null \
    | awk -v wanted="$wanted" '
        /^(Collecting|Requirement already satisfied)/ { n += 1; if (n % 20 == 0) print "  " n " of " wanted > "/dev/stderr" }
        /^Installing collected/ { print "  unpacking …" > "/dev/stderr" }' \
    || fail "pip could not install the packages of $*; see above"
}
