"""A cheaper CNN encoder (not in the paper): it reads each object once, then pairs them."""

from torch import Tensor, nn

from nri.model.encoders.cnn import CNNEncoder
from nri.model.message_passing import PairLinear

__all__ = ["NodeCNNEncoder"]


class AlignedCNN(nn.Module):
    """Convolution (kernel 5, stride 4) over pairs, a second one of kernel 1, mean over time.

    The first layer is linear up to its ReLU: it is applied once to each object's sequence, and
    the results of two objects are added. Only the second layer, of kernel 1, is computed for every
    pair and time. Both are written as linear layers, which on a CPU are several times faster than
    1-D convolutions of so few channels.
    """

    KERNEL, STRIDE = 5, 4

    def __init__(self, features: int, hidden: int):
        super().__init__()
        self.conv1 = PairLinear(self.KERNEL * features, hidden // 2, reads_data=True)
        self.bn1 = nn.BatchNorm1d(hidden // 2)
        self.conv2 = nn.Linear(hidden // 2, hidden)
        self.bn2 = nn.BatchNorm1d(hidden)

    def forward(self, x: Tensor) -> Tensor:
        """(B, N, T, D) → (B, E, H)."""
        windows = x.unfold(2, self.KERNEL, self.STRIDE)  # (B, N, T', D, 5)
        pairs = self.conv1(windows.transpose(1, 2).flatten(3))  # (B, T', E, H/2)
        shape = pairs.shape[:3]
        pairs = self.bn1(nn.functional.relu(pairs).flatten(0, 2))
        pairs = nn.functional.relu(self.conv2(pairs)).unflatten(0, shape).mean(1)  # (B, E, H)
        return self.bn2(pairs.flatten(0, 1)).view_as(pairs)


class NodeCNNEncoder(CNNEncoder):
    """The CNN encoder with a convolution that reads each object's sequence once, then pairs.

    Like the paper's CNN, at a fraction of its cost, it compares both objects of a pair at the same
    time, when their interaction shows. The MLP encoder has to learn that for every frame anew.
    """

    least_frames = AlignedCNN.KERNEL

    def __init__(self, frames: int, features: int, hidden: int, edge_types: int, dropout: float):
        super().__init__(frames, features, hidden, edge_types, dropout)
        self.cnn = AlignedCNN(features, hidden)
