#!/bin/bash -eu
# SPDX-License-Identifier: Apache-2.0
# Foreign weights: import, use, export; one-line errors for invalid files.
work=$(mktemp -d); trap 'rm -rf $work' EXIT; cd $work
for what in vitpose legacy plus vit yolox; do vremd_import_files $what $what.pth; done
weights() { vremd-convert weights -j 1 "$@"; }

# ViTPose: the self-test prints its numbers, the file records its origin.
weights vitpose.pth -o vitpose.safetensors > out 2> err
test ! -s out
grep -q 'vitpose-tiny of vitpose.pth (PyTorch zip, names of ViTPose), heatmaps of the self-test' err
grep -qE 'the stored numbers differ by at most [0-9.e-]+ \([0-9.e-]+ %\)$' err
weights --info vitpose.safetensors > info
grep -qx 'architecture: vitpose-tiny' info
grep -qx "source_sha256: $(sha256sum < vitpose.pth | cut -d ' ' -f 1)" info
grep -qE '^hm.deconv_layers.0.weight +F16 +64x8x4x4 ' info
grep -q '"joints":"coco17"' info
weights --info vitpose.pth > info
grep -qx 'container: PyTorch zip' info
grep -qE '^keypoint_head.final_layer.bias +F32 +17 ' info

# The same network from the legacy format: the same tensors.
weights -q legacy.pth -o legacy.safetensors
tensors() { weights --info $1 | grep -E '^(backbone|hm)\.'; }
cmp <(tensors vitpose.safetensors) <(tensors legacy.safetensors)

# It estimates poses.
vremd_pose_files clip 2 clip.mkv
vremd_pose_files records 2 clip.mkv | vremd-pose -q -w vitpose.safetensors > poses.jsonl
jq -es '.[0].joints[1] == "left_eye" and (.[0].model | startswith("sha256:"))
  and ([.[] | select(.type == "frame") | .instances[].keypoints | length] | unique) == [17]' poses.jsonl > out

# To Hugging Face and back; the same directly from the .pth.
weights -q --to huggingface vitpose.safetensors -o hub 2> err || grep -q 'a head of 8 channels' err
test ! -e hub
weights -q plus.pth -o plus.safetensors --dtype fp32
weights -q --to huggingface plus.safetensors -o hub
weights -q --to huggingface plus.pth -o hub2
cmp hub/model.safetensors hub2/model.safetensors
jq -e '.model_type == "vitpose" and .use_simple_decoder and .backbone_config.hidden_size == 64
  and .id2label["0"] == "nose"' hub/config.json > out
jq -e '.size == {"height": 256, "width": 192}' hub/preprocessor_config.json > out
weights -q hub -o again.safetensors --dtype fp32
cmp <(tensors plus.safetensors) <(tensors again.safetensors)

# A plain ViT is only a backbone, which vremd-pose reports.
weights -q vit.pth -o vit.safetensors
weights --info vit.safetensors | grep -qx 'kind: backbone'
status=0; vremd_pose_files records 2 clip.mkv | vremd-pose -q -w vit.safetensors > out 2> err || status=$?
test $status -eq 1
grep -q "weights of kind 'backbone'" err

# YOLOX finds something in noise.
weights -q yolox.pth -o yolox.safetensors
weights --info yolox.safetensors | grep -qx 'architecture: yolox-nano'
vremd-detect -q --device cpu --frames 0:1 -w yolox.safetensors --input-size 64 --min-score 0 clip.mkv > boxes.jsonl
jq -es '.[0].settings | .nms == 0.65 and .input_size == [64]' boxes.jsonl > out

usage() {
  status=0; weights "$@" > out 2> err || status=$?
  test $status -eq 2 && test ! -s out && grep -q "Try 'vremd-convert weights --help'" err ||
    { echo "not a usage error ($status): $*"; cat out err; exit 1; }
}
usage
usage vitpose.pth
usage vitpose.pth -o -
usage --to huggingface vitpose.pth
usage --to onnx vitpose.pth -o x
usage --arch resnet vitpose.pth -o x
usage --task segment vitpose.pth -o x
usage --dtype int8 vitpose.pth -o x
usage --expert 6 vitpose.pth -o x
usage vitpose.pth legacy.pth -o x

# bad MESSAGE ARGUMENTS...: status 1, this line, no file
bad() {
  message=$1; shift
  status=0; weights -q "$@" -o bad.safetensors 2> err || status=$?
  test $status -eq 1 && test "$(cat err)" = "vremd-convert weights: $message" && test -z "$(ls bad* 2> /dev/null)" ||
    { echo "status $status instead of 1 and: $message"; cat err; ls; exit 1; }
}
bad 'none.pth: cannot open: No such file or directory' none.pth
mkdir folder
bad 'folder: no model.safetensors in this directory' folder
: > empty.pth
bad 'empty.pth: not a torch.save file' empty.pth
head -c 100000 vitpose.pth > cut.pth
bad 'cut.pth: zip: no central directory (truncated?)' cut.pth
head -c 100000 legacy.pth > cut.pth
status=0; weights -q cut.pth -o bad.safetensors 2> err || status=$?
test $status -eq 1
grep -qE '^vremd-convert weights: cut.pth: ends inside storage [0-9]+ \(truncated\?\)$' err
bad 'vitpose.pth: --arch yolox, but it is vitpose' --arch yolox vitpose.pth
bad 'vitpose.pth: weights for pose, not --task detect' --task detect vitpose.pth
bad 'vitpose.pth: no experts: --expert must be 0' --expert 1 vitpose.pth
bad 'vit.pth: a backbone without a head' --to huggingface vit.pth
# Bundled weights by their name.
light=$SOURCE_DIR/models/vremd-light.safetensors
bad "$light: Hugging Face's ViTPose cannot represent the backbone movenet" --to huggingface $light
VREMD_MODELS=$SOURCE_DIR/models weights --info vremd-light > info
head -n 1 info | grep -q "^$light  sha256:"
printf '\x80\x02cos\nsystem\nX\x0c\x00\x00\x00touch hacked\x85R.' > evil.pth
bad 'evil.pth: a pickle, but not written by torch.save' evil.pth
test ! -e hacked
status=0; weights -q vitpose.pth -o vitpose.safetensors 2> err || status=$?
test $status -eq 1
grep -q 'vitpose.safetensors: already exists; --force overwrites it' err
weights -q -f vitpose.pth -o vitpose.safetensors

# What can be imported, and weights that were not.
vremd-convert weights --list > list
grep -q '^ViTPose+: Apache-2.0; ' list; grep -q 'yolox_x.pth' list
status=0; vremd-pose -w vitpose.pth boxes.jsonl 2> err || status=$?
test $status -eq 1; grep -q 'vitpose.pth: .*other weights are imported by vremd-convert weights' err || { cat err; exit 1; }
