"""What does not fit is refused, in words, by every function that computes.

Three tables: `JUNK`, what fits nowhere, is put into every argument in turn;
`SLIPS` are what students do, with the words they are told; `NANS` are the
answers where a value is no number.  The tests of each module have further
errors of its own.
"""

import inspect
import math
import re
import traceback
import warnings
from pathlib import Path

import numpy as np
import pytest
from subjects import (
    MODULES,
    SUBJECTS,
    conv,
    fused_conv,
    linear,
    ones,
    tiny,
)

import helpers
from helpers import data, files, layers, networks, training

FOLDER = str(Path(helpers.__file__).parent)

# What is public and has no row, and why.
ELSEWHERE = {
    "layers.Layer": "what all layers share; its subclasses have rows",
    "layers.Layer.forward": "of the subclasses",
    "layers.Layer.backward": "of the subclasses",
    "layers.Layer.parameter_count": "takes nothing",
    "layers.Conv2d.parameter_count": "takes nothing",
    "layers.ReLU": "takes nothing",
    "layers.Tanh": "takes nothing",
    "layers.Flatten": "takes nothing",
    "layers.CrossEntropy": "takes nothing",
    "networks.Sequential.parameter_count": "takes nothing",
    "networks.Sequential.save": "test_a_path_is_a_name",
    "networks.Sequential.load": "test_a_path_is_a_name",
    "data.Digits": "a record",
    "checks.check_channels": "takes what is checked",
    "checks.is_pair": "asks, refuses nothing",
    "shapes.Window.count": "conv_output_size",
    "shapes.Window.places": "inside",
    "shapes.Window.transposed_size": "conv_transpose_output_size",
    "shapes.PoolWindow.count": "pool_output_size",
    "shapes.PoolWindow.cover": "inside",
    "shapes.PoolWindow.divisors": "inside",
    "im2col.columns_of": "inside",
    "im2col.patches": "inside",
    "im2col.add_back": "inside",
    "im2col.enlarge": "inside",
    "convolution.pool_views": "inside",
    "convolution.lowest": "inside",
    "data.load_picture": "reads files: test_a_path_is_a_name",
    "convolution.pool_means": "inside",
    "checks.sum_dtype": "inside",
    "matching.Match": "a record",
    "training.Diverged": "test_diverging_training_names_the_step",
    "training.Recipe.rate": "inside",
    "training.minibatches": "inside",
    "training.SGD.step": "test_training",
    "training.run_seeds": "calls what it is given: test_training",
}

JUNK = {
    "None": None,
    "string": "3",
    "half": 1.5,
    "nan": math.nan,
    "minus one": -1,
    "True": True,
    "(3,)": (3,),
    "triple": (1, 2, 3),
    "dict": {"a": 1},
    "object": object(),
    "complex": 1j,
    "ragged": [[1, 2], [3]],
    "empty": [],
    "strings": np.array([["a", "b"]]),
    "nan array": np.array([[math.nan]]),
    "masked": np.ma.masked_array([[1.0, 2.0]], [[True, False]]),
}
NUMBERS = {"half", "nan", "minus one", "True"}
ARRAYS = NUMBERS | {"(3,)", "triple", "empty", "nan array"}
LISTS = {"masked", "(3,)", "triple", "ragged", "strings", "nan array"}
# Which of the junk is none, by argument, or by function and argument.
FITS = {
    "bias": {"None", "True"},
    "ceil_mode": {"True"},
    "connections": {"None"},
    "count_include_pad": {"True"},
    "download": {"True"},
    "dtype": {"None"},  # float64, as in NumPy
    "fill": NUMBERS,
    "gain": {"half"},
    "gradient": {"half", "minus one"},
    "image": {"nan array"},
    "input_gradient": {"True"},
    "k": {"(3,)", "triple"},
    "kernel": {"nan array"},
    "labels": {"triple"},
    "layers": {"empty"},
    "min_score": {"half", "minus one"},
    "peak_rate": {"half"},
    "pen": {"half"},
    "progress": {"True"},
    "root": {"None", "string"},
    "stride": {"None"},  # of pooling
    "strokes": {"empty"},
    "weight": {"nan array"},
    "weight_decay": {"half"},
    "x": {"(3,)", "triple", "nan array"},
    "checks.as_path value": {"string"},
    "layers.ReLU.forward x": ARRAYS,
    "layers.Tanh.forward x": ARRAYS,
    "checks.as_numbers x": ARRAYS,
    "checks.as_flag value": {"True"},
    "checks.as_real value": {"half"},
    "checks.as_list value": LISTS,
    "checks.check_titles titles": LISTS,
    "checks.as_items value": {"dict"},
}

# What a message may say in place of the argument's name.
INSTEAD = {
    "training.evaluate images": "labels",
    "training.fit images": "labels",
    "training.gradient_check images": "labels",
    "training.mistakes images": "labels",
    "training.predict images": "x",
    "training.probabilities images": "x",
    "layers.CrossEntropy.forward logits": "labels must be 1 whole",
}


def public():
    """Yield the name of each public function, class and method."""
    for module in MODULES:
        short = module.__name__.removeprefix("helpers.")
        for name, thing in vars(module).items():
            here = getattr(thing, "__module__", None) == module.__name__
            if not here or name.startswith("_") or not callable(thing):
                continue
            yield f"{short}.{name}"
            if inspect.isclass(thing):
                for method, value in vars(thing).items():
                    if inspect.isfunction(value) and method[0] != "_":
                        yield f"{short}.{name}.{method}"


def told(function, arguments):
    """Return the error that a call raises, None without one.

    It must come from the helpers, not from deep inside another package.
    """
    try:
        function(**arguments)
    except (TypeError, ValueError) as error:
        frames = traceback.extract_tb(error.__traceback__)
        assert frames[-1].filename.startswith(FOLDER), frames[-1]
        return error
    return None


def test_every_public_function_has_a_row():
    names = set(public())
    assert len(names) > 100
    assert names - set(SUBJECTS) - set(ELSEWHERE) == set()
    assert set(SUBJECTS) | set(ELSEWHERE) <= names
    assert set(SUBJECTS).isdisjoint(ELSEWHERE)


@pytest.mark.parametrize("subject", SUBJECTS)
def test_junk_is_refused_by_the_argument_s_name(subject):
    function, good = SUBJECTS[subject]
    function(**good)
    for name in good:
        fits = FITS.get(f"{subject} {name}", FITS.get(name, set()))
        for kind, junk in JUNK.items():
            error = told(function, good | {name: junk})
            if error is None:
                assert kind in fits, (name, kind)
            else:
                instead = INSTEAD.get(f"{subject} {name}", name)
                words = rf"\b({name}|{instead})\b"
                assert re.search(words, str(error)), (name, kind, error)


@pytest.mark.parametrize("subject", SUBJECTS)
def test_what_fits_is_taken_where_numpy_raises_and_warnings_are_errors(
    subject,
):
    function, good = SUBJECTS[subject]
    with np.errstate(all="raise"), warnings.catch_warnings():
        warnings.simplefilter("error")
        function(**good)


@pytest.mark.parametrize("subject", SUBJECTS)
def test_every_argument_has_a_row(subject):
    function, good = SUBJECTS[subject]
    if inspect.isclass(function) or function.__name__ != "<lambda>":
        names = set(inspect.signature(function).parameters)
        optional = {"test_images", "test_labels"}
        assert names - {"options"} - optional <= set(good)


# --- What students do --------------------------------------------------------

PHOTO = ones(2, 5, 6, 4)  # channels last
DENSE = dict(weight=ones(6, 4, 3, 3), groups=1)
UNSCALED = ones(2, 1, 2, 2, dtype=np.uint8)

SLIPS = [
    # shapes
    ("shapes.conv_output_size", dict(kernel_size=11), "spans 11 px, .* 9"),
    ("shapes.conv_output_size", dict(stride=0), "stride .* least 1, not 0"),
    ("shapes.conv_output_size", dict(size=28.0), "size .* whole .* 28.0"),
    ("shapes.conv_output_size", dict(size=np.ones((9, 9))), "size must be"),
    ("shapes.pool_output_size", dict(ceil_mode="no"), "True or False.*'no'"),
    (
        "shapes.pool_output_size",
        dict(size=4, kernel_size=7, padding=1),
        "spans 7 px, padded input has 6",
    ),
    ("shapes.receptive_field", dict(layers=(5, 1)), "layers: a layer is"),
    ("shapes.receptive_field", dict(layers=5), "layers must be a list"),
    ("shapes.conv_parameters", dict(bias=1), "bias .* True or False, not 1"),
    ("checks.check_groups", dict(in_channels=0), "in_channels .* not 0"),
    # A picture where a batch is meant, or the other way round
    ("im2col.im2col", dict(x=ones(5, 6)), r"x must have axes .*\(5, 6\)"),
    ("im2col.im2col", dict(x=ones(3, 5, 6)), r"batch axis, x\[None\]"),
    ("convolution.convolve2d", dict(image=ones(1, 1, 5, 6)), r"\(H, W\), n"),
    ("convolution.convolve1d", dict(x=ones(5, 1)), r"x .* \(T\), .* \(5, 1"),
    ("convolution.conv2d", dict(x=PHOTO, **DENSE), "second, not last"),
    ("convolution.conv2d", dict(weight=ones(3, 3)), r"weight .* \(3, 3\)"),
    ("convolution.conv2d", dict(weight=ones(0, 2, 3, 3)), "out_channels .* 0"),
    ("convolution.conv2d", dict(x=ones(2, 0, 6, 5)), "in_channels .* not 0"),
    ("convolution.conv2d", dict(weight=ones(6, 2, 7, 3)), "7 px, .* has 6"),
    ("convolution.conv2d", dict(bias=0), r"bias must have axes .*shape \(\)"),
    ("convolution.conv2d", dict(padding="Same"), "padding .* not 'Same'"),
    (
        "convolution.conv_transpose2d",
        dict(weight=ones(4, 0, 3, 3)),
        "out_channels must be at least 1",
    ),
    ("convolution.max_pool2d", dict(kernel_size=(3,)), r"kernel_size .*\(3,"),
    ("convolution.max_pool2d", dict(dilation=True), "dilation .* not True"),
    ("convolution.avg_pool2d", dict(padding=2), "at most half .* not 2"),
    ("convolution.convolution_matrix", dict(size=(1, 2)), "spans 2 px, .* 1"),
    ("convolution.convolution_matrix", dict(weight=[[1], [1, 2]]), "rows"),
    # layers
    ("layers.Conv2d", dict(kernel_size=(3,)), r"kernel_size .*pair.*\(3,\)"),
    ("layers.Conv2d", dict(rng=0), r"rng .*np.random.default_rng\(seed\), n"),
    ("layers.Conv2d", dict(dtype=int), "dtype must be a float type.*int"),
    ("layers.Conv2d", dict(connections=[["a"]]), "connections .* numbers"),
    ("layers.Conv2d.forward", dict(x=ones(1, 5, 6, 2)), "second, not last"),
    ("layers.Conv2d.forward", dict(x=ones(2, 5, 6)), r"x\[None\]"),
    ("layers.Conv2d.forward", dict(x=ones(1, 2, 2, 6)), "spans 3 px, .* 2"),
    ("layers.Conv2d.backward", dict(gradient=ones(3, 3, 4)), "1, 3, 3, 4"),
    (
        "layers.Conv2d.backward",
        dict(gradient=ones(1, 3, 5, 6)),
        r"\(1, 3, 5, 6\)",
    ),
    ("layers.MaxPool2d", dict(kernel_size=2, padding=-1), "padding .* not -1"),
    ("layers.MaxPool2d.backward", dict(gradient=1.0), r"gradient .*2, 3\), n"),
    ("layers.AvgPool2d.backward", dict(gradient=ones(1, 1, 1, 1)), "1, 1, 1"),
    ("layers.ReLU.forward", dict(x="x"), "x must hold real numbers"),
    ("layers.Flatten.forward", dict(x=ones(3)), r"x must have axes \(N, ..."),
    ("layers.Linear", dict(gain=-1), "gain must be from 0"),
    ("layers.Linear.forward", dict(x=ones(2, 1, 2, 2)), r"\(N, features\)"),
    ("layers.Linear.backward", dict(gradient=ones(3)), r"\(2, 3\), not \(3,"),
    (
        "layers.CrossEntropy.forward",
        dict(labels=np.eye(4)[:3]),
        r"labels .* \(3, 4\): of one-hot rows take labels.argmax\(axis=1\)",
    ),
    (
        "layers.CrossEntropy.forward",
        dict(labels=[0.0, 1.0, 3.0]),
        "labels must be 3 whole numbers, not float64",
    ),
    (
        "layers.CrossEntropy.forward",
        dict(labels=[1, 2, 4]),
        r"labels .* 0\.\.",
    ),
    # networks
    ("networks.Sequential", dict(layers=[layers.ReLU]), r"ReLU\(\).*class"),
    ("networks.Sequential", dict(layers=layers.ReLU()), "layers must be a l"),
    ("networks.Sequential.forward", dict(x=UNSCALED), "helpers.data.scale"),
    ("networks.Sequential.forward", dict(x=ones(2, 1, 3, 3)), "4 features, n"),
    ("networks.Sequential.backward", dict(gradient=ones(3)), "gradient must"),
    ("networks.LeNet5", dict(rng=3), "rng must be a random generator"),
    ("networks.LeNet5", dict(dtype="int32"), "dtype must be .* 'int32'"),
    # data
    ("data.scale", dict(images=ones(2, 2)), "images .* scaled already"),
    ("data.load_mnist", dict(which="test"), 'which must be "subset"'),
    ("data.load_mnist", dict(which=ones(2)), 'which must be "subset"'),
    ("data.load_mnist", dict(root=3), "root must be the name of a f.* not 3"),
    ("data.draw_strokes", dict(strokes=[(1, 2)]), r"stroke .*\(K, 2\)"),
    ("data.draw_strokes", dict(strokes=[[(1, 2), 3]]), "strokes .* regular"),
    ("data.mnist_style", dict(picture=ones(9, 9)), "picture must be uint8"),
    # fused and training
    ("fused.ConvPool2d", dict(conv=layers.ReLU()), "conv must be a Conv2d"),
    ("fused.ConvPool2d.backward", dict(gradient=ones(3, 2, 3)), "gradient mu"),
    ("fused.fuse", dict(network=[layers.ReLU()]), "network must be a netw"),
    ("training.Recipe", dict(peak_rate="0.1"), "peak_rate must be a real"),
    ("training.fit", dict(labels=np.eye(5)), "one label for each image"),
    ("training.fit", dict(labels=ones(5)), "labels .* whole numbers, not flo"),
    ("training.fit", dict(labels=[0, 1, 2, 3, 4]), r"labels .* 0\.\.2, not"),
    ("training.fit", dict(network=networks.LeNet5), "network must be a netwo"),
    ("training.fit", dict(recipe=5), r"recipe must be a Recipe\(...\), not 5"),
    ("training.fit", dict(rng=5), "rng must be a random generator"),
    ("training.predict", dict(images=ones(5, 1, 2, 2, dtype=int)), "data.sca"),
    ("training.predict", dict(network=networks.LeNet5), "network must be a n"),
    *[
        (f"training.{name}", dict(images=255 * ones(5, 1, 2, 2)), "reach 255")
        for name in ("fit", "predict", "probabilities", "evaluate", "mistakes")
    ],
    ("training.fit", dict(images=-101 * ones(5, 1, 2, 2)), "images must be s"),
    ("training.evaluate", dict(labels=ones(5)), "labels .* not float64"),
    ("training.fit", dict(test_images=ones(5, 1, 2, 2)), "test_labels go tog"),
    ("training.fit", dict(test_labels=[0]), "test_images and test_labels go"),
    ("training.fit", dict(images=math.nan * ones(5, 1, 2)), "images .* finit"),
    ("training.fit", dict(images=math.inf * ones(5, 1, 2)), "images .* finit"),
    (
        "training.fit",
        dict(test_images=math.nan * ones(5, 1, 2, 2), test_labels=[0] * 5),
        "test_images must hold finite numbers, not nan",
    ),
    # lists and dicts
    ("checks.as_list", dict(value=[]), r"at least one entry, as \[1\], not"),
    ("checks.as_items", dict(value=[1]), r"a dict with at least one .* \[1\]"),
    (
        "checks.check_titles",
        dict(titles="ab"),
        "titles must be a list .* 'ab'",
    ),
    (
        "networks.check_network",
        dict(network=networks.LeNet5),
        r"LeNet5\(rng\)",
    ),
    # matching
    ("matching.find_template", dict(overlap="0.3"), "overlap .* real number"),
    ("matching.find_template", dict(min_score=math.nan), "min_score"),
    ("matching.find_template", dict(template=ones(2, 3)), "template is flat"),
    ("matching.find_template", dict(template=ones(6, 3)), "6 x 3 px must fit"),
    ("matching.match_template", dict(image=ones(5, 6, 4)), "alpha channel"),
    ("matching.find_peaks", dict(size=(2, 3, 1)), r"size .* \(2, 3, 1\)"),
]


@pytest.mark.parametrize(("subject", "changes", "message"), SLIPS)
def test_a_slip_is_told_what_would_fit(subject, changes, message):
    function, good = SUBJECTS[subject]
    error = told(function, good | changes)
    assert error is not None
    assert re.search(message, str(error)), error


LAYERS = {
    "Conv2d": conv,
    "MaxPool2d": lambda: layers.MaxPool2d(2),
    "AvgPool2d": lambda: layers.AvgPool2d(2),
    "ReLU": layers.ReLU,
    "Tanh": layers.Tanh,
    "ChannelScale": lambda: layers.ChannelScale(4),
    "Flatten": layers.Flatten,
    "Linear": linear,
    "ConvPool2d": fused_conv,
    "network": tiny,
    "CrossEntropy": layers.CrossEntropy,
}


@pytest.mark.parametrize("name", LAYERS)
def test_backward_before_forward_is_told_the_order(name):
    gradient = 1.0 if name == "CrossEntropy" else ones(2, 3)
    with pytest.raises(RuntimeError, match="call forward before backward"):
        LAYERS[name]().backward(gradient)


def test_a_step_before_backward_is_told_the_order():
    with pytest.raises(RuntimeError, match="call backward before step"):
        training.SGD(tiny()).step(0.1)
    with pytest.raises(TypeError, match="rate must be a real number"):
        training.SGD(tiny()).step("0.1")


def test_a_layer_without_weights_says_so():
    for name in ("weight", "bias"):
        with pytest.raises(AttributeError, match=rf"ReLU\(\) has no {name}"):
            getattr(layers.ReLU(), name)
    assert not hasattr(layers.Flatten(), "weight")


@pytest.mark.parametrize("path", [None, 3, True, b"a.npz", ["a.npz"]])
def test_a_path_is_a_name(path):
    """A whole number would be an open file: 1 is what is printed to."""
    for method in (
        tiny().save,
        tiny().load,
        data.load_picture,
        lambda path: files.write_whole(path).__enter__(),
    ):
        with pytest.raises(TypeError, match="path must be the name of a file"):
            method(path)
    if path is not None:
        with pytest.raises(TypeError, match="root must be the name of a file"):
            data.load_mnist("full", path)


# --- Not a number ------------------------------------------------------------


def spoiled(x, place):
    x = np.array(x)
    x[place] = math.nan
    return x


IMAGE = spoiled(ones(1, 1, 5, 6), (0, 0, 1, 4))
TWO = spoiled(ones(2, 1, 2, 2), (0, 0, 0, 0))

# Where the answer to one NaN is NaN: nowhere else.
NANS = [
    ("convolution.convolve1d", dict(x=spoiled(ones(5), 1)), [1, 2, 3]),
    ("convolution.convolve1d", dict(k=spoiled(ones(3), 0)), [0, 1, 2, 3, 4]),
    ("convolution.convolve1d", dict(k=spoiled(ones(3), 2)), [2, 3, 4, 5, 6]),
    ("convolution.cross_correlate1d", dict(x=spoiled(ones(5), 0)), [0, 1, 2]),
    (
        "convolution.convolve2d",
        dict(image=IMAGE[0, 0], mode="valid"),
        [3, 4, 8, 9],
    ),
    (
        "convolution.conv2d",
        dict(x=IMAGE, weight=ones(1, 1, 4, 4), bias=None, groups=1),
        [1, 2, 4, 5],
    ),
    ("convolution.max_pool2d", dict(x=IMAGE, stride=3, padding=0), [1]),
    ("convolution.avg_pool2d", dict(x=IMAGE, stride=3, padding=0), [1]),
    ("layers.MaxPool2d.forward", dict(x=IMAGE), [2]),
    ("layers.AvgPool2d.forward", dict(x=IMAGE), [2]),
    ("layers.ReLU.forward", dict(x=IMAGE), [10]),
    ("layers.Tanh.forward", dict(x=IMAGE), [10]),
    ("layers.ReLU.backward", dict(gradient=spoiled(ones(2, 3), (1, 1))), [4]),
    ("networks.Sequential.forward", dict(x=TWO), [0, 1, 2]),
    (
        "layers.CrossEntropy.forward",
        dict(logits=spoiled(ones(3, 4), (0, 0))),
        [0],
    ),
]
# Where it would hide everything else, it is refused.
NO_NANS = [
    ("matching.match_template", dict(image=IMAGE[0, 0])),
    ("matching.match_template", dict(template=spoiled(ones(2, 3), (0, 0)))),
    ("matching.find_template", dict(image=IMAGE[0, 0] * math.inf)),
    ("matching.find_peaks", dict(scores=IMAGE[0, 0])),
]


@pytest.mark.parametrize(("subject", "changes", "places"), NANS)
def test_not_a_number_spoils_what_it_meets_and_no_more(
    subject, changes, places
):
    function, good = SUBJECTS[subject]
    answer = np.asarray(function(**good | changes))
    assert np.flatnonzero(np.isnan(answer)).tolist() == places


@pytest.mark.parametrize(("subject", "changes"), NO_NANS)
def test_not_a_number_is_refused_in_a_search(subject, changes):
    function, good = SUBJECTS[subject]
    (name,) = changes
    error = told(function, good | changes)
    assert re.search(rf"{name} must hold finite numbers", str(error))
