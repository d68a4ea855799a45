#!/bin/bash -eu
# SPDX-License-Identifier: Apache-2.0
# One page about the machine; what is missing is said, and is no error.
work=$(mktemp -d); trap 'rm -rf $work' EXIT; cd $work
vremd-pose --diagnose > page
head -1 page | grep -qx "$(vremd-pose --version | head -1)"
for what in system processor processors memory library decoders devices model folder; do
  grep -q "^$what: ." page || { echo "no $what"; exit 1; }
done
sum=$(sha256sum $SOURCE_DIR/models/vremd-light.safetensors | cut -d ' ' -f 1)
grep -q "^model: .*vremd-light.safetensors, sha256:$sum$" page
grep -q '^decoders: H.264, ' page
grep -q '^folder: .: writable, ' page
test "$(wc -l < page)" -lt 40
SLURM_CPUS_PER_TASK=3 vremd-pose --diagnose -w none > page
grep -q '^environment: SLURM_CPUS_PER_TASK=3$' page
grep -q '^model: none: no such weights in ' page
