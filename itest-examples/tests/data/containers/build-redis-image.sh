#!/bin/sh
# Makes an image `itest/redis:local` of this machine's own files, for engines without a registry:
# redis-server with the libraries that it loads, and busybox for a shell. Needs both installed
# (Debian: `apt-get install redis-server busybox-static`).
#
#   build-redis-image.sh [ENGINE]        ENGINE is docker or podman
set -eu
engine=${1:-docker}
image=itest/redis:local
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT

redis=$(command -v redis-server)
busybox=$(command -v busybox)
mkdir -p "$root/bin" "$root/data" "$root/tmp" "$root/etc"
cp -L "$busybox" "$root/bin/busybox"
ln -s busybox "$root/bin/sh"
cp -L "$redis" "$root/bin/redis-server"
echo 'root:x:0:0:root:/:/bin/sh' >"$root/etc/passwd"
# The libraries stay where the loader looks for them.
for library in $(ldd "$redis" | grep -o '/[^ ]*'); do
    mkdir -p "$root$(dirname "$library")"
    cp -L "$library" "$root$library"
done
tar -C "$root" -c . | "$engine" import \
    --change 'ENV PATH=/bin' --change 'WORKDIR /data' --change 'EXPOSE 6379' \
    --change 'CMD ["redis-server", "--protected-mode", "no", "--save", ""]' - "$image"
