"""Products of hidden layers in bfloat16: close to float32, and float32 where it matters."""

import pytest
import torch

from nri.model import precision
from nri.model.loops import as_array, compiled_loop, rounded
from nri.model.make_objective import make_objective
from nri.model.precision import ExactLinear, products_in
from nri.training.checkpoints import Checkpoint
from nri.training.trainer import Trainer

CPU = torch.device("cpu")
needs_bf16 = pytest.mark.skipif(
    not precision._cpu_has_bf16(), reason="no bfloat16 products on this CPU"
)


@pytest.fixture(autouse=True)
def nothing_said():
    """What was said once is forgotten."""
    precision._has_bf16.cache_clear()


def gradients(model, settings, samples, chosen):
    """Loss and gradients of a batch; the noise is the same every time."""
    model.zero_grad()
    objective, batch = make_objective(model, settings, 2), samples["train"].take(slice(0, 8))
    with products_in(chosen, CPU):
        loss = objective.training(batch.x, batch.edges, torch.Generator().manual_seed(0), 1.0).loss
    loss.backward()
    assert all(p.grad.dtype == torch.float32 for p in model.parameters() if p.grad is not None)
    return [loss.detach(), *(p.grad for p in model.parameters() if p.grad is not None)]


@needs_bf16
@pytest.mark.parametrize("dropout", [0.0, 1e-9], ids=["fused", "plain"])
@pytest.mark.parametrize(
    ("encoder", "decoder"),
    [("mlp", "mlp"), ("cnn", "mlp"), ("node-cnn", "mlp"), ("mlp", "rnn"), ("mlp", "none")],
)
def test_gradients_are_near_those_of_float32(
    encoder, decoder, dropout, build, samples, make_settings
):
    settings = make_settings(decoder_dropout=dropout, variance=1.0)
    model = build(settings, encoder, decoder).train()
    exact, near = (gradients(model, settings, samples, each) for each in ("float32", "bf16"))
    assert not all(torch.equal(a, b) for a, b in zip(exact, near, strict=True))
    whole = [torch.cat([each.flatten() for each in found[1:]]) for found in (exact, near)]
    assert (whole[0] - whole[1]).norm() < 0.05 * whole[0].norm()
    torch.testing.assert_close(near[0], exact[0], rtol=0.02, atol=0.0)


@needs_bf16
@pytest.mark.parametrize("dropout", [0.0, 1e-9], ids=["fused", "plain"])
def test_small_differences_of_motion_are_not_rounded(dropout, build, samples, make_settings):
    """A decoder whose hidden layers pass nothing on leaves its frames as they are."""
    model = build(make_settings(decoder_dropout=dropout)).train()
    decoder, frames = model.decoder, samples["train"].x[:4, :, 0]
    with torch.no_grad():
        decoder.output.out_fc3.weight.zero_()
        decoder.output.out_fc3.bias.fill_(1e-5)
    with products_in("bf16", CPU):
        following, _ = decoder(frames, torch.full((4, 20, 2), 0.5))
    torch.testing.assert_close(following, frames + 1e-5, rtol=0.0, atol=1e-7)


@needs_bf16
def test_what_is_exact_takes_rounded_inputs_and_gives_float32():
    layer, x = ExactLinear(8, 3), torch.randn(5, 8)
    with products_in("bf16", CPU):
        found, rounded_inputs = layer(x), layer(x.bfloat16())
    assert torch.equal(found, layer(x))
    assert rounded_inputs.dtype == torch.float32


def test_a_cpu_without_bfloat16_says_so_once(monkeypatch, caplog, build, samples, make_settings):
    monkeypatch.setattr(precision, "_cpu_has_bf16", lambda: False)
    settings = make_settings()
    model = build(settings).train()
    exact, same = (gradients(model, settings, samples, each) for each in ("float32", "bf16"))
    gradients(model, settings, samples, "bf16")
    assert all(torch.equal(a, b) for a, b in zip(exact, same, strict=True))
    assert [record.message for record in caplog.records] == [
        "precision: this CPU has no bfloat16 products: float32 is used"
    ]


def test_loops_round_as_torch_does():
    @compiled_loop
    def copy(values, found):
        for place in range(len(values)):
            found[place] = rounded(values[place], found)

    bits = torch.randint(-(2**31), 2**31, (100_000,), generator=torch.Generator().manual_seed(0))
    values = bits.int().view(torch.float32)
    values = torch.cat([values[values.isfinite()], torch.tensor([1 + 2**-8, 1 + 3 * 2**-8])])
    found = torch.empty(len(values), dtype=torch.bfloat16)
    copy(values.numpy(), as_array(found))
    assert torch.equal(found, values.bfloat16())
    copy(torch.full((2,), torch.nan).numpy(), as_array(found[:2]))
    assert found[:2].isnan().all()


@needs_bf16
def test_a_training_that_continues_is_the_same_to_the_bit(build, samples, make_settings, tmp_path):
    settings = make_settings(precision="bf16", batch_size=16, epochs=2)

    def trainer(folder):
        model = build(settings)
        model.fit_scales(samples["train"].x, False)
        splits = samples["train"], samples["valid"]
        return Trainer(model, settings, *splits, 2, 1, [Checkpoint(tmp_path / folder)], 0.0)

    whole, stopped = trainer("whole"), trainer("stopped")
    whole.run()
    update = stopped._update

    def update_and_stop(index):
        update(index)
        stopped.stopped_by = 15 if stopped.progress.total_updates == 3 else 0

    stopped._update = update_and_stop
    with pytest.raises(SystemExit):
        stopped.run()
    rest = trainer("stopped")
    rest.run()
    for one, other in zip(whole.model.parameters(), rest.model.parameters(), strict=True):
        assert torch.equal(one, other)
    exact = make_settings(batch_size=16, epochs=2)
    assert exact.in_effect("mlp", "mlp").keys() == settings.in_effect("mlp", "mlp").keys() - {
        "precision"
    }
