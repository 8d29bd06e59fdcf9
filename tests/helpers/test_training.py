"""Training: the optimizer is torch's, the bookkeeping exact, runs repeat."""

import json
import math
import os
import warnings
from dataclasses import asdict
from types import SimpleNamespace

import joblib
import numpy as np
import pytest

from helpers import training
from helpers.data import FOLDER, load_mnist, scale
from helpers.layers import Conv2d, Flatten, Linear, MaxPool2d, ReLU
from helpers.networks import LeNet5, LeNet1989, Sequential
from helpers.training import (
    SGD,
    Diverged,
    Recipe,
    evaluate,
    fit,
    gradient_check,
    mistakes,
    predict,
    probabilities,
    run_seeds,
)

QUICK = Recipe(epochs=2, batch_size=50)


def draw(seed=0):
    return np.random.default_rng(seed)


@pytest.fixture(scope="module")
def digits():
    return load_mnist("subset")


# --- The recipe --------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "values", "limits"),
    [
        ("epochs", [0, -1], "at least 1"),
        ("batch_size", [0, -64], "at least 1"),
        ("peak_rate", [0.0, -0.1, math.inf, math.nan], "above 0"),
        ("warmup", [-0.1, 1.1], "from 0 to 1"),
        ("momentum", [-0.1, 1.0], "from 0 to below 1"),
        ("weight_decay", [-1e-3, math.inf, math.nan], "at least 0"),
    ],
)
def test_recipe_refuses_what_cannot_train(name, values, limits):
    for value in values:
        with pytest.raises(ValueError, match=f"{name} must be {limits}, not"):
            Recipe(**{name: value})


def test_recipe_takes_the_limits_themselves_and_does_not_change():
    recipe = Recipe(epochs=1, batch_size=1, momentum=0, weight_decay=0)
    with pytest.raises(AttributeError, match="cannot assign to field"):
        recipe.epochs = 6


def test_the_recipe_by_default_is_the_recorded_one():
    facts = json.loads((FOLDER / "lenet5_full.json").read_text())
    assert asdict(Recipe()) == facts["recipe"]


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


def test_rate_at_the_limits_of_the_warmup():
    assert Recipe(peak_rate=0.3).rate(0, 1) == 0.3
    falling, rising = (
        [Recipe(peak_rate=0.3, warmup=w).rate(step, 20) for step in range(20)]
        for w in (0, 1)
    )
    assert falling[0] == 0.3
    assert falling == sorted(falling, reverse=True)
    np.testing.assert_allclose(rising, 0.3 * np.arange(1, 21) / 20)


# --- SGD ---------------------------------------------------------------------


@pytest.mark.parametrize("momentum", [0.0, 0.9])
@pytest.mark.parametrize("weight_decay", [0.0, 0.01])
def test_sgd_takes_the_steps_of_torch(momentum, weight_decay):
    torch = pytest.importorskip("torch")
    rng = draw()
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
    network = LeNet5(draw())
    before = network.parameters
    network.backward(network.forward(np.ones((2, 1, 28, 28), np.float32)))
    sgd = SGD(network, weight_decay=0.1)
    sgd.step(0.01)
    for name, parameter in network.parameters.items():
        assert parameter is before[name]
        assert parameter.dtype == sgd.velocity[name].dtype == np.float32


# --- Fit ---------------------------------------------------------------------


def toy(count=90, seed=0):
    """Return pictures of 6x6 with a bright half, and which half it is."""
    rng = draw(seed)
    labels = rng.integers(4, size=count)
    images = rng.integers(100, size=(count, 1, 6, 6), dtype=np.uint8)
    halves = [np.s_[:3], np.s_[3:], np.s_[:, :3], np.s_[:, 3:]]
    for image, label in zip(images, labels):
        image[0][halves[label]] += 120
    return images, labels


def toy_network(dtype=np.float32):
    drawn = dict(rng=draw(), dtype=dtype)
    layers = [Conv2d(1, 4, 3, **drawn), ReLU(), MaxPool2d(2), Flatten()]
    return Sequential([*layers, Linear(16, 4, gain=0.01, **drawn)])


def train_toy(*arrays, seed=0, recipe=QUICK, progress=False):
    network, how = toy_network(), dict(recipe=recipe, progress=progress)
    return network, fit(network, *arrays, rng=draw(seed), **how)


def check_same_parameters(network, other):
    for name, parameter in network.parameters.items():
        np.testing.assert_array_equal(parameter, other.parameters[name])


def test_fit_learns_a_task_that_can_be_learned():
    recipe = Recipe(epochs=20, batch_size=16)
    network, history = train_toy(*toy(), *toy(40, seed=1), recipe=recipe)
    lengths = dict(loss=20 * 6, train_accuracy=20, test_accuracy=20)
    assert {name: len(found) for name, found in history.items()} == lengths
    assert history["test_accuracy"][-1] == history["train_accuracy"][-1] == 1
    assert history["loss"][0] == pytest.approx(math.log(4), rel=0.1)
    assert np.mean(history["loss"][-5:]) < 0.05
    assert evaluate(network, *toy(40, seed=2)) == 1.0


def test_fit_counts_the_accuracy_while_it_trains(monkeypatch):
    """Without steps, the count is the accuracy, short batch included."""
    monkeypatch.setattr(SGD, "step", lambda self, rate: None)
    recipe = Recipe(epochs=2, batch_size=64)
    network, history = train_toy(*toy(90), recipe=recipe)
    accuracy = evaluate(network, *toy(90))
    assert history["train_accuracy"] == [accuracy, accuracy]
    assert accuracy not in (0, 1)
    assert history["test_accuracy"] == []


def test_fit_is_the_loop_that_torch_would_run():
    torch = pytest.importorskip("torch")
    images, labels = toy(50)
    recipe = Recipe(3, 20, 0.07, 0.4, momentum=0.8, weight_decay=0.05)
    x, network = scale(images).astype(np.float64), toy_network(np.float64)
    tensors = {
        name: torch.tensor(parameter, requires_grad=True)
        for name, parameter in network.parameters.items()
    }
    weight, bias, dense, offset = tensors.values()
    sgd = torch.optim.SGD(
        tensors.values(), 1, recipe.momentum, weight_decay=recipe.weight_decay
    )
    losses, rng, torch_does = [], draw(7), torch.nn.functional
    for step in range(9):
        if step % 3 == 0:
            order = rng.permutation(50)
        batch = order[step % 3 * 20 :][:20]
        h = torch_does.conv2d(torch.tensor(x[batch]), weight, bias)
        h = torch_does.max_pool2d(h.relu(), 2).flatten(1)
        h = torch_does.linear(h, dense, offset)
        loss = torch_does.cross_entropy(h, torch.tensor(labels[batch]))
        sgd.zero_grad()
        loss.backward()
        sgd.param_groups[0]["lr"] = recipe.rate(step, 9)
        sgd.step()
        losses.append(loss.item())
    how = dict(rng=draw(7), recipe=recipe, progress=False)
    history = fit(network, x, labels, **how)
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


def test_uint8_and_scaled_pictures_train_the_same_and_stay_as_they_are():
    (images, labels), (same, _) = toy(), toy()
    network, history = train_toy(images, labels, images, labels)
    scaled = scale(images)
    other, again = train_toy(scaled, labels, scaled, labels)
    assert history == again
    check_same_parameters(network, other)
    np.testing.assert_array_equal(images, same)
    np.testing.assert_array_equal(scaled, scale(same))
    np.testing.assert_array_equal(labels, toy()[1])


def test_diverging_training_names_the_step():
    recipe = Recipe(epochs=5, batch_size=30, peak_rate=1e30, warmup=0)
    assert issubclass(Diverged, FloatingPointError)
    with pytest.raises(Diverged, match="lower peak_rate") as error:
        train_toy(*toy(90), recipe=recipe, progress=True)
    assert "diverged in step 2 of 15" in str(error.value)
    recipe = Recipe(epochs=1, batch_size=30, peak_rate=1e300)
    with pytest.raises(Diverged, match="step 1 of 1, at a loss of"):
        train_toy(*toy(30), *toy(30), recipe=recipe)


def test_strict_settings_of_the_user_change_nothing():
    """Sure answers: exp underflows in float32."""
    images, labels = toy()
    images = 60 * scale(images) / np.abs(scale(images)).max()
    recipe = Recipe(epochs=3, batch_size=16)
    given = (images, labels, images, labels)
    network, history = train_toy(*given, recipe=recipe)
    with np.errstate(all="raise"), warnings.catch_warnings():
        warnings.simplefilter("error")
        other, again = train_toy(*given, recipe=recipe)
        odds = probabilities(other, images)
        mistakes(other, images, labels)
    assert history == again
    assert (odds == 0).any()
    check_same_parameters(network, other)


def test_interrupted_training_can_go_on(monkeypatch):
    def interrupt(self, rate):
        raise KeyboardInterrupt

    network = toy_network()
    monkeypatch.setattr(SGD, "step", interrupt)
    with pytest.raises(KeyboardInterrupt):
        fit(network, *toy(), rng=draw())
    check_same_parameters(network, toy_network())
    monkeypatch.undo()
    fit(network, *toy(), rng=draw(), recipe=Recipe(20, 16), progress=False)
    assert evaluate(network, *toy(40, seed=2)) == 1.0


@pytest.mark.parametrize(
    ("images", "labels"), [(10, 9), (9, 10), (10, 0), (0, 0), (10, (10, 1))]
)
@pytest.mark.parametrize("place", ["train", "test", "test without labels"])
def test_fit_wants_one_label_for_each_image(images, labels, place):
    bad = [np.zeros((images, 1, 6, 6), np.uint8), np.zeros(labels, int)]
    arrays = [*bad, *toy()] if place == "train" else [*toy(), *bad]
    network = toy_network()
    with pytest.raises(ValueError, match="one label for each image"):
        fit(network, *arrays[: 3 if "without" in place else 4], rng=draw())
    check_same_parameters(network, toy_network())


def test_progress_bar_shows_epoch_steps_and_loss(capsys):
    train_toy(*toy(), progress=False)
    assert "".join(capsys.readouterr()) == ""
    _, history = train_toy(*toy(90), progress=True)
    shown, on_stderr = capsys.readouterr()
    assert on_stderr == ""  # a notebook shows it as an error
    assert "epoch 1/2" in shown
    last = shown.split("\r")[-1]
    assert "epoch 2/2" in last
    assert "4/4" in last
    assert f"loss={history['loss'][-1]:.3f}" in last


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


@pytest.mark.parametrize("together", [1, 3, 8, 10, 500])
@pytest.mark.parametrize("prepare", [np.copy, scale])
def test_accuracy_is_exact(together, prepare, monkeypatch):
    """The two wrong answers are alone in the short last batch of 8 + 2."""
    monkeypatch.setattr(training, "TOGETHER", together)
    answers = np.array([3, 1, 4, 1, 5, 9, 2, 6, 5, 3])
    labels = np.array([3, 1, 4, 1, 5, 9, 2, 6, 0, 0])
    reader = Reader()
    accuracy = evaluate(reader, prepare(readable(answers)), labels)
    assert (type(accuracy), accuracy) == (float, 0.8)
    assert sum(reader.batches) == 10
    assert max(reader.batches) == min(together, 10)


@pytest.mark.parametrize("together", [1, 7, 50, 500])
def test_predictions_are_those_of_the_network(digits, together, monkeypatch):
    network, images = LeNet5(draw()), digits.test_images[:50]
    monkeypatch.setattr(training, "TOGETHER", together)
    found = predict(network, images)
    assert found.dtype == np.float32
    logits = network.forward(scale(images))
    np.testing.assert_allclose(found, logits, rtol=0, atol=1e-5)


def test_nothing_to_predict_is_told():
    empty = readable(np.zeros(0, int))
    with pytest.raises(ValueError, match="no images to predict"):
        predict(Reader(), empty)
    with pytest.raises(ValueError, match="at least one image"):
        evaluate(Reader(), empty, np.zeros(0, int))


def test_pixels_that_nobody_scaled_are_told():
    limits = np.float32([[100, -100], [-100, 100], [math.inf, 0]])
    np.testing.assert_array_equal(predict(Sequential([]), limits), limits)
    np.testing.assert_array_equal(
        probabilities(Sequential([]), limits[:2]), [[1, 0], [0, 1]]
    )
    for image in ([[0, 101]], [[-101, 0]]):
        with pytest.raises(ValueError, match=r"must be scaled, .* reach 101"):
            predict(Sequential([]), np.float32(image))


def test_mistakes_are_all_the_wrong_answers_surest_first():
    images = readable([3, 1, 4, 1, 5])
    images[[0, 2, 4], 0, 0, [3, 4, 5]] = [100, 255, 200]
    wrong = mistakes(Reader(), images, np.array([0, 1, 0, 1, 0]))
    np.testing.assert_array_equal(wrong["images"], images[[2, 4, 0]])
    assert wrong["labels"].tolist() == [0, 0, 0]
    assert wrong["probabilities"].argmax(axis=1).tolist() == [4, 5, 3]
    powers = np.exp(scale(images)[[2, 4, 0], 0, 0, :10].astype(float))
    expected = powers / powers.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(wrong["probabilities"], expected, rtol=1e-5)


def test_no_number_is_no_answer():
    x = np.array([[math.nan] * 3, [0, math.nan, 1], [1, 0, 0], [0, 0, 1]])
    labels, network = np.array([0, 2, 0, 0]), Sequential([])
    assert evaluate(network, x, labels) == 0.25
    np.testing.assert_array_equal(predict(network, x), x)
    wrong = mistakes(network, x, labels)
    np.testing.assert_array_equal(wrong["images"], x[[3, 0, 1]])
    assert np.isnan(wrong["probabilities"][1:]).all()


def test_no_mistakes_are_no_rows():
    none = mistakes(Reader(), readable([3, 1]), np.array([3, 1])).values()
    assert [a.shape for a in none] == [(0, 1, 28, 28), (0,), (0, 10)]


# --- Gradient check ----------------------------------------------------------


def exact(digits, seed=0, count=3):
    """Return a few digits and their labels, ready for a gradient check."""
    chosen = draw(seed).permutation(4000)[:count]
    images = scale(digits.train_images[chosen]).astype(np.float64)
    return images, digits.train_labels[chosen]


@pytest.mark.parametrize("kind", [LeNet5, LeNet1989])
@pytest.mark.parametrize("seed", range(3))
def test_gradients_of_the_networks_are_right(digits, kind, seed):
    network, (images, labels) = kind(draw(seed), float), exact(digits, seed)
    kept = images.copy()
    worst = gradient_check(network, images, labels, draw(seed), samples=5)
    assert sorted(worst) == sorted(network.parameters)
    assert max(worst.values()) < 1e-5
    assert min(worst.values()) > 0
    check_same_parameters(network, kind(draw(seed), float))
    np.testing.assert_array_equal(images, kept)


def test_gradient_check_accepts_units_that_never_fire(digits):
    """Where the right gradient is 0, 0 is right."""
    network = LeNet5(draw(), np.float64)
    network.layers[7].bias[...] = -1e3
    network.layers[9].bias[...] = 1
    worst = gradient_check(network, *exact(digits), draw(), samples=3)
    assert worst["7.weight"] == worst["7.bias"] == 0
    assert max(worst.values()) < 1e-5


def put(name, change):
    """A wrong backward: it changes a gradient by a parameter."""
    return lambda layer, gradient, result: layer.gradients.update(
        {name: change(layer.gradients[name], gradient)}
    )


SLIPS = {
    "twice": (9, put("weight", lambda a, _: 2 * a), "9.weight"),
    "no bias": (9, put("bias", lambda a, _: 0 * a), "9.bias"),
    "no number": (9, put("weight", lambda a, _: math.nan * a), "9.weight"),
    "half": (3, put("weight", lambda a, _: a * HALF), "3.weight"),
    "one image": (3, put("bias", lambda _, g: g[0].sum((1, 2))), "3.bias"),
    "sign": (3, lambda a, g, result: -result, "0.weight 0.bias"),
    "no mask": (4, lambda a, g, _: g, "0.weight 0.bias 3.weight 3.bias"),
}
HALF = np.arange(16).reshape(16, 1, 1, 1) % 2


@pytest.mark.parametrize("slip", SLIPS)
def test_gradient_check_finds_a_wrong_backward(digits, slip):
    place, change, wrong = SLIPS[slip]
    network = LeNet5(draw(), np.float64)
    layer = network.layers[place]
    backward = layer.backward

    def slipped(gradient):
        result = backward(gradient)
        changed = change(layer, gradient, result)
        return result if changed is None else changed

    layer.backward = slipped
    worst = gradient_check(network, *exact(digits), draw(), samples=5)
    assert {n for n in worst if not worst[n] < 1e-3} == set(wrong.split())


def test_gradient_check_refuses_float32(digits):
    (images, labels), network = exact(digits), LeNet5(draw(), np.float64)
    with pytest.raises(TypeError, match=r"0\.weight must be float64"):
        gradient_check(LeNet5(draw()), images, labels, draw())
    with pytest.raises(TypeError, match="images must be float64"):
        gradient_check(network, images.astype(np.float32), labels, draw())


# --- Seeds -------------------------------------------------------------------


def final_loss(seed):
    return train_toy(*toy(), seed=seed)[1]["loss"][-1]


def test_results_come_in_the_order_of_the_seeds():
    assert run_seeds(str, (seed for seed in (3, 1, 2))) == ["3", "1", "2"]
    for seeds in (5, [], "12"):
        with pytest.raises(ValueError, match=r"seeds must be a .* range\(5\)"):
            run_seeds(str, seeds)


def test_two_processes_give_the_same_runs():
    runs = run_seeds(lambda seed: (final_loss(seed), os.getpid()), [3, 1], 2)
    losses, processes = zip(*runs)
    assert losses == pytest.approx((final_loss(3), final_loss(1)), rel=1e-4)
    assert os.getpid() not in processes


def test_a_cluster_gives_the_same_runs(tmp_path):
    distributed = pytest.importorskip("distributed")

    def on_a_worker(seed):
        distributed.get_worker()  # raises anywhere else
        return final_loss(seed)

    settings = dict(n_workers=1, threads_per_worker=2, processes=False)
    settings |= dict(dashboard_address="127.0.0.1:0", local_directory=tmp_path)
    with (
        distributed.LocalCluster(**settings) as cluster,
        distributed.Client(cluster),
        joblib.parallel_config("dask"),
    ):
        losses = run_seeds(on_a_worker, [3, 1])
    assert losses == pytest.approx([final_loss(3), final_loss(1)], rel=1e-4)
