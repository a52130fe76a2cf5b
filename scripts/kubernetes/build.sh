#!/bin/sh
# Compiles programs of a pinned Go module.
#
# usage: build.sh MODULE_DIR OUT_DIR LINKER_FLAGS PACKAGE ...
#
# MODULE_DIR    holds go.mod and go.sum
# OUT_DIR       gets a file for each program, named by the last part of its package; made if need be
# LINKER_FLAGS  such as `-X NAME=VALUE`, which sets a string variable; may be empty
# PACKAGE       a program's package, of this module or one that it requires
#
# CGO_ENABLED comes from the environment. Go's own caches are used, where `go env` has them: what an
# interrupted build compiled is not compiled again.
set -eu

module=$1 out=$2 flags=$3
shift 3

cd "$module"
# Other packages than the lock's are refused; no path of this machine gets into a program; and
# nothing for a debugger is made, which the linker would leave out again (-s -w): that takes a
# seventh of the time.
exec nice -n 19 go build -buildvcs=false -mod=readonly -trimpath -v \
	-gcflags=all=-dwarf=false -ldflags "-s -w $flags" -o "$out/" "$@"
