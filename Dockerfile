# The environment of envs/lock.txt in an image; the pipeline itself stays outside (docs/containers.md).
#
#   docker build --tag nri .
#   docker run --rm --user "$(id -u):$(id -g)" --volume "$PWD:/work" nri snakemake --cores all
#
# PyPI's torch is built for CUDA. Without a GPU, a smaller image:
#   docker build --tag nri --build-arg PIP_EXTRA_INDEX_URL=https://download.pytorch.org/whl/cpu .
FROM python:3.11-slim-bookworm

# On a GPU torch compiles with a compiler of C. Its version is Debian's and decides nothing.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends gcc libc6-dev \
    && rm -rf /var/lib/apt/lists/*

ARG PIP_EXTRA_INDEX_URL=
COPY envs/lock.txt /opt/nri/lock.txt
RUN pip install --no-cache-dir --requirement /opt/nri/lock.txt

# Any user may run it, also one whom the image does not know: what programs cache goes where all
# may write.
ENV HOME=/tmp \
    USER=nri \
    NUMBA_CACHE_DIR=/tmp/numba \
    PYTHONUNBUFFERED=1
USER 1000:1000
WORKDIR /work
CMD ["snakemake", "--cores", "all"]
