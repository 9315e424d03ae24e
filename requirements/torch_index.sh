#!/usr/bin/env bash
# Prints the option with which pip finds PyTorch's builds for processors, or nothing:
#
#     bash requirements/torch_index.sh PYTHON torch==VERSION
#
# On Linux, PyPI has the build for NVIDIA GPUs: 2.7 GB with its libraries, of no use without a driver of NVIDIA. Where pip
# is told where packages are, by its files or by variables such as PIP_INDEX_URL, it looks there and nowhere else. macOS
# takes PyPI's build.
set -euo pipefail
python=$1 wanted=$2
index=https://download.pytorch.org/whl/cpu
driver=/proc/driver/nvidia

if [ "$(uname -s)" != Linux ] || command -v nvidia-smi >/dev/null || [ -e "$driver" ]; then
    exit 0
fi
told=$("$python" -m pip config list || true)
if grep -Eq "[.](index-url|pypi-url|extra-index-url|no-index|find-links)='[^']" <<<"$told"; then
    exit 0
fi
offered=$("$python" -m pip index versions torch --index-url "$index" --timeout 10 --retries 1 2>/dev/null || true)
if grep -Eq "[ (]${wanted#torch==}([+][[:alnum:].]+)?([,)]|$)" <<<"$offered"; then
    echo "--extra-index-url=$index"
else
    echo "PyTorch's index for processors ($index) does not answer, or does not offer $wanted. So pip takes the build" \
        "for NVIDIA GPUs, about 2.7 GB to download; Ctrl-C stops it, and \`make run\` later asks the index again." >&2
fi
