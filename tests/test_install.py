"""envs/install.sh: which Python it takes, what it installs, and when it leaves things alone."""

import os
import shutil
import stat
import subprocess

import pytest

PYTHON = """#!/bin/sh
case "$*" in
*sys.version_info*) exit {unfit} ;;
--version) echo "Python {version}" ;;
"-m venv .venv") mkdir -p .venv/bin && cp "$0" .venv/bin/python ;;
*--requirement*) echo "$@" > asked ;;
*--version*|*--editable*) [ -e .venv/bin/python ] ;;
*) cat > /dev/null; exit {offline} ;;
esac
"""


@pytest.fixture
def checkout(repository, tmp_path):
    """A directory with the script, in a path of blanks and letters beyond ASCII."""
    directory = tmp_path / "my chëckout 日本"
    (directory / "envs").mkdir(parents=True)
    shutil.copy(repository / "envs" / "install.sh", directory / "envs")
    (directory / "envs" / "lock.txt").write_text("torch==2.13.0\n")
    (tmp_path / "bin").mkdir()
    for tool in ("bash", "cp", "cmp", "cut", "dirname", "du", "grep", "ls", "mkdir", "tail", "tee"):
        (tmp_path / "bin" / tool).symlink_to(shutil.which(tool))
    (tmp_path / "bin" / "cat").symlink_to(shutil.which("cat"))
    program(tmp_path / "bin" / "uname", "#!/bin/sh\necho Linux x86_64\n")
    return directory


def program(path, text):
    path.write_text(text)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


def python(checkout, name, version, unfit=0, offline=0):
    text = PYTHON.format(version=version, unfit=unfit, offline=offline)
    program(checkout.parent / "bin" / name, text)


def install(checkout, *arguments, **variables):
    environment = {"PATH": str(checkout.parent / "bin"), "LC_ALL": "C.UTF-8", **variables}
    command = [shutil.which("bash"), "envs/install.sh", *arguments]
    done = subprocess.run(
        command, cwd=checkout, env=environment, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


def asked(checkout):
    return (checkout / "asked").read_text().split()


def test_a_python_that_fits_is_found(checkout):
    python(checkout, "python3", "3.10.2", unfit=1)
    python(checkout, "python3.12", "3.12.1")
    code, text = install(checkout)
    assert code == 0, text
    assert "1/3  .venv with Python 3.12.1" in text
    assert (checkout / ".venv" / "lock.txt").read_text() == "torch==2.13.0\n"
    assert install(checkout) == (0, "")


def test_no_python_that_fits_is_said_with_the_remedy(checkout):
    python(checkout, "python3", "3.10.2", unfit=1)
    python(checkout, "python3.12", "3.12.1")
    code, text = install(checkout, PYTHON="python3")
    assert code != 0
    assert "Python 3.11 to 3.14 is needed" in text
    assert "found: Python 3.10.2." in text
    assert not (checkout / ".venv" / "bin").exists()


@pytest.mark.parametrize(
    ("gpu", "variables", "offline", "builds"),
    [
        (False, {}, 0, True),
        (False, {}, 1, False),  # their address cannot be reached
        (False, {"GPU": "1"}, 0, False),
        (True, {}, 0, False),
    ],
)
def test_cuda_is_not_downloaded_without_a_gpu(checkout, gpu, variables, offline, builds):
    python(checkout, "python3.11", "3.11.7", offline=offline)
    if gpu:
        program(checkout.parent / "bin" / "nvidia-smi", "#!/bin/sh\n")
    code, text = install(checkout, **variables)
    assert code == 0, text
    assert ("https://download.pytorch.org/whl/cpu" in asked(checkout)) == builds
    assert ("for CPUs" in text) == builds


def test_an_environment_in_use_stays_as_it_is(checkout):
    python(checkout, "python3.11", "3.11.7")
    install(checkout)
    program(checkout / ".venv" / "bin" / "snakemake", "#!/bin/sh\n")
    lock = checkout / "envs" / "lock.txt"
    os.utime(lock)
    assert install(checkout) == (0, ""), "a new time stamp of the same content is no reason"
    lock.write_text("torch==2.14.0\n")
    (checkout / "asked").unlink()
    code, text = install(checkout, "--keep")
    assert (code, "note: envs/lock.txt changed" in text) == (0, True)
    (checkout / ".snakemake" / "locks").mkdir(parents=True)
    (checkout / ".snakemake" / "locks" / "0.input.lock").touch()
    code, text = install(checkout)
    assert (code, "a run is going on here" in text) == (1, True)
    assert not (checkout / "asked").exists()
    shutil.rmtree(checkout / ".snakemake")
    assert install(checkout)[0] == 0
    assert "--requirement" in asked(checkout)


def test_make_alone_says_what_there_is(repository):
    make = shutil.which("make")
    if make is None:
        pytest.skip("no make on this machine")
    done = subprocess.run([make], cwd=repository, capture_output=True, text=True, check=True)
    text = (repository / "Makefile").read_text(encoding="utf-8")
    targets = text.split(".PHONY:")[1].splitlines()[0].split()
    assert all(f"make {target}" in done.stdout for target in targets if target != "help")
