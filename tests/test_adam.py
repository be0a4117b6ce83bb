"""Adam without torch's compiler: the weights of `torch.optim.Adam`, and nothing more to import."""

import subprocess
import sys

import torch
from torch import nn

from nri.training.adam import Adam


def weights_and_gradients():
    torch.manual_seed(0)
    weights = [nn.Parameter(torch.randn(*shape)) for shape in ((40, 30), (7,), (3,))]
    return weights, [[torch.randn_like(weight) for weight in weights[:2]] for _ in range(20)]


def descend(optimiser, weights, gradients, rates):
    """Updates of all weights but the last, which never has a gradient."""
    for given, rate in zip(gradients, rates, strict=True):
        optimiser.zero_grad()
        for weight, gradient in zip(weights, given, strict=False):
            weight.grad = gradient.clone()
        if isinstance(optimiser, Adam):
            optimiser.step(rate)
        else:
            optimiser.param_groups[0]["lr"] = rate
            optimiser.step()


def test_the_weights_are_those_of_torch_to_the_bit():
    rates = [1e-2 / (number + 1) for number in range(20)]
    mine, gradients = weights_and_gradients()
    theirs, _ = weights_and_gradients()
    descend(Adam(mine), mine, gradients, rates)
    descend(torch.optim.Adam(theirs, fused=True), theirs, gradients, rates)
    assert all(torch.equal(one, other) for one, other in zip(mine, theirs, strict=True))


def test_a_continued_one_is_the_same():
    rates = [1e-2] * 20
    whole, gradients = weights_and_gradients()
    descend(Adam(whole), whole, gradients, rates)
    halves, _ = weights_and_gradients()
    first, second = Adam(halves), Adam(halves)
    descend(first, halves, gradients[:10], rates[:10])
    second.load_state_dict(first.state_dict())
    descend(second, halves, gradients[10:], rates[10:])
    assert all(torch.equal(one, other) for one, other in zip(whole, halves, strict=True))


def test_training_and_evaluation_start_without_the_compiler_of_torch():
    """Importing it takes longer than all else that these programs import."""
    code = """
import sys, torch
from torch import nn
import scripts.evaluate, scripts.train
from nri.training.adam import Adam
weight = nn.Parameter(torch.ones(2))
weight.grad = torch.ones(2)
nn.utils.clip_grad_norm_([weight], 1.0)
Adam([weight]).step(0.1)
print("torch._dynamo" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "False\n", done.stderr
