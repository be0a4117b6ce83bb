"""All steps of a decoder as one compiled loop, against the same steps in plain torch."""

import pytest
import torch
from torch.nn.functional import one_hot

from benchmarks.plain import torch_copy
from nri.model import fused_unroll, loops
from nri.model.blas import one_thread, openblas_threads
from nri.model.decoders.mlp import MLPDecoder

FEATURES = 3


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    """Blocks of 20 edges of a network that is 24 wide."""
    monkeypatch.setattr(loops, "BLOCK_BYTES", 20 * 4 * 24)


def make(hidden=24, edge_types=2, skip_first=False, changes=False):
    torch.manual_seed(0)
    decoder = MLPDecoder(FEATURES, hidden, edge_types, skip_first, 0.0, changes)
    decoder.scaling.fit(torch.randn(7, 5, 9, FEATURES))
    return decoder


def graphs(samples, objects, edge_types, kind):
    shape = samples, objects * (objects - 1)
    if kind == "soft":
        return torch.rand(*shape, edge_types).softmax(-1)
    types = torch.randint(edge_types if kind == "hard" else 1, shape)
    return one_hot(types, edge_types).float()


def results(decoder, x, edges, steps, state, ask_edges):
    """Frames, and gradients with respect to the first one, edges and all weights."""
    x = x.clone().requires_grad_(state is None)
    edges = edges.clone().requires_grad_(ask_edges)
    frames = decoder.unroll(x, edges, steps, state)
    frames.backward(torch.randn(frames.shape, generator=torch.Generator().manual_seed(1)))
    found = {"frames": frames.detach(), "x": x.grad, "edges": edges.grad}
    found |= {name: weight.grad for name, weight in decoder.named_parameters()}
    return {name: value for name, value in found.items() if value is not None}


@pytest.mark.parametrize(
    ("objects", "hidden", "steps", "edge_types", "skip_first"),
    [(5, 24, 4, 2, False), (2, 24, 1, 2, True), (3, 7, 3, 3, True), (4, 130, 2, 1, False)],
)
@pytest.mark.parametrize("kind", ["soft", "hard", "empty"])
@pytest.mark.parametrize("changes", [False, True])
def test_frames_and_gradients(objects, hidden, steps, edge_types, skip_first, kind, changes):
    decoder = make(hidden, edge_types, skip_first, changes)
    x = torch.randn(6, objects, FEATURES)
    state = x + 0.1 * torch.randn_like(x) if changes else None
    edges = graphs(6, objects, edge_types, kind)
    for ask_edges in (False, True):
        decoder.zero_grad()
        found = results(decoder, x, edges, steps, state, ask_edges)
        expected = results(torch_copy(decoder), x, edges, steps, state, ask_edges)
        for name in expected.keys() - found.keys():  # of a network that no edge asks
            assert not expected[name].any(), name
        for name, value in found.items():
            wanted = expected.get(name, torch.zeros_like(value))
            error = (value - wanted).norm()
            assert error <= 1e-5 * wanted.norm(), f"{name}: {error:.1e} of {wanted.norm():.1e}"


def test_gradients_through_a_view_and_twice():
    decoder, x, edges = make(), torch.randn(4, 3, 5, FEATURES), torch.rand(4, 1, 20, 2)
    weights = list(decoder.parameters())
    loss = decoder.unroll(x, edges, 3)[..., 1:, :, :2].sum()
    once, twice = (torch.autograd.grad(loss, weights, retain_graph=True) for _ in range(2))
    plain = torch_copy(decoder)
    loss = plain.unroll(x, edges, 3)[..., 1:, :, :2].sum()
    for one, two, wanted in zip(
        once, twice, torch.autograd.grad(loss, list(plain.parameters())), strict=True
    ):
        assert torch.equal(one, two)
        torch.testing.assert_close(one, wanted, rtol=1e-4, atol=1e-4)


def test_without_gradients_the_frames_are_the_same_and_one_step_is_kept(monkeypatch):
    decoder, x, edges = make(), torch.randn(2, 5, FEATURES), torch.rand(2, 20, 2)
    kept, run = [], fused_unroll.run

    def note(*arguments):
        kept.append(sum(array.nbytes for array in arguments[6]))
        run(*arguments)

    monkeypatch.setattr(fused_unroll, "run", note)
    frames = decoder.unroll(x, edges, 9).detach()
    with torch.no_grad():
        assert torch.equal(decoder.unroll(x, edges, 9), frames)
    assert kept[1] < kept[0] / 9


@pytest.mark.parametrize("changes", [False, True])
def test_not_a_number_stays_so(changes):
    """A training whose weights are lost must show it."""
    decoder, x = make(changes=changes), torch.randn(1, 4, FEATURES)
    x[0, 0, 0] = torch.nan
    frames = decoder.unroll(x, torch.rand(1, 12, 2), 2)
    assert frames.isnan().all(-1)[0, 1].all()


def test_products_take_one_thread_whatever_openblas_and_torch_have(monkeypatch):
    functions = openblas_threads()
    if functions is None:
        pytest.skip("scipy's BLAS is not OpenBLAS")
    get, put = functions
    seen, run = [], fused_unroll.run
    monkeypatch.setattr(fused_unroll, "run", lambda *a: seen.append(get()) or run(*a))
    decoder, x, edges = make(hidden=96), torch.randn(64, 5, FEATURES), torch.rand(64, 20, 2)
    before, of_torch, found = get(), torch.get_num_threads(), []
    try:
        for threads in (1, 2):
            put(threads)
            torch.set_num_threads(threads)
            found.append(results(decoder, x, edges, 3, None, True))
            decoder.zero_grad()
            assert get() == threads
        with pytest.raises(KeyError), one_thread():
            raise KeyError
        assert get() == 2
    finally:
        put(before)
        torch.set_num_threads(of_torch)
    assert seen == [1, 1]
    for name, value in found[0].items():
        assert torch.equal(value, found[1][name]), name


@pytest.mark.parametrize(
    ("frames", "edges"),
    [((2, 5, FEATURES + 1), (2, 20, 2)), ((2, 5, FEATURES), (2, 12, 2)), ((5, FEATURES), (20, 3))],
)
def test_shapes_that_do_not_fit_are_refused(frames, edges):
    with pytest.raises(ValueError, match="do not fit"):
        make().unroll(torch.randn(frames), torch.rand(edges), 2)
