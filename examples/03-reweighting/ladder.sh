#!/usr/bin/env bash
# Learns A4(g') at twelve couplings g' of the diagonal neighbours, one run file each: neighbours overlap, so that
# `quartic reweight rung-*.h5` reaches every g' between them.
set -euo pipefail
config=$(dirname "${BASH_SOURCE[0]}")/run.toml
for g in 0.0 0.1 0.2 0.3 0.4 0.5 0.6 0.7 0.8 0.9 1.0 1.1; do
  quartic learn "$config" --quiet -o "rung-$g.h5" --set "target=[{term='nn', coupling=-1.0},
    {term='nnn', coupling=-$g}, {term='phi2', coupling=1.52425}, {term='phi4', coupling=0.175}]"
done
