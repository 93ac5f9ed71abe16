#!/bin/sh
# Make sure that the tests find a MariaDB server: Debian's package, never started as a service.
# Without it, and without the right to install it, `--db mysql` says what to run (and fails where CI is set).
set -eu
PATH="$PATH:/usr/sbin:/usr/local/sbin"
command -v mariadbd >/dev/null && command -v mariadb-install-db >/dev/null && exit 0
[ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || exit 0
echo "Installing mariadb-server for the tests ..."
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then # the package would start a service
    printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod +x "$policy"
    trap 'rm -f "$policy"' EXIT
fi
export DEBIAN_FRONTEND=noninteractive
{ apt-get update -qq && apt-get install -y -qq --no-install-recommends mariadb-server; } >/dev/null || true
