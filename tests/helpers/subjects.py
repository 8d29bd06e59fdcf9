"""How each public function and method that computes is called well.

`test_bad_input` spoils one argument at a time, `test_any_array` gives arrays
of every type and order.  No public function is left out: see
`test_bad_input.test_every_public_function_has_a_row`.
"""

import math

import numpy as np

from helpers import (
    checks,
    convolution,
    data,
    fused,
    im2col,
    layers,
    matching,
    networks,
    shapes,
    training,
)

MODULES = [
    checks,
    shapes,
    im2col,
    convolution,
    layers,
    data,
    networks,
    fused,
    training,
    matching,
]
RNG = np.random.default_rng


def ones(*shape, dtype=np.float64):
    return np.ones(shape, dtype)


def named(check):
    """A function that checks a value and is told what to call it."""
    return lambda value: check(value, "value")


def after(make, *shape):
    """The backward of a new layer that has seen ones of such a shape."""

    def backward(**options):
        layer = make()
        layer.forward(ones(*shape, dtype=np.float32))
        return layer.backward(**options)

    return backward


def of_a_new(make, method="forward"):
    """A method of a new object."""
    return lambda **options: getattr(make(), method)(**options)


def conv():
    return layers.Conv2d(2, 3, 3, rng=RNG(0))


def linear():
    return layers.Linear(4, 3, rng=RNG(0))


def max_pool():
    return layers.MaxPool2d(2)


def avg_pool():
    return layers.AvgPool2d(2)


def scales():
    return layers.ChannelScale(4)


def fused_conv():
    return fused.ConvPool2d(conv())


def seen_loss():
    loss = layers.CrossEntropy()
    loss.forward(ones(3, 4), np.array([0, 1, 3]))
    return loss


def tiny():
    """A network of one layer, for pictures of 2x2 and 3 classes."""
    return networks.Sequential(
        [layers.Flatten(), layers.Linear(4, 3, rng=RNG(0), dtype=float)]
    )


def pictures():
    return dict(images=ones(5, 1, 2, 2), labels=np.array([0, 1, 2, 0, 1]))


SIZES = dict(size=9, kernel_size=3)
WINDOWS = dict(kernel_size=3, stride=1, padding=0, dilation=1)
BATCH = dict(x=ones(2, 4, 6, 5))
SIGNALS = dict(x=ones(5), k=ones(3), mode="full")
PICTURE = dict(image=ones(5, 6), kernel=ones(3, 2), mode="full")
SEARCH = dict(
    image=np.arange(30.0).reshape(5, 6),
    template=np.arange(6.0).reshape(2, 3),
    method="ncc",
)
PEAKS = dict(count=1, overlap=0.3, min_score=-math.inf)
POOL = dict(kernel_size=3, stride=2, padding=1, ceil_mode=False)
DRAWN = dict(rng=RNG(0), dtype=np.float32)

# Each public function and method, and arguments that it takes.  A method is
# given as a function that makes the object anew.
SUBJECTS = {
    "checks.as_int": (named(checks.as_int), dict(value=3)),
    "checks.as_real": (
        lambda value: checks.as_real(value, "value", 0, 9),
        dict(value=3.0),
    ),
    "checks.as_flag": (named(checks.as_flag), dict(value=True)),
    "checks.as_pair": (named(checks.as_pair), dict(value=3)),
    "shapes.Window": (shapes.Window, WINDOWS),
    "shapes.PoolWindow": (shapes.PoolWindow, POOL | dict(dilation=1)),
    "shapes.padding_amounts": (
        shapes.padding_amounts,
        dict(padding="same", kernel_size=3, stride=1, dilation=1),
    ),
    "shapes.conv_output_size": (
        shapes.conv_output_size,
        SIZES | dict(stride=1, padding=0, dilation=1),
    ),
    "shapes.conv_transpose_output_size": (
        shapes.conv_transpose_output_size,
        SIZES | dict(stride=2, padding=0, output_padding=0, dilation=1),
    ),
    "shapes.pool_output_size": (
        shapes.pool_output_size,
        SIZES | dict(stride=2, padding=0, ceil_mode=False, dilation=1),
    ),
    "shapes.receptive_field": (
        shapes.receptive_field,
        dict(layers=[(5, 1), (2, 2)]),
    ),
    "shapes.conv_parameters": (
        shapes.conv_parameters,
        dict(
            in_channels=4, out_channels=6, kernel_size=5, groups=2, bias=True
        ),
    ),
    "shapes.linear_parameters": (
        shapes.linear_parameters,
        dict(in_features=4, out_features=6, bias=True),
    ),
    "checks.check_groups": (
        checks.check_groups,
        dict(in_channels=4, out_channels=6, groups=2),
    ),
    "checks.check_memory": (
        lambda: checks.check_memory((2, 3), float, "it", "do less"),
        {},
    ),
    "checks.as_numbers": (lambda x: checks.as_numbers(x, "x"), dict(x=[1, 2])),
    "checks.as_array": (
        lambda x: checks.as_array(x, "x", "(H, W)"),
        dict(x=[[1, 2]]),
    ),
    "checks.as_list": (
        lambda value: checks.as_list(value, "value", "[1]"),
        dict(value=[1]),
    ),
    "checks.as_items": (named(checks.as_items), dict(value={"a": 1})),
    "checks.check_titles": (
        lambda titles: checks.check_titles(titles, 1, "titles"),
        dict(titles=["a"]),
    ),
    "im2col.im2col": (im2col.im2col, BATCH | WINDOWS),
    "im2col.col2im": (
        im2col.col2im,
        dict(columns=ones(2, 36, 12), output_size=(6, 5)) | WINDOWS,
    ),
    **{
        f"convolution.{name}": (
            getattr(convolution, name),
            SIGNALS if name.endswith("1d") else PICTURE,
        )
        for name in (
            "convolve1d",
            "cross_correlate1d",
            "convolve2d",
            "cross_correlate2d",
        )
    },
    "convolution.conv2d": (
        convolution.conv2d,
        BATCH
        | dict(weight=ones(6, 2, 3, 3), bias=ones(6), stride=1, padding=0)
        | dict(dilation=1, groups=2),
    ),
    "convolution.conv_transpose2d": (
        convolution.conv_transpose2d,
        BATCH
        | dict(weight=ones(4, 3, 3, 3), bias=ones(6), stride=2, padding=0)
        | dict(output_padding=1, groups=2, dilation=1),
    ),
    "convolution.max_pool2d": (
        convolution.max_pool2d,
        BATCH | POOL | dict(dilation=1),
    ),
    "convolution.avg_pool2d": (
        convolution.avg_pool2d,
        BATCH | POOL | dict(count_include_pad=True),
    ),
    "convolution.convolution_matrix": (
        convolution.convolution_matrix,
        dict(weight=ones(2, 3), size=5, stride=1, padding=0, dilation=1),
    ),
    "checks.check_rng": (checks.check_rng, dict(rng=RNG(0))),
    "checks.check_dtype": (checks.check_dtype, dict(dtype=float)),
    "layers.Conv2d": (
        layers.Conv2d,
        WINDOWS
        | DRAWN
        | dict(in_channels=4, out_channels=6, groups=2)
        | dict(connections=ones(6, 2)),
    ),
    "layers.Conv2d.forward": (of_a_new(conv), dict(x=ones(1, 2, 5, 6))),
    "layers.Conv2d.backward": (
        after(conv, 1, 2, 5, 6),
        dict(gradient=ones(1, 3, 3, 4)),
    ),
    "layers.MaxPool2d": (layers.MaxPool2d, POOL | dict(dilation=1)),
    "layers.MaxPool2d.forward": (of_a_new(max_pool), BATCH),
    "layers.MaxPool2d.backward": (
        after(max_pool, 1, 1, 4, 6),
        dict(gradient=ones(1, 1, 2, 3)),
    ),
    "layers.AvgPool2d": (
        layers.AvgPool2d,
        POOL | dict(count_include_pad=True),
    ),
    "layers.AvgPool2d.forward": (of_a_new(avg_pool), BATCH),
    "layers.AvgPool2d.backward": (
        after(avg_pool, 1, 1, 4, 6),
        dict(gradient=ones(1, 1, 2, 3)),
    ),
    "layers.ReLU.forward": (of_a_new(layers.ReLU), BATCH),
    "layers.ReLU.backward": (
        after(layers.ReLU, 2, 3),
        dict(gradient=ones(2, 3)),
    ),
    "layers.Tanh.forward": (of_a_new(layers.Tanh), BATCH),
    "layers.Tanh.backward": (
        after(layers.Tanh, 2, 3),
        dict(gradient=ones(2, 3)),
    ),
    "layers.ChannelScale": (
        layers.ChannelScale,
        dict(channels=4, dtype=np.float32),
    ),
    "layers.ChannelScale.forward": (of_a_new(scales), BATCH),
    "layers.ChannelScale.backward": (
        after(scales, 2, 4, 6, 5),
        dict(gradient=ones(2, 4, 6, 5)),
    ),
    "layers.Flatten.forward": (of_a_new(layers.Flatten), BATCH),
    "layers.Flatten.backward": (
        after(layers.Flatten, 2, 3, 4),
        dict(gradient=ones(2, 12)),
    ),
    "layers.Linear": (
        layers.Linear,
        DRAWN | dict(in_features=4, out_features=3, gain=2.0),
    ),
    "layers.Linear.forward": (of_a_new(linear), dict(x=ones(2, 4))),
    "layers.Linear.backward": (after(linear, 2, 4), dict(gradient=ones(2, 3))),
    "layers.CrossEntropy.forward": (
        of_a_new(layers.CrossEntropy),
        dict(logits=ones(3, 4), labels=np.array([0, 1, 3])),
    ),
    "layers.CrossEntropy.backward": (
        of_a_new(seen_loss, "backward"),
        dict(gradient=1.0),
    ),
    "data.scale": (data.scale, dict(images=ones(2, 3, dtype=np.uint8))),
    "data.mnist_style": (
        data.mnist_style,
        dict(picture=255 * ones(9, 9, dtype=np.uint8)),
    ),
    "data.draw_strokes": (
        data.draw_strokes,
        dict(strokes=[[(1, 2), (3, 4)]], pen=2, size=9),
    ),
    "checks.as_path": (named(checks.as_path), dict(value="a.npz")),
    "data.load_mnist": (
        data.load_mnist,
        dict(which="subset", root=None, download=False),
    ),
    "networks.Sequential": (networks.Sequential, dict(layers=[layers.ReLU()])),
    "networks.Sequential.forward": (of_a_new(tiny), dict(x=ones(2, 1, 2, 2))),
    "networks.Sequential.trace": (
        of_a_new(tiny, "trace"),
        dict(x=ones(2, 1, 2, 2)),
    ),
    "networks.Sequential.backward": (
        after(tiny, 2, 1, 2, 2),
        dict(gradient=ones(2, 3)),
    ),
    "networks.check_network": (
        lambda network: networks.check_network(network, "forward"),
        dict(network=tiny()),
    ),
    "networks.LeNet5": (networks.LeNet5, DRAWN),
    "networks.LeNet1989": (networks.LeNet1989, DRAWN),
    "networks.DenseNetwork": (networks.DenseNetwork, DRAWN),
    "fused.ConvPool2d": (
        fused.ConvPool2d,
        dict(conv=conv(), input_gradient=True),
    ),
    "fused.ConvPool2d.forward": (
        of_a_new(fused_conv),
        dict(x=ones(1, 2, 6, 8)),
    ),
    "fused.ConvPool2d.backward": (
        after(fused_conv, 1, 2, 6, 8),
        dict(gradient=ones(1, 3, 2, 3)),
    ),
    "fused.fuse": (fused.fuse, dict(network=tiny())),
    "training.Recipe": (
        training.Recipe,
        dict(epochs=1, batch_size=2, peak_rate=0.1, warmup=0.1)
        | dict(momentum=0.9, weight_decay=0.0),
    ),
    "training.SGD": (
        training.SGD,
        dict(network=tiny(), momentum=0.9, weight_decay=0.0),
    ),
    "training.fit": (
        training.fit,
        dict(network=tiny(), rng=RNG(0), progress=False)
        | dict(recipe=training.Recipe(1))
        | pictures(),
    ),
    "training.predict": (
        training.predict,
        dict(network=tiny(), images=ones(5, 1, 2, 2)),
    ),
    "training.probabilities": (
        training.probabilities,
        dict(network=tiny(), images=ones(5, 1, 2, 2)),
    ),
    "training.evaluate": (
        training.evaluate,
        dict(network=tiny()) | pictures(),
    ),
    "training.mistakes": (
        training.mistakes,
        dict(network=tiny()) | pictures(),
    ),
    "training.gradient_check": (
        training.gradient_check,
        dict(network=tiny(), rng=RNG(0), samples=2) | pictures(),
    ),
    "matching.match_template": (
        matching.match_template,
        SEARCH | dict(workers=1),
    ),
    "matching.find_template": (
        matching.find_template,
        SEARCH | PEAKS | dict(workers=1),
    ),
    "matching.find_peaks": (
        matching.find_peaks,
        dict(scores=ones(4, 5), size=(2, 3)) | PEAKS,
    ),
}
