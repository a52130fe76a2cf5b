#!/bin/sh
# Compiles one program of a pinned Go module.
#
# usage: build.sh MODULE_DIR PACKAGE OUT [NAME=VALUE ...]
#
# MODULE_DIR  holds go.mod and go.sum
# PACKAGE     the program's package, of this module or one that it requires
# OUT         the file to write, as a whole or not at all
# NAME=VALUE  string variables that the linker sets, such as a version
#
# CGO_ENABLED comes from the environment. Go's own caches are used, where `go env` has them: what an
# interrupted build compiled is not compiled again.
set -eu

module=$1 package=$2 out=$3
shift 3

flags='-s -w'
for setting in "$@"; do
	flags="$flags -X $setting"
done

cd "$module"
# Other packages than the lock's are refused; no path of this machine gets into the program.
nice -n 19 go build -buildvcs=false -mod=readonly -trimpath -v -ldflags "$flags" -o "$out.new" "$package"
mv "$out.new" "$out"
