"""Training: the optimizer is torch's, the bookkeeping exact, runs repeat."""

import functools
import json
import math
import os
from dataclasses import FrozenInstanceError, asdict
from types import SimpleNamespace

import joblib
import numpy as np
import pytest

from helpers import training
from helpers.data import FOLDER, Digits, load_mnist, scale
from helpers.layers import Conv2d, Flatten, Linear, MaxPool2d, ReLU
from helpers.networks import LeNet5, LeNet1989, Sequential
from helpers.training import (
    SGD,
    Recipe,
    evaluate,
    fit,
    gradient_check,
    hold_out,
    main,
    minibatches,
    mistakes,
    predict,
    record,
    run_seeds,
    train_lenet5,
)


@pytest.fixture(scope="module")
def digits():
    return load_mnist("subset")


@pytest.fixture(scope="module")
def part(digits):
    """Return 150 digits to train and 50 to test."""
    images, labels = digits.train_images, digits.train_labels
    return Digits(images[:150], labels[:150], images[150:200], labels[150:200])


QUICK = Recipe(epochs=2, batch_size=50)
WILD = Recipe(epochs=2, batch_size=50, peak_rate=1e6)


# --- The recipe --------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value", "limits"),
    [
        ("epochs", 0, "at least 1"),
        ("batch_size", 0, "at least 1"),
        ("batch_size", -64, "at least 1"),
        ("peak_rate", 0.0, "above 0"),
        ("peak_rate", -0.1, "above 0"),
        ("peak_rate", math.inf, "above 0"),
        ("peak_rate", math.nan, "above 0"),
        ("warmup", -0.1, "from 0 to 1"),
        ("warmup", 1.1, "from 0 to 1"),
        ("momentum", -0.1, "from 0 to below 1"),
        ("momentum", 1.0, "from 0 to below 1"),
        ("weight_decay", -1e-3, "at least 0"),
        ("weight_decay", math.nan, "at least 0"),
    ],
)
def test_recipe_refuses_what_cannot_train(name, value, limits):
    with pytest.raises(ValueError, match=f"{name} must be {limits}") as error:
        Recipe(**{name: value})
    assert str(value) in str(error.value)


@pytest.mark.parametrize("name", ["epochs", "batch_size"])
@pytest.mark.parametrize("value", [1.5, "2", True, None])
def test_recipe_counts_in_whole_numbers(name, value):
    with pytest.raises(TypeError, match=f"{name} must be a whole number"):
        Recipe(**{name: value})


def test_recipe_takes_the_limits_themselves():
    Recipe(epochs=1, batch_size=1, warmup=0, momentum=0, weight_decay=0)
    Recipe(warmup=1)


def test_the_recipe_by_default_is_the_recorded_one():
    facts = json.loads((FOLDER / "lenet5_full.json").read_text())
    assert asdict(Recipe()) == facts["recipe"]


def test_a_recipe_does_not_change():
    with pytest.raises(FrozenInstanceError):
        Recipe().epochs = 6


@pytest.mark.parametrize("steps", [10, 63, 630, 4690])
@pytest.mark.parametrize("warmup", [0.05, 0.2, 0.5])
def test_rate_rises_in_a_line_and_falls_in_a_cosine(steps, warmup):
    recipe = Recipe(peak_rate=0.3, warmup=warmup)
    rates = np.array([recipe.rate(step, steps) for step in range(steps)])
    rising = max(1, round(warmup * steps))
    assert rates[rising - 1] == rates.max() == 0.3
    np.testing.assert_allclose(
        rates[:rising], 0.3 * np.arange(1, rising + 1) / rising
    )
    assert (np.diff(rates[rising:]) < 0).all()
    angle = np.linspace(0, np.pi, steps - rising, endpoint=False)
    np.testing.assert_allclose(rates[rising:], 0.15 * (1 + np.cos(angle)))
    assert 0 < rates[-1] <= 0.3 * (np.pi / 2 / (steps - rising)) ** 2


def test_rate_of_a_single_step_is_the_peak():
    assert Recipe(peak_rate=0.3).rate(0, 1) == 0.3


def test_rate_without_warmup_begins_at_the_peak():
    recipe = Recipe(peak_rate=0.3, warmup=0)
    rates = [recipe.rate(step, 20) for step in range(20)]
    assert rates[0] == 0.3
    assert rates == sorted(rates, reverse=True)


def test_rate_that_only_warms_up_ends_at_the_peak():
    recipe = Recipe(peak_rate=0.3, warmup=1)
    rates = [recipe.rate(step, 20) for step in range(20)]
    np.testing.assert_allclose(rates, 0.3 * np.arange(1, 21) / 20)


# --- SGD ---------------------------------------------------------------------


@pytest.mark.parametrize("momentum", [0.0, 0.9])
@pytest.mark.parametrize("weight_decay", [0.0, 0.01])
def test_sgd_takes_the_steps_of_torch(momentum, weight_decay):
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(0)
    ours = {"a": rng.normal(size=(3, 4)), "b": rng.normal(size=5)}
    theirs = [torch.tensor(p, requires_grad=True) for p in ours.values()]
    network = SimpleNamespace(parameters=ours, gradients={})
    sgd = SGD(network, momentum, weight_decay)
    reference = torch.optim.SGD(
        theirs, lr=1, momentum=momentum, weight_decay=weight_decay
    )
    for rate in [0.1, 0.2, 0.05, 0.01, 0.3]:
        for (name, parameter), tensor in zip(ours.items(), theirs):
            gradient = rng.normal(size=parameter.shape)
            network.gradients[name] = gradient
            tensor.grad = torch.tensor(gradient)
        sgd.step(rate)
        reference.param_groups[0]["lr"] = rate
        reference.step()
        for parameter, tensor in zip(ours.values(), theirs):
            np.testing.assert_allclose(
                parameter, tensor.detach().numpy(), rtol=1e-13, atol=1e-15
            )


def test_sgd_changes_float32_parameters_in_place():
    network = LeNet5(np.random.default_rng(0))
    before = network.parameters
    network.backward(network.forward(np.ones((2, 1, 28, 28), np.float32)))
    sgd = SGD(network, weight_decay=0.1)
    sgd.step(0.01)
    for name, parameter in network.parameters.items():
        assert parameter is before[name]
        assert parameter.dtype == sgd.velocity[name].dtype == np.float32


# --- Minibatches -------------------------------------------------------------


@pytest.mark.parametrize(
    ("size", "batch_size", "lengths"),
    [(10, 5, [5, 5]), (10, 4, [4, 4, 2]), (3, 64, [3]), (2, 1, [1, 1])],
)
def test_minibatches_visit_every_index_once(size, batch_size, lengths):
    batches = list(minibatches(size, batch_size, np.random.default_rng(0)))
    assert [len(batch) for batch in batches] == lengths
    assert sorted(np.concatenate(batches).tolist()) == list(range(size))


def test_minibatches_come_in_another_order_each_time():
    rng = np.random.default_rng(0)
    first, second = (
        np.concatenate(list(minibatches(100, 10, rng))) for _ in range(2)
    )
    assert (first != np.arange(100)).any()
    assert (first != second).any()
    again = minibatches(100, 10, np.random.default_rng(0))
    np.testing.assert_array_equal(np.concatenate(list(again)), first)


@pytest.mark.parametrize(("size", "batch_size"), [(0, 5), (5, 0), (5, -1)])
def test_minibatches_refuse_empty_batches(size, batch_size):
    with pytest.raises(ValueError, match="size must be at least 1"):
        list(minibatches(size, batch_size, np.random.default_rng(0)))


# --- Fit ---------------------------------------------------------------------


def toy(count=90, seed=0):
    """Return pictures of 6x6 with a bright half, and which half it is."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(4, size=count)
    images = rng.integers(100, size=(count, 1, 6, 6), dtype=np.uint8)
    halves = [np.s_[:3], np.s_[3:], np.s_[:, :3], np.s_[:, 3:]]
    for image, label in zip(images, labels):
        image[0][halves[label]] += 120
    return images, labels


def toy_network(seed=0, dtype=np.float32):
    drawn = dict(rng=np.random.default_rng(seed), dtype=dtype)
    return Sequential(
        [
            Conv2d(1, 4, 3, **drawn),
            ReLU(),
            MaxPool2d(2),
            Flatten(),
            Linear(16, 4, gain=0.01, **drawn),
        ]
    )


def train_toy(images, labels, *test, seed=0, recipe=QUICK, progress=False):
    network = toy_network()
    history = fit(
        network,
        images,
        labels,
        *test,
        rng=np.random.default_rng(seed),
        recipe=recipe,
        progress=progress,
    )
    return network, history


def check_same_parameters(network, other):
    for name, parameter in network.parameters.items():
        np.testing.assert_array_equal(parameter, other.parameters[name])


def test_fit_learns_a_task_that_can_be_learned():
    recipe = Recipe(epochs=20, batch_size=16)
    network, history = train_toy(*toy(), *toy(40, seed=1), recipe=recipe)
    assert history["test_accuracy"][-1] == 1.0
    assert history["train_accuracy"][-1] == 1.0
    assert history["loss"][0] == pytest.approx(math.log(4), rel=0.1)
    assert np.mean(history["loss"][-5:]) < 0.05
    assert evaluate(network, *toy(40, seed=2)) == 1.0


def test_fit_records_a_loss_each_step_and_accuracies_each_epoch():
    recipe = Recipe(epochs=3, batch_size=40)
    _, history = train_toy(*toy(90), *toy(20), recipe=recipe)
    assert len(history["loss"]) == 3 * 3
    assert len(history["train_accuracy"]) == 3
    assert len(history["test_accuracy"]) == 3
    _, history = train_toy(*toy(90), recipe=recipe)
    assert history["test_accuracy"] == []


def test_fit_counts_the_accuracy_while_it_trains(monkeypatch):
    """Without steps, the count is the accuracy, short batch included."""
    monkeypatch.setattr(SGD, "step", lambda self, rate: None)
    images, labels = toy(90)
    recipe = Recipe(epochs=2, batch_size=64)
    network, history = train_toy(images, labels, recipe=recipe)
    accuracy = evaluate(network, images, labels)
    assert history["train_accuracy"] == [accuracy, accuracy]
    assert accuracy not in (0, 1)


def test_fit_steps_at_the_rates_of_the_recipe(monkeypatch):
    rates = []
    monkeypatch.setattr(SGD, "step", lambda self, rate: rates.append(rate))
    recipe = Recipe(epochs=2, batch_size=30, peak_rate=0.2)
    train_toy(*toy(90), recipe=recipe)
    assert rates == [recipe.rate(step, 6) for step in range(6)]


def test_fit_passes_momentum_and_decay_on(monkeypatch):
    made = []

    class Spy(SGD):
        def __init__(self, *arguments):
            super().__init__(*arguments)
            made.append((self.momentum, self.weight_decay))

    monkeypatch.setattr(training, "SGD", Spy)
    train_toy(*toy(), recipe=Recipe(epochs=1, momentum=0.5, weight_decay=0.25))
    assert made == [(0.5, 0.25)]


def test_fit_is_the_loop_that_torch_would_run():
    torch = pytest.importorskip("torch")
    images, labels = toy(50)
    recipe = Recipe(epochs=3, batch_size=20)
    x, network = scale(images).astype(np.float64), toy_network(0, np.float64)
    tensors = {
        name: torch.tensor(parameter, requires_grad=True)
        for name, parameter in network.parameters.items()
    }
    weight, bias, dense, offset = tensors.values()
    sgd = torch.optim.SGD(
        tensors.values(), 1, recipe.momentum, weight_decay=recipe.weight_decay
    )
    losses, rng = [], np.random.default_rng(7)
    for step in range(9):
        if step % 3 == 0:
            order = rng.permutation(50)
        batch = order[step % 3 * 20 :][:20]
        h = torch.nn.functional.conv2d(torch.tensor(x[batch]), weight, bias)
        h = torch.nn.functional.max_pool2d(h.relu(), 2).flatten(1)
        h = torch.nn.functional.linear(h, dense, offset)
        loss = torch.nn.functional.cross_entropy(
            h, torch.tensor(labels[batch])
        )
        sgd.zero_grad()
        loss.backward()
        sgd.param_groups[0]["lr"] = recipe.rate(step, 9)
        sgd.step()
        losses.append(loss.item())
    history = fit(
        network,
        x,
        labels,
        rng=np.random.default_rng(7),
        recipe=recipe,
        progress=False,
    )
    np.testing.assert_allclose(history["loss"], losses, rtol=1e-10)
    for name, tensor in tensors.items():
        np.testing.assert_allclose(
            network.parameters[name], tensor.detach().numpy(), rtol=1e-9
        )


def test_fit_repeats_itself_from_the_same_seed():
    (first, one), (second, two) = train_toy(*toy()), train_toy(*toy())
    assert one == two
    check_same_parameters(first, second)
    _, other = train_toy(*toy(), seed=1)
    assert one["loss"] != other["loss"]


def test_uint8_and_scaled_pictures_train_the_same():
    images, labels = toy()
    network, history = train_toy(images, labels, images, labels)
    scaled = scale(images)
    other, again = train_toy(scaled, labels, scaled, labels)
    assert history == again
    check_same_parameters(network, other)


@pytest.mark.parametrize("prepare", [np.copy, scale])
def test_fit_leaves_its_input_alone(prepare):
    images, labels = toy()
    images = prepare(images)
    kept, kept_labels = images.copy(), labels.copy()
    train_toy(images, labels, images, labels)
    np.testing.assert_array_equal(images, kept)
    np.testing.assert_array_equal(labels, kept_labels)


@pytest.mark.parametrize("progress", [False, True])
def test_diverging_training_names_the_step(progress):
    recipe = Recipe(epochs=5, batch_size=30, peak_rate=1e30, warmup=0)
    with pytest.raises(FloatingPointError, match="lower peak_rate") as error:
        train_toy(*toy(90), recipe=recipe, progress=progress)
    assert "diverged in step 2 of 15" in str(error.value)


def test_last_step_can_diverge_too():
    images, labels = toy(30)
    recipe = Recipe(epochs=1, batch_size=30, peak_rate=1e300)
    with pytest.raises(FloatingPointError, match="step 1 of 1, at a loss of"):
        train_toy(images, labels, images, labels, recipe=recipe)


@pytest.mark.parametrize(
    ("images", "labels"), [(10, 9), (9, 10), (10, 0), (0, 0), (10, (10, 1))]
)
@pytest.mark.parametrize("place", ["train", "test"])
def test_fit_wants_one_label_for_each_image(images, labels, place):
    bad = np.zeros((images, 1, 6, 6), np.uint8), np.zeros(labels, int)
    arrays = [*toy(), *bad] if place == "test" else [*bad, *toy()]
    network = toy_network()
    with pytest.raises(ValueError, match="one label for each image"):
        fit(network, *arrays, rng=np.random.default_rng(0), progress=False)
    check_same_parameters(network, toy_network())


def test_fit_wants_labels_for_the_test_before_it_trains():
    network, (images, labels) = toy_network(), toy()
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="one label for each image"):
        fit(network, images, labels, images, rng=rng, progress=False)
    check_same_parameters(network, toy_network())


def test_progress_bar_shows_epoch_steps_and_loss(capsys):
    _, history = train_toy(*toy(90), progress=True)
    shown, on_stderr = capsys.readouterr()
    assert on_stderr == ""  # a notebook shows it as an error
    assert "epoch 1/2" in shown
    last = shown.split("\r")[-1]
    assert "epoch 2/2" in last
    assert "4/4" in last
    assert f"loss={history['loss'][-1]:.3f}" in last


def test_no_progress_bar_if_not_wanted(capsys):
    train_toy(*toy(), progress=False)
    assert "".join(capsys.readouterr()) == ""


# --- Evaluate ----------------------------------------------------------------


class Reader:
    """A network that reads the class off the brightest of ten pixels."""

    def __init__(self):
        self.batches = []

    def forward(self, x):
        assert x.dtype.kind == "f"
        self.batches.append(len(x))
        return x[:, 0, 0, :10]


def readable(answers):
    """Return uint8 pictures that `Reader` answers so."""
    images = np.zeros((len(answers), 1, 28, 28), np.uint8)
    images[np.arange(len(answers)), 0, 0, answers] = 255
    return images


@pytest.mark.parametrize("batch_size", [1, 3, 8, 10, 500])
@pytest.mark.parametrize("prepare", [np.copy, scale])
def test_accuracy_is_exact_for_every_batch_size(batch_size, prepare):
    """The two wrong answers are alone in the short last batch of 8 + 2."""
    answers = np.array([3, 1, 4, 1, 5, 9, 2, 6, 5, 3])
    labels = np.array([3, 1, 4, 1, 5, 9, 2, 6, 0, 0])
    reader = Reader()
    images = prepare(readable(answers))
    assert evaluate(reader, images, labels, batch_size) == 0.8
    assert sum(reader.batches) == 10
    assert max(reader.batches) == min(batch_size, 10)


def test_accuracy_is_a_python_float():
    assert type(evaluate(Reader(), readable([1]), np.array([1]))) is float


def test_predictions_do_not_depend_on_the_batch_size(digits):
    network, images = LeNet5(np.random.default_rng(0)), digits.test_images[:50]
    logits = predict(network, images)
    assert logits.shape == (50, 10)
    assert logits.dtype == np.float32
    for batch_size in (1, 7, 50):
        np.testing.assert_allclose(
            predict(network, images, batch_size), logits, rtol=0, atol=1e-5
        )


@pytest.mark.parametrize("labels", [[], [1], [1, 2, 3], [[1], [2]]])
@pytest.mark.parametrize("function", [evaluate, mistakes])
def test_one_label_for_each_image_is_wanted(function, labels):
    with pytest.raises(ValueError, match="one label for each image"):
        function(Reader(), readable([1, 2]), np.array(labels))


def test_nothing_to_predict_is_told():
    empty = readable(np.zeros(0, int))
    with pytest.raises(ValueError, match="no images to predict"):
        predict(Reader(), empty)
    with pytest.raises(ValueError, match="at least one image"):
        evaluate(Reader(), empty, np.zeros(0, int))


@pytest.mark.parametrize("batch_size", [0, -1])
def test_batch_size_must_be_positive(batch_size):
    with pytest.raises(ValueError, match="batch_size must be at least 1"):
        predict(Reader(), readable([1]), batch_size)


def test_mistakes_are_all_the_wrong_answers_surest_first():
    images = readable([3, 1, 4, 1, 5])
    images[[0, 2, 4], 0, 0, [3, 4, 5]] = [100, 255, 200]
    wrong = mistakes(Reader(), images, np.array([0, 1, 0, 1, 0]))
    np.testing.assert_array_equal(wrong["images"], images[[2, 4, 0]])
    assert wrong["labels"].tolist() == [0, 0, 0]
    assert wrong["probabilities"].argmax(axis=1).tolist() == [4, 5, 3]
    powers = np.exp(scale(images)[[2, 4, 0], 0, 0, :10].astype(float))
    np.testing.assert_allclose(
        wrong["probabilities"],
        powers / powers.sum(axis=1, keepdims=True),
        rtol=1e-5,
    )


def test_no_mistakes_are_no_rows():
    wrong = mistakes(Reader(), readable([3, 1]), np.array([3, 1]))
    shapes = {name: array.shape for name, array in wrong.items()}
    assert shapes == {
        "images": (0, 1, 28, 28),
        "labels": (0,),
        "probabilities": (0, 10),
    }


# --- Gradient check ----------------------------------------------------------


def exact(digits, seed=0, count=3):
    """Return a few digits and their labels, ready for a gradient check."""
    chosen = np.random.default_rng(seed).permutation(4000)[:count]
    images = scale(digits.train_images[chosen]).astype(np.float64)
    return images, digits.train_labels[chosen]


@pytest.mark.parametrize("kind", [LeNet5, LeNet1989])
@pytest.mark.parametrize("seed", range(3))
def test_gradients_of_the_networks_are_right(digits, kind, seed):
    network = kind(np.random.default_rng(seed), np.float64)
    rng = np.random.default_rng(seed)
    worst = gradient_check(network, *exact(digits, seed), rng, samples=5)
    assert sorted(worst) == sorted(network.parameters)
    assert max(worst.values()) < 1e-5
    assert min(worst.values()) > 0


def test_gradient_check_accepts_units_that_never_fire(digits):
    """Where the right gradient is 0, 0 is right."""
    network = LeNet5(np.random.default_rng(0), np.float64)
    network.layers[7].bias[...] = -1e3
    network.layers[9].bias[...] = 1
    rng = np.random.default_rng(0)
    worst = gradient_check(network, *exact(digits), rng, samples=3)
    assert worst["7.weight"] == worst["7.bias"] == 0
    assert max(worst.values()) < 1e-5


class TwiceTheWeight(Linear):
    def backward(self, gradient):
        result = super().backward(gradient)
        self.gradients["weight"] *= 2
        return result


class OtherSign(Conv2d):
    def backward(self, gradient):
        return -super().backward(gradient)


class NoBias(Linear):
    def backward(self, gradient):
        result = super().backward(gradient)
        self.gradients["bias"] = np.zeros_like(self.bias)
        return result


class HalfOfTheWeights(Conv2d):
    def backward(self, gradient):
        result = super().backward(gradient)
        self.gradients["weight"][::2] = 0
        return result


class FirstImageOnly(Conv2d):
    def backward(self, gradient):
        result = super().backward(gradient)
        self.gradients["bias"] = gradient[0].sum(axis=(1, 2))
        return result


class NotANumber(Linear):
    def backward(self, gradient):
        result = super().backward(gradient)
        self.gradients["weight"] = np.full_like(self.weight, np.nan)
        return result


class Unmasked(ReLU):
    def backward(self, gradient):
        return gradient


class FlippedKernel(Conv2d):
    def backward(self, gradient):
        self.weight[...] = self.weight[..., ::-1, ::-1].copy()
        result = super().backward(gradient)
        self.weight[...] = self.weight[..., ::-1, ::-1].copy()
        return result


@pytest.mark.parametrize(
    ("place", "kind", "wrong"),
    [
        (9, TwiceTheWeight, {"9.weight"}),
        (9, NoBias, {"9.bias"}),
        (9, NotANumber, {"9.weight"}),
        (3, HalfOfTheWeights, {"3.weight"}),
        (3, FirstImageOnly, {"3.bias"}),
        (3, OtherSign, {"0.weight", "0.bias"}),
        (3, FlippedKernel, {"0.weight", "0.bias"}),
        (4, Unmasked, {"0.weight", "0.bias", "3.weight", "3.bias"}),
    ],
)
def test_gradient_check_finds_a_wrong_backward(digits, place, kind, wrong):
    rng = np.random.default_rng(0)
    network = LeNet5(rng, np.float64)
    network.layers[place].__class__ = kind
    worst = gradient_check(network, *exact(digits), rng, samples=5)
    assert {name for name in worst if not worst[name] < 1e-3} == wrong


@pytest.mark.parametrize("kind", [LeNet5, LeNet1989])
def test_gradient_check_leaves_network_and_images_alone(digits, kind):
    network = kind(np.random.default_rng(0), np.float64)
    images, labels = exact(digits)
    kept = images.copy()
    rng = np.random.default_rng(0)
    gradient_check(network, images, labels, rng, samples=5)
    check_same_parameters(network, kind(np.random.default_rng(0), np.float64))
    np.testing.assert_array_equal(images, kept)


def test_gradient_check_refuses_float32(digits):
    rng = np.random.default_rng(0)
    images, labels = exact(digits)
    with pytest.raises(TypeError, match=r"0\.weight must be float64"):
        gradient_check(LeNet5(rng), images, labels, rng)
    network = LeNet5(rng, np.float64)
    with pytest.raises(TypeError, match="images must be float64"):
        gradient_check(network, images.astype(np.float32), labels, rng)
    with pytest.raises(ValueError, match="samples must be at least 1"):
        gradient_check(network, images, labels, rng, samples=0)


# --- Seeds -------------------------------------------------------------------


def without_weights(run):
    return {name: run[name] for name in run if name != "parameters"}


@pytest.fixture(scope="module")
def train_part(part):
    return functools.partial(train_lenet5, part, QUICK)


@pytest.fixture(scope="module")
def runs_in_order(train_part):
    return [without_weights(train_part(seed)) for seed in (3, 1, 2)]


def check_runs(runs, expected):
    for run, right in zip(runs, expected, strict=True):
        assert run["seed"] == right["seed"]
        for name in ("loss", "train_error", "test_error"):
            np.testing.assert_allclose(run[name], right[name], atol=1e-4)


def test_results_come_in_the_order_of_the_seeds():
    assert run_seeds(str, (seed for seed in (3, 1, 2))) == ["3", "1", "2"]
    assert run_seeds(str, []) == []


def test_two_processes_give_the_same_runs(train_part, runs_in_order):
    runs = run_seeds(train_part, [3, 1, 2], n_jobs=2)
    check_runs(runs, runs_in_order)
    processes = run_seeds(lambda seed: os.getpid(), [3, 1, 2], n_jobs=2)
    assert os.getpid() not in processes


def train_on_a_worker(digits, seed):
    import distributed

    distributed.get_worker()  # raises anywhere else
    return train_lenet5(digits, QUICK, seed)


def test_a_cluster_gives_the_same_runs(part, runs_in_order, tmp_path):
    distributed = pytest.importorskip("distributed")
    settings = dict(
        n_workers=1,
        threads_per_worker=2,
        processes=False,
        dashboard_address="127.0.0.1:0",
        local_directory=tmp_path,
    )
    train = functools.partial(train_on_a_worker, part)
    with (
        distributed.LocalCluster(**settings) as cluster,
        distributed.Client(cluster),
        joblib.parallel_config("dask"),
    ):
        runs = run_seeds(train, [3, 1, 2])
    check_runs(runs, runs_in_order)


# --- LeNet-5 -----------------------------------------------------------------


def test_training_lenet5_repeats_itself_from_its_seed(train_part):
    first, second, other = map(train_part, (0, 0, 1))
    assert without_weights(first) == without_weights(second)
    assert first["loss"][0] != other["loss"][0]
    for name, array in first["parameters"].items():
        np.testing.assert_array_equal(array, second["parameters"][name])


def test_run_reports_each_epoch(part, monkeypatch):
    history = {
        "loss": [3.0, 2.0, 1.0, 1.0, 0.5, 0.0],
        "train_accuracy": [0.5, 0.875],
        "test_accuracy": [0.25, 0.9983],
    }
    monkeypatch.setattr(training, "fit", lambda *a, **k: history)
    run = train_lenet5(part, QUICK, 4)
    assert without_weights(run) == {
        "seed": 4,
        "loss": [2.0, 0.5],
        "train_error": [50.0, 12.5],
        "test_error": [75.0, 0.17],
        "diverged": None,
    }


def test_diverging_seed_is_reported(part):
    run = train_lenet5(part, WILD, 0)
    assert "diverged in step" in run["diverged"]
    assert run["parameters"] is None
    assert run["test_error"] == []


def strict_json(text):
    def refuse(constant):
        raise AssertionError(f"{constant} is not JSON")

    return json.loads(text, parse_constant=refuse)


def test_one_diverging_seed_does_not_spoil_the_record(part, monkeypatch):
    def fit_or_fail(network, *arrays, **settings):
        calls.append(network)
        if len(calls) == 1:
            raise FloatingPointError("diverged")
        return fit(network, *arrays, **settings)

    calls = []
    monkeypatch.setattr(training, "fit", fit_or_fail)
    facts, weights = record("a part", part, QUICK, [5, 6, 7])
    facts = strict_json(json.dumps(facts))
    assert [run["seed"] for run in facts["runs"]] == facts["seeds"]
    assert facts["seeds"] == [5, 6, 7]
    assert facts["diverged"] == [5]
    assert facts["runs"][0]["diverged"] == "diverged"
    errors = [run["test_error"][-1] for run in facts["runs"][1:]]
    assert facts["mean_test_error"] == round(np.mean(errors), 4)
    assert facts["std_test_error"] == round(np.std(errors), 4)
    for name, parameter in calls[1].parameters.items():
        np.testing.assert_array_equal(weights[name], parameter)


def test_record_is_json_when_every_seed_diverges(part):
    facts, weights = record("a part", part, WILD, [0, 1])
    facts = strict_json(json.dumps(facts))
    assert facts["diverged"] == [0, 1]
    assert facts["mean_test_error"] is None
    assert weights is None


def test_record_says_what_was_run(part):
    facts, _ = record("a part", part, QUICK, range(2))
    assert facts["network"] == "LeNet5"
    assert facts["data"] == "a part"
    assert (facts["train_images"], facts["test_images"]) == (150, 50)
    assert Recipe(**facts["recipe"]) == QUICK
    assert facts["versions"]["numpy"] == np.__version__


# --- Held-out digits ---------------------------------------------------------


@pytest.mark.parametrize("count", [1, 500, 3999])
def test_held_out_digits_are_training_digits(digits, count):
    held = hold_out(digits, count)
    train = {image.tobytes() for image in held.train_images}
    test = {image.tobytes() for image in held.test_images}
    real = {image.tobytes() for image in digits.test_images}
    assert (len(train), len(test)) == (4000 - count, count)
    assert not train & test
    assert not (train | test) & real
    for new, old in [(0, 0), (1, 1)]:
        both = np.concatenate([held[new], held[new + 2]])
        np.testing.assert_array_equal(both, digits[old])


@pytest.mark.parametrize("count", [0, -5, 4000, 4001])
def test_hold_out_must_leave_some_and_take_some(digits, count):
    with pytest.raises(ValueError, match="hold-out must") as error:
        hold_out(digits, count)
    assert str(count) in str(error.value)


# --- The command line --------------------------------------------------------


def run_command(folder, settings):
    main([*settings.split(), "--output", str(folder)])


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """Run the command line once, on the subset, for one epoch."""
    folder = tmp_path_factory.mktemp("record")
    run_command(folder, "--data subset --seeds 1 --epochs 1")
    return folder


def test_command_line_writes_record_weights_and_mistakes(recorded):
    assert sorted(path.name for path in recorded.iterdir()) == [
        "lenet5_subset.json",
        "lenet5_subset.npz",
        "lenet5_subset_mistakes.npz",
    ]


def test_weights_have_the_test_error_of_the_record(recorded, digits):
    facts = strict_json((recorded / "lenet5_subset.json").read_text())
    network = LeNet5(np.random.default_rng(99))
    network.load(recorded / "lenet5_subset.npz")
    accuracy = evaluate(network, digits.test_images, digits.test_labels)
    assert facts["runs"][0]["test_error"] == [round(100 - 100 * accuracy, 3)]
    assert facts["mean_test_error"] == facts["runs"][0]["test_error"][0]
    assert 0 < facts["mean_test_error"] < 20
    assert facts["recipe"]["epochs"] == 1
    assert (facts["train_images"], facts["test_images"]) == (4000, 1000)
    with np.load(recorded / "lenet5_subset_mistakes.npz") as wrong:
        assert len(wrong["labels"]) == round(1000 * (1 - accuracy))


def test_command_line_holds_training_digits_out(tmp_path, digits, capsys):
    settings = "--seeds 1 --epochs 1 --batch-size 50 --hold-out 3800"
    run_command(tmp_path, settings)
    text = (tmp_path / "lenet5_subset_held_out.json").read_text()
    facts = strict_json(text)
    assert (facts["train_images"], facts["test_images"]) == (200, 3800)
    assert facts["recipe"]["batch_size"] == 50
    assert "lenet5_subset_held_out: test error" in capsys.readouterr().out


def test_command_line_records_that_every_seed_diverged(tmp_path, capsys):
    settings = "--seeds 2 --epochs 1 --peak-rate 1e6 --hold-out 3800"
    run_command(tmp_path, settings)
    names = [path.name for path in tmp_path.iterdir()]
    assert names == ["lenet5_subset_held_out.json"]
    facts = strict_json((tmp_path / names[0]).read_text())
    assert facts["diverged"] == [0, 1]
    assert "diverged: [0, 1]" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "advice"),
    [
        ("--seeds 0", "seeds must be at least 1, not 0"),
        ("--seeds -1", "seeds must be at least 1, not -1"),
        ("--epochs 0", "epochs must be at least 1, not 0"),
        ("--batch-size 0", "batch_size must be at least 1, not 0"),
        ("--peak-rate 0", "peak_rate must be above 0, not 0"),
        ("--warmup 2", "warmup must be from 0 to 1, not 2"),
        ("--momentum 1", "momentum must be from 0 to below 1, not 1"),
        ("--weight-decay -1", "weight_decay must be at least 0, not -1"),
        ("--hold-out -5", "hold-out must be at least 1, not -5"),
        ("--hold-out 4000", "hold-out must leave some of the 4000"),
        ("--output nowhere", "cannot write to nowhere: create the folder"),
        ("--output a_file", "cannot write to a_file: create the folder"),
        ("--data full --root nowhere", "could not be downloaded"),
        ("--data other", "invalid choice"),
        ("--epochs many", "invalid int value"),
    ],
)
def test_bad_arguments_are_told_before_any_training(
    tmp_path, monkeypatch, capsys, arguments, advice
):
    def refuse(*arguments, **settings):
        raise AssertionError("training began")

    def fail(root):
        raise ConnectionError("MNIST could not be downloaded")

    monkeypatch.chdir(tmp_path)
    (tmp_path / "a_file").touch()
    monkeypatch.setattr(training, "record", refuse)
    monkeypatch.setattr("helpers.data._download_full", fail)
    with pytest.raises(SystemExit) as error:
        main(["--output", ".", *arguments.split()])
    assert error.value.code == 2
    assert advice in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["a_file"]


def test_help_names_the_defaults_of_both_sets(capsys):
    with pytest.raises(SystemExit) as error:
        main(["--help"])
    assert error.value.code == 0
    shown = " ".join(capsys.readouterr().out.split())
    subset, full = training.DEFAULTS["subset"], training.DEFAULTS["full"]
    assert f"default {subset.epochs} ({full.epochs} for full)" in shown
    assert f"default {subset.peak_rate}" in shown
