"""Networks as short lists of layers, saved to and loaded from one file."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import DTypeLike, NDArray

from helpers.checks import as_numbers, as_path
from helpers.files import read_arrays, write_whole
from helpers.layers import (
    AvgPool2d,
    ChannelScale,
    Conv2d,
    Flatten,
    Layer,
    Linear,
    MaxPool2d,
    ReLU,
    Tanh,
)


class Sequential:
    """Layers one after the other.

    Parameters
    ----------
    layers : sequence of Layer
        From the input to the logits.

    Attributes
    ----------
    layers : list of Layer

    Examples
    --------
    >>> network = LeNet5(np.random.default_rng(0))
    >>> network.forward(np.zeros((2, 1, 28, 28), np.float32)).shape
    (2, 10)
    >>> network.parameter_count()
    61706
    """

    def __init__(self, layers: Sequence[Layer]) -> None:
        if not isinstance(layers, Iterable):
            raise TypeError(f"layers must be a list, not {layers!r}")
        self.layers = list(layers)
        for layer in self.layers:
            if not isinstance(layer, Layer):
                raise TypeError(
                    "layers must hold layers, as ReLU() or Flatten(), "
                    f"not {layer!r}"
                )

    def forward(self, x: NDArray) -> NDArray:
        """Return the logits, shape (N, classes), for a batch of images.

        `x` holds floats of shape (N, C, H, W), scaled as the network was
        trained, see `helpers.data.scale`.
        """
        return self.trace(x)[-1]

    def trace(self, x: NDArray) -> list[NDArray]:
        """Return the input and the output of every layer, in order."""
        x = as_numbers(x, "x")
        if x.dtype.kind != "f":
            raise TypeError(
                f"a network takes floats, not {x.dtype} as x holds: scale "
                "pictures with helpers.data.scale"
            )
        outputs = [x]
        for layer in self.layers:
            outputs.append(layer.forward(outputs[-1]))
        return outputs

    def backward(self, gradient: NDArray) -> NDArray:
        """Return the gradient by the input, given that by the logits.

        The gradients by the parameters are in `gradients` afterwards.
        """
        for layer in reversed(self.layers):
            gradient = layer.backward(gradient)
        return gradient

    @property
    def parameters(self) -> dict[str, NDArray]:
        """All parameters, named ``"0.weight"`` after the layer's place."""
        return {
            f"{place}.{name}": value
            for place, layer in enumerate(self.layers)
            for name, value in layer.parameters.items()
        }

    @property
    def gradients(self) -> dict[str, NDArray]:
        """The gradients of the last `backward`, named like `parameters`."""
        return {
            f"{place}.{name}": value
            for place, layer in enumerate(self.layers)
            for name, value in layer.gradients.items()
        }

    def parameter_count(self) -> int:
        """Return the number of free parameters."""
        return sum(layer.parameter_count() for layer in self.layers)

    def save(self, path: str | os.PathLike) -> None:
        """Write all parameters to one ``.npz``, whole or not at all."""
        with write_whole(as_path(path)) as file:
            np.savez_compressed(file, **self.parameters)

    def load(self, path: str | os.PathLike) -> None:
        """Read parameters that `save` wrote; change nothing if they misfit.

        A ValueError says that the file is damaged, or what in it is not
        this network's: a name, a shape, values that are not finite.
        """
        expected = {n: (p.shape, "f") for n, p in self.parameters.items()}
        with open(as_path(path), "rb") as file:
            try:
                loaded = read_arrays(file, expected)
                with np.errstate(all="ignore"):
                    for name, p in self.parameters.items():
                        loaded[name] = loaded[name].astype(p.dtype)
                        if not np.isfinite(loaded[name]).all():
                            raise ValueError(
                                f"{name} is not finite in {p.dtype}"
                            )
            except ValueError as error:
                raise ValueError(
                    f"{path} does not hold this network ({error}): save it "
                    "again, or restore it from the repository"
                ) from error
        for name, parameter in self.parameters.items():
            parameter[...] = loaded[name]

    def __repr__(self) -> str:
        lines = "".join(f"  {layer!r},\n" for layer in self.layers)
        return f"{type(self).__name__}(\n{lines})"


def check_network(network: Sequential, needed: str) -> Sequential:
    """Return what has the attribute that is needed, as networks have."""
    if isinstance(network, type) or not hasattr(network, needed):
        raise TypeError(
            f"network must be a network, as LeNet5(rng), not {network!r}"
        )
    return network


class LeNet5(Sequential):
    """LeNet-5 in its usual modern form: 61,706 parameters.

    After LeCun et al., "Gradient-based learning applied to document
    recognition", 1998, with ReLU for tanh, max pooling for the trained
    subsampling, all maps connected, and a softmax at the end.

    Parameters
    ----------
    rng : numpy.random.Generator
        Draws the weights.
    dtype : dtype
        float32, or float64 for a gradient check.

    Examples
    --------
    >>> LeNet5(np.random.default_rng(0)).parameter_count()
    61706
    """

    def __init__(
        self, rng: np.random.Generator, dtype: DTypeLike = np.float32
    ) -> None:
        drawn = dict(rng=rng, dtype=dtype)
        super().__init__(
            [
                Conv2d(1, 6, 5, padding=2, **drawn),
                ReLU(),
                MaxPool2d(2),
                Conv2d(6, 16, 5, **drawn),
                ReLU(),
                MaxPool2d(2),
                Flatten(),
                Linear(400, 120, **drawn),
                ReLU(),
                Linear(120, 84, **drawn),
                ReLU(),
                Linear(84, 10, gain=0.001, **drawn),
            ]
        )


# Which of the 4 maps of H2 (columns) each of the 12 maps of H3 (rows) reads:
# table 1 of LeCun et al., NIPS 1989.  Two modules that share nothing.
_MODULE_1989 = [[1, 0], [1, 1], [1, 1], [0, 1], [1, 1], [1, 1]]
CONNECTIONS_1989 = np.kron(np.eye(2, dtype=int), _MODULE_1989).astype(bool)


class LeNet1989(Sequential):
    """The network that the slides cite: 2,578 free parameters.

    After LeCun et al., "Handwritten digit recognition with a
    back-propagation network", NIPS 2, 1989: 4 maps of 24x24, averaged to
    12x12, 12 maps of 8x8 that read one or two maps each, averaged to 4x4,
    10 outputs.  Each averaged map has a factor and a bias of its own.  Here
    a softmax replaces the ten tanh outputs with their squared error.

    Parameters
    ----------
    rng : numpy.random.Generator
        Draws the weights.
    dtype : dtype

    Examples
    --------
    >>> LeNet1989(np.random.default_rng(0)).parameter_count()
    2578
    """

    def __init__(
        self, rng: np.random.Generator, dtype: DTypeLike = np.float32
    ) -> None:
        drawn = dict(rng=rng, dtype=dtype)
        super().__init__(
            [
                Conv2d(1, 4, 5, **drawn),
                Tanh(),
                AvgPool2d(2),
                ChannelScale(4, dtype),
                Tanh(),
                Conv2d(4, 12, 5, connections=CONNECTIONS_1989, **drawn),
                Tanh(),
                AvgPool2d(2),
                ChannelScale(12, dtype),
                Tanh(),
                Flatten(),
                Linear(192, 10, gain=0.001, **drawn),
            ]
        )


class DenseNetwork(Sequential):
    """A network without convolution, as large as LeNet-5: 61,723 parameters.

    Parameters
    ----------
    rng : numpy.random.Generator
        Draws the weights.
    dtype : dtype

    Examples
    --------
    >>> DenseNetwork(np.random.default_rng(0)).parameter_count()
    61723
    """

    def __init__(
        self, rng: np.random.Generator, dtype: DTypeLike = np.float32
    ) -> None:
        drawn = dict(rng=rng, dtype=dtype)
        super().__init__(
            [
                Flatten(),
                Linear(784, 75, **drawn),
                ReLU(),
                Linear(75, 33, **drawn),
                ReLU(),
                Linear(33, 10, gain=0.001, **drawn),
            ]
        )
