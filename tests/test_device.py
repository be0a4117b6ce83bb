"""What a GPU computes differently: the same numbers, checked on the CPU as far as that goes."""

import copy
import platform
import subprocess
import sys

import pytest
import torch

from benchmarks.plain import torch_copy
from nri.device import recorded, rounded_products
from nri.model import objectives
from nri.model.objectives import ELBO
from nri.training.checkpoints import Checkpoint
from nri.training.trainer import Trainer

needs_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")


def gradients(model, settings, samples, progress=1.0):
    """Loss and gradients of one training batch; the noise is the same every time on a device."""
    objective = ELBO(model, settings, 2)
    generator = torch.Generator(samples.x.device).manual_seed(0)
    model.zero_grad()
    loss = objective.training(samples.x, samples.edges, generator, progress).loss
    loss.backward()
    return [loss.detach().cpu(), *(p.grad.cpu() for p in model.parameters() if p.grad is not None)]


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library")
def test_memory_that_was_freed_is_kept_for_the_next_tensors():
    """Counts the pages that the system has to give while tensors of 16 MiB come and go."""
    program = (
        "import resource, torch; from nri.device import take_processor; take_processor(1)\n"
        "def pages(): return resource.getrusage(resource.RUSAGE_SELF).ru_minflt\n"
        "for _ in range(30): torch.ones(2**22)\n"
        "before = pages()\n"
        "for _ in range(10): torch.ones(2**22)\n"
        "print(pages() - before, torch.get_num_threads())"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    given, threads = map(int, done.stdout.split())
    assert given < 2**24 / 4096
    assert threads == 1


def test_a_cpu_compiles_nothing():
    assert recorded(len, torch.device("cpu"), max, compiled=True) is len
    with rounded_products(torch.device("cpu")):
        assert torch.get_float32_matmul_precision() == "highest"


@pytest.fixture
def captured(monkeypatch):
    """What a GPU would capture as graphs, traced here: the operations of each compilation."""
    compilations = []

    def backend(traced, _):
        compilations.append([str(node.target) for node in traced.graph.nodes])
        return traced.forward

    def trace(function, device, constant, *, compiled):
        torch.compiler.assume_constant_result(constant)
        return torch.compile(function, backend=backend, fullgraph=True, dynamic=False)

    monkeypatch.setattr(objectives, "recorded", trace)
    torch.compiler.reset()  # what other tests have compiled would be used again
    return compilations


@pytest.mark.parametrize(
    ("decoder", "windows", "products"),
    [("mlp", "all", 10 * 10), ("mlp", 2, 10 * 10), ("rnn", "all", 48 * 15)],
)
def test_the_unroll_is_one_graph_with_the_same_gradients(
    build, samples, make_settings, decoder, windows, products, captured
):
    """Without a break or a copy between devices.

    In double precision, for which there is no fused path on a CPU.
    """
    settings = make_settings(loss_windows=windows, prediction_steps=10, batch_size=4)
    model = build(settings, decoder=decoder).double()
    batch = samples["train"].take(slice(0, 4))
    batch = type(batch)(batch.x.double(), batch.edges)
    part_of_a_batch = settings.model_copy(update={"batch_size": 5})  # is not compiled
    expected = gradients(model, part_of_a_batch, batch)
    for found, wanted in zip(gradients(model, settings, batch), expected, strict=True):
        torch.testing.assert_close(found, wanted)
    (operations,) = captured
    assert sum("linear" in name for name in operations) == products
    assert not {"to", "cuda", "cpu"} & set(operations)


def test_a_training_compiles_for_whole_batches_alone(
    build, samples, make_settings, captured, tmp_path
):
    """Each compilation takes a GPU half a minute, and torch gives up after eight of a function."""
    settings = make_settings(batch_size=24, epochs=1)
    model = torch_copy(build(settings))
    checkpoints = [Checkpoint(tmp_path / "checkpoint.pt")]
    Trainer(model, settings, samples["train"], samples["valid"], 2, 1, checkpoints).run()
    assert len(captured) == 2  # with gradients and without


@needs_cuda
@pytest.mark.parametrize(("decoder", "windows"), [("mlp", "all"), ("mlp", 5), ("rnn", "all")])
def test_a_gpu_computes_the_gradients_of_the_cpu(build, samples, make_settings, decoder, windows):
    """Without noise, and with all 5 windows in a random order: devices draw other numbers.

    The error is that of a tensor's largest element: of what batch normalisation cancels, rounding
    is all there is.
    """
    settings = make_settings(loss_windows=windows, noise_ramp=[0.5, 1.0], batch_size=8)
    model = build(settings, decoder=decoder)
    batch = samples["train"].take(slice(0, 8))
    expected = gradients(model, settings, batch, progress=0.0)
    on_gpu = type(batch)(batch.x.cuda(), batch.edges.cuda())
    found = gradients(copy.deepcopy(model).cuda(), settings, on_gpu, progress=0.0)
    for mine, wanted in zip(found, expected, strict=True):
        torch.testing.assert_close(mine, wanted, rtol=0, atol=1e-4 * float(wanted.abs().max()))


@needs_cuda
def test_an_update_on_a_gpu_waits_for_nothing(build, samples, make_settings):
    settings = make_settings(batch_size=8)
    model = build(settings).cuda()
    batch = samples["train"].take(slice(0, 8))
    batch = type(batch)(batch.x.cuda(), batch.edges.cuda())
    gradients(model, settings, batch)  # compiles
    model.zero_grad()  # the graph writes its next gradients over these
    objective = ELBO(model, settings, 2)
    generator = torch.Generator("cuda").manual_seed(0)
    torch.cuda.set_sync_debug_mode("error")
    try:
        objective.training(batch.x, batch.edges, generator, 1.0).loss.backward()
    finally:
        torch.cuda.set_sync_debug_mode("default")
