#!/bin/sh
# Runs in the guest, as its service: the tests of test/vm, and, when they have passed and nobody asked for some of them
# only, those of test/vm/second-boot after a restart. Words for mocha come from the host, which waits for the last line.
set -eu
words=$(cat words)
marker=/var/tmp/restarted-at
mocha() {
  node test/node_modules/mocha/bin/mocha.js --config test/vm/mocharc.json "$@"
}
trap 'echo "guest: tests ended with $?"; systemctl --force --force poweroff >/dev/null' EXIT

if [ -e "$marker" ]; then
  mocha 'test/dist/vm/second-boot/*.test.js'
  exit
fi
if [ "$words" != second-boot ]; then
  # shellcheck disable=SC2086
  mocha 'test/dist/vm/*.test.js' test/dist/integration/walkthrough/first-container.test.js $words
  [ -z "$words" ] || exit 0
fi
sh test/vm/before-second-boot.sh
date +%s >"$marker"
sync
echo 'guest: restarts'
trap - EXIT
systemctl --no-block reboot
exec sleep infinity
