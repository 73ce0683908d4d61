# A bundle in place of registries: made by scripts/bundle, used by `scripts/run --offline BUNDLE`.
# It is one tar of: RELEASE, SHA256SUMS, README.txt, source.tar, debs/ (an apt repository), wheels/.

bundle_release() {
  # shellcheck disable=SC1091
  (. /etc/os-release && printf '%s %s %s' "$ID" "$VERSION_ID" "$(dpkg --print-architecture)")
}

# use_bundle FILE: from here on apt and pip know nothing but what the bundle holds.
use_bundle() {
  local bundle="$1" wanted
  [ -f "$bundle" ] || fail "no such bundle: $bundle"
  bundle_dir="$(mktemp -d)"
  chmod 755 "$bundle_dir"
  trap 'rm -rf "$bundle_dir"' EXIT
  say "Checking the bundle …"
  tar -xf "$bundle" -C "$bundle_dir" --no-same-owner || fail "$bundle is not a bundle, or was cut short"
  (cd "$bundle_dir" && sha256sum --check --quiet --strict SHA256SUMS) >&2 \
    || fail "$bundle is damaged: copy it again and compare its SHA-256 with the one that scripts/bundle printed"
  wanted="$(cat "$bundle_dir/RELEASE")"
  [ "$wanted" = "$(bundle_release)" ] || fail "the bundle is for $wanted, this machine is $(bundle_release)"
  echo "deb [trusted=yes] file:$bundle_dir/debs ./" >"$bundle_dir/sources.list"
  mkdir -p "$bundle_dir/lists/partial"
  apt_options=(-o "Dir::Etc::SourceList=$bundle_dir/sources.list" -o "Dir::Etc::SourceParts=/dev/null"
    -o "Dir::State::Lists=$bundle_dir/lists" -o APT::Sandbox::User=root)
  pip_options=(--no-index --find-links "$bundle_dir/wheels")
  # a pip.conf or variable of this machine that names an index or proxy is none of our business
  export PIP_CONFIG_FILE=/dev/null
  unset PIP_INDEX_URL PIP_EXTRA_INDEX_URL PIP_FIND_LINKS
}

# exec would leave the unpacked bundle behind
drop_bundle() {
  [ -n "${bundle_dir-}" ] || return 0
  rm -rf "$bundle_dir"
  trap - EXIT
}
