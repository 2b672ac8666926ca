# Sourced by the other scripts: Debian packages, asked for only when something is missing.

fail() {
  echo "$(basename "$0"): $*" >&2
  exit 1
}

as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    fail "root is needed for: $* (no sudo here)"
  fi
}

apt_get() {
  as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get -qq -o Acquire::Retries=3 -o DPkg::Lock::Timeout=120 "$@" </dev/null
}

# The lists are fetched once an hour at most: `setup` and `etcd-tools` both may need them in one run.
apt_update_once() {
  local stamp=.tools/.apt-updated
  if [ -z "$(find "$stamp" -mmin -60 2>/dev/null)" ]; then
    apt_get update
    mkdir -p .tools
    touch "$stamp"
  fi
}
