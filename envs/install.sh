#!/usr/bin/env bash
# Makes .venv as envs/lock.txt says, or brings it up to date. `install.sh --keep` leaves one that is
# there as it is. PYTHON=… names the interpreter; GPU=1 installs torch for CUDA where no GPU is seen.
set -euo pipefail
cd "$(dirname "$0")/.."
venv=.venv lock=envs/lock.txt cpu_builds=https://download.pytorch.org/whl/cpu

fits() { # a Python that the packages of the lock are made for, and that can make an environment
    "$1" -c 'import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))' 2> /dev/null
}

find_python() {
    for python in ${PYTHON:+"$PYTHON"} python3.11 python3.12 python3.13 python3.14 python3 python; do
        if command -v "$python" > /dev/null && fits "$python"; then
            echo "$python"
            return
        fi
        [ "$python" != "${PYTHON:-}" ] || break
    done
    found=$("${PYTHON:-python3}" --version 2>&1 || true)
    echo "error: Python 3.11 to 3.14 is needed, with its module venv; found: ${found:-none}." >&2
    echo "Install one (Debian, Ubuntu: python3.11 python3.11-venv; macOS: brew install python@3.11;" >&2
    echo "anywhere: conda create --name py311 python=3.11), then: make PYTHON=/path/to/python3.11 …" >&2
    return 1
}

in_use() { # whether a run has locked this directory, or a program of the environment runs
    [ -n "$(ls .snakemake/locks 2> /dev/null)" ] ||
        { command -v pgrep > /dev/null && pgrep -f "$PWD/$venv/bin/snakemake" > /dev/null; }
}

torch_builds() { # PyPI's torch for Linux brings CUDA, some gigabytes of it: not without a GPU
    [ "$(uname -sm)" = "Linux x86_64" ] && [ -z "${GPU:-}" ] && ! command -v nvidia-smi > /dev/null || return 0
    if "$1" - "$cpu_builds/torch/" 2> /dev/null <<< 'import sys, urllib.request as web; web.urlopen(sys.argv[1], timeout=5)'; then
        echo "$cpu_builds"
    fi
}

if cmp -s "$lock" "$venv/lock.txt"; then exit 0; fi
if [ -e "$venv/bin/snakemake" ] && [ "${1:-}" = --keep ]; then
    echo "note: $lock changed since $venv was made; make environment brings it up to date" >&2
    exit 0
fi
if in_use; then
    echo "error: a run is going on here, and $lock changed since $venv was made; let the run end," >&2
    echo "or stop it (snakemake --unlock after a kill), then: make environment" >&2
    exit 1
fi

python=$(find_python)
mkdir -p "$venv"
if ! "$venv/bin/python" -m pip --version > /dev/null 2>&1; then
    echo "1/3  $venv with $("$python" --version)"
    "$python" -m venv "$venv"
fi
builds=$(torch_builds "$venv/bin/python")
cuda=${builds:+, torch for CPUs}
echo "2/3  $(grep -c == "$lock") packages, 0.4 GB${cuda:-, and some more where torch comes with CUDA} ($venv/install.log)"
started=$SECONDS
if ! "$venv/bin/python" -m pip install ${builds:+--extra-index-url "$builds"} --requirement "$lock" 2>&1 |
    tee "$venv/install.log" | while IFS= read -r line; do
        case $line in
            Collecting* | *Downloading* | Installing*) [ ! -t 1 ] || printf '\r\033[K     %.70s' "$line" ;;
        esac
    done; then
    printf '\n'
    tail -n 15 "$venv/install.log" >&2
    echo "error: the packages could not be installed; $venv/install.log has all that pip says" >&2
    exit 1
fi
[ ! -t 1 ] || printf '\r\033[K'
echo "3/3  the library of this checkout"
"$venv/bin/python" -m pip install --quiet --no-deps --no-build-isolation --editable .
cp "$lock" "$venv/lock.txt"
echo "$venv is ready after $((SECONDS - started)) s, $(du -sh "$venv" | cut -f1)"
