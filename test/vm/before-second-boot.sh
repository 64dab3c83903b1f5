#!/bin/sh
# Runs in the guest, on its own root folder: what the tests of test/vm/second-boot are to find.
set -eu
tinyd=packages/cli/bin/tinyd
folder=$(mktemp -d)
mkdir "$folder/bin"
cp /bin/busybox "$folder/bin/"
ln -s busybox "$folder/bin/sh"
ln -s busybox "$folder/bin/sleep"
echo 'up again' >"$folder/index.html"
tar --create --directory "$folder" . | $tinyd import - busybox
rm -r "$folder"

# A line in the log for every start, and an exit status of its own when it is told to stop.
steady='echo up; trap "exit 5" TERM; while :; do sleep 0.1; done'
$tinyd run -d --name always --restart always -p 8080:80 -m 64m busybox /bin/busybox httpd -f -p 80 -h /
$tinyd run -d --name unless-stopped --restart unless-stopped busybox /bin/sh -c "$steady"
$tinyd run -d --name no busybox /bin/sh -c "$steady"
$tinyd run -d --name stopped --restart unless-stopped --stop-timeout 0 busybox /bin/sleep 300
$tinyd stop stopped

$tinyd boot --unit >/etc/systemd/system/tinyd.service
systemctl enable tinyd.service
