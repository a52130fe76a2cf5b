#!/bin/sh
# Makes docs/assets/fonts/*.woff2 from the packages named in docs/assets/fonts/README.md:
# fonts.sh FOLDER, where FOLDER holds their files/*.woff2. Needs fonttools and brotli (pip).
# Only characters that the guide has, weights from 400 to 700, no ligatures in code.
set -eu
from=$1
to=$(dirname "$0")/../docs/assets/fonts
text=U+20-7E,U+A0,U+B5,U+B7,U+D7,U+E4,U+E9,U+F6,U+FC,U+2010-2014,U+2018-201D,U+2026,U+203A
all=$text,U+2190-2193,U+2212,U+2248,U+22EF

make() { # NAME WEIGHTS CHARACTERS FEATURES
  fonttools varLib.instancer --quiet "$from/$1" "wght=$2" --output "$to/$1.part"
  pyftsubset "$to/$1.part" --unicodes="$3" --layout-features="$4" --flavor=woff2 \
    --output-file="$to/$1"
  rm "$to/$1.part"
}

make inter-latin-wght-normal.woff2 400:700 "$all" kern,liga,calt,tnum,ccmp
make inter-latin-wght-italic.woff2 400 "$text" kern,ccmp
make jetbrains-mono-latin-wght-normal.woff2 400:700 "$all" kern,ccmp
