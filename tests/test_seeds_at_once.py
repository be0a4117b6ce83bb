"""Several seeds in one process compute what each computes alone."""

import pytest
import torch

from benchmarks.seeds import SeedsAtOnce
from nri.model.objectives import ELBO

SEEDS = (1, 2, 3)
UPDATES = 3


def alone(model, settings, generator, batches):
    """The updates of one seed as `Trainer` makes them; its losses."""
    objective = ELBO(model, settings, 2)
    weights = [weight for weight in model.parameters() if weight.requires_grad]
    optimiser = torch.optim.Adam(weights, settings.learning_rate, fused=True)
    losses = []
    for x in batches:
        loss = objective.training(x, None, generator, 1.0).loss
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        losses.append(loss.detach())
    return torch.stack(losses)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"straight_through": True, "skip_first": True},
        {"undirected": True, "encoder_inputs": "changes", "standardise": True},
    ],
)
def test_each_seed_learns_what_it_learns_alone(build, samples, make_settings, changes):
    """Losses, weights and running means after three updates, in double precision."""
    settings = make_settings(**changes)
    models = []
    for seed in SEEDS:
        torch.manual_seed(seed)
        models.append(build(settings).double().train())
    x = samples["train"].x.double()
    order = torch.stack([torch.randperm(len(x)) for _ in SEEDS])[:, : 8 * UPDATES]
    batches = x[order].unflatten(1, (UPDATES, 8))  # (R, updates, B, N, T, D)

    together = SeedsAtOnce(models, settings, [torch.Generator().manual_seed(s) for s in SEEDS])
    losses = torch.stack([together.update(batches[:, k]) for k in range(UPDATES)], dim=1)
    for place, (seed, model) in enumerate(zip(SEEDS, models, strict=True)):
        generator = torch.Generator().manual_seed(seed)
        wanted = alone(model, settings, generator, batches[place])
        torch.testing.assert_close(losses[place], wanted)
        found = together.state_dict(place)
        assert found.keys() == model.state_dict().keys()
        for name, weight in model.state_dict().items():
            # Where the gradient is zero Adam magnifies its rounding, by far less than an update of
            # 5e-4; a wrong weight anywhere would show in the later losses.
            torch.testing.assert_close(found[name], weight, rtol=1e-6, atol=2e-5)
    assert not torch.equal(losses[0], losses[1])


def test_what_is_done_seed_by_seed_is_refused(build, make_settings):
    settings = make_settings(gradient_clip=1.0)
    with pytest.raises(ValueError, match="gradient_clip"):
        SeedsAtOnce([build(settings)], settings, [torch.Generator()])
