"""The capstone: its solution reaches 97 %, every slip is told by its name."""

import contextlib
import inspect
import os
import re
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from helpers.data import Digits, load_mnist
from lecture import capstone
from lecture.capstone import checking, network, training, watching
from lecture.capstone.examining import STEPS, examine

SOURCE = "import numpy as np\n\n\n" + "\n\n".join(s.source() for s in STEPS)
PATH = Path("my_cnn.py")
COMMAND = sys.executable, "-m", "lecture.capstone"
NAMES = [step.name for step in STEPS]
ZERO, CAST = 'parameters["W4"] *= 0', "weights.astype(np.float32)"
LAST = "dense_backward(delta, v3, W4)"
END, SIZE = "    return parameters\n", "epochs, size = 1, 50"
LOGITS, LABELS = "return dense(v3, W4, b4),", "[0].argmax(axis=1)"
DEF = "def output_size(i, k, s, p):\n"
UNTRAINED = SOURCE[: SOURCE.index("def train(")]
# One quick pass, for what is decided before accuracy is.
QUICK = SOURCE.replace("epochs, size = 12, 50", "epochs, size = 1, 50")
SLIPS = [
    pytest.param(step, slip, id=f"{step.name}-{place}")
    for step in STEPS
    for place, slip in enumerate(step.slips)
]


def solved():
    """Return the solution as a module."""
    module = ModuleType("my_cnn")
    exec(SOURCE, vars(module))
    return module


@pytest.fixture
def said(monkeypatch, watched):
    """Examine in this process: that is quicker, and can be patched."""
    here = partial(examine, begin=lambda place, part: None)
    monkeypatch.setattr(watching, "examined", here)
    return watched


@pytest.fixture
def watched(tmp_path, capsys):
    """Return a function: the file's text in, what the check prints out."""

    def check(text, call=capstone.check):
        path = tmp_path / "my_cnn.py"
        path.write_text(text, "utf-8")
        call(path)
        assert path.read_text("utf-8") == text  # it is the reader's
        out = capsys.readouterr().out
        assert out.isascii()
        assert all(len(line) <= 79 for line in out.splitlines())
        return " ".join(out.split())

    return check


@pytest.fixture
def few_digits(monkeypatch):
    digits = Digits(*(array[:100] for array in load_mnist()))
    monkeypatch.setattr(training, "load_mnist", lambda: digits)


def command(folder, *options, **env):
    """Return what the command prints; it must not print errors."""
    done = subprocess.run(
        [*COMMAND, *options], cwd=folder, env=os.environ | env,
        capture_output=True, check=True, encoding="latin-1",
    )  # fmt: skip
    assert done.stderr == ""
    return done.stdout


def changed(old, new, text=SOURCE):
    assert text.count(old) == 1, old
    return text.replace(old, new)


def until(name):
    """Return the solution without the function and those after it."""
    return SOURCE[: SOURCE.index(f"def {name}(")]


# --- The solution ------------------------------------------------------------


def test_the_solution_reaches_97_percent(watched):
    out = watched(SOURCE)
    accuracy = float(re.search(r"([\d.]+)% of the 1,000", out)[1])
    assert accuracy >= 97
    assert "960 steps" in out
    assert "Done" in out
    assert "[ ]" not in out


@pytest.mark.parametrize("place", range(len(STEPS)), ids=NAMES)
def test_each_step_is_explained_and_solved(said, place):
    step = STEPS[place]
    out = said(until(step.name))
    assert out.count("[x]") == place
    assert f"Next, step {step.number}." in out
    assert f"def {step.name}(" in out
    assert " ".join(step.task.split()) in out
    assert f"notebooks/{step.notebook}.ipynb" in out
    notebooks = Path(__file__).parents[2] / "notebooks"
    assert (notebooks / f"{step.notebook}.ipynb").is_file()
    hint = said(until(step.name), capstone.hint)
    assert hint == f"{step.name}: {' '.join(step.advice.split())}"
    pasted = said(until(step.name), capstone.solution)
    assert pasted == " ".join(step.source().split())


# --- Wrong answers -----------------------------------------------------------


@pytest.mark.parametrize(("step", "slip"), SLIPS)
def test_a_typical_wrong_answer_is_told_its_mistake(step, slip):
    assert step.verdict(slip.answer) == (False, slip.message)


def test_every_function_has_typical_wrong_answers():
    for step in STEPS:
        assert not step.cases or len(step.slips) >= 3, step.name


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("return (i + 2 * p - k) // s + 1", "return (i + p - k) // s + 1",
         "You count the padding once"),
        ("return (i + 2 * p - k) // s + 1", "return (i + 2 * p - k) / s + 1",
         "is rounded down (//). Seen with i = 8, k = 3, s = 2"),
        ("return dK, delta.sum(axis=(0, 2)), dx",
         "return dx, dK, delta.sum(axis=(0, 2))", "values in another order"),
        ("return delta * (h > 0)", "return delta * (delta > 0)",
         "The mask is that of delta"),
        ("return x @ W.T + b", "return x @ W + b", "it must be transposed"),
    ],
)  # fmt: skip
def test_a_slip_in_the_file_is_told_with_its_case(said, old, new, message):
    out = said(changed(old, new, UNTRAINED))
    assert message in out
    assert "not yet." in out
    assert "Seen with" in out
    assert re.search(r"Line \d+", out)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("parameters = {}\n", "parameters = []\n", "initial: not yet. It"),
        ("    return parameters\n\n\ndef forward",
         "    return list(parameters)\n\n\ndef forward",
         "It returns a list: return a dictionary"),
        ("rng.normal(", "np.random.normal(", "The same seed gives other"),
        ("    parameters = {}\n",
         "    parameters = {}\n    rng = np.random.default_rng(5)\n",
         "Another `rng` gives the same parameters"),
        (CAST, f"0 * {CAST}", "Another `rng` gives the same parameters"),
        (ZERO, f'{ZERO}; parameters["W3"] *= 0', "All units of W3 and of W4"),
        (ZERO, 'parameters["K1"] *= 0', "All units of K1 begin alike: by sym"),
        (ZERO, 'K = parameters["K2"]; K[:] = K[0]', "All units of K2 begin"),
        ("np.sqrt(2 / np.prod(shape[1:]))", "1", "begins too large"),
        (CAST, "weights.tolist()", "K1 is a list: each parameter is an arr"),
        ("return dense(v3, W4, b4), (", "return dense(v3, W4, b4) #, (",
         "return two things, the logits and what"),
        (LOGITS, "return dense(v3, W4, b4)[0],", "(10,) where (3, 10) is"),
        (LOGITS,
         "z = np.exp(dense(v3, W4, b4))\n"
         "    return z / z.sum(axis=1, keepdims=True),",
         "It returns probabilities"),
        (LOGITS,
         "return dense(v3, W4, b4).astype(np.float32),",
         "It turns float64 into float32"),
        ("v2 = relu(h2)", "v2 = relu(h2)[::-1]", "change with the others"),
        ("h1 = conv_forward(x,", "x /= 2\n    h1 = conv_forward(x,",
         "It changes x"),
        ("h3 = dense(p2", "b3 += 1\n    h3 = dense(p2",
         "It changes the parameters"),
        ("    return dict(zip(parameters, (dK1",
         "    return list(zip(parameters, (dK1", "It returns a list"),
        ("dW4, db4)))", "dW4)))", "The gradient of b4 is missing"),
        ("dW4, db4)))", "dW4, db4[:1])))", "(1,) where (10,) is right"),
        ("relu_backward(dv2, h2)", "dv2",
         "another gradient of K1, b1, K2, b2; the others are right. Seen "
         "from the loss, the first that is wrong is b2"),
        ("relu_backward(dv1, h1)", "relu_backward(dv1, -h1)", "K1, b1;"),
        ("(dK1, db1,", "(0 * dK1, db1,", "gradient of K1 is 0 everywhere"),
        (LAST, LAST.replace("(", "(-"), "All gradients are -1 times"),
        (LAST, LAST.replace("(", "(4 * "), "All gradients are 4 times"),
        ("dense(p2, W3, b3)", "dense(p2, W3, 0)", "another gradient of b3"),
        ("axis=1)\n\n\ndef train", "axis=0)\n\n\ndef train",
         "It returns shape (10,) for 7 images"),
        (LABELS, "[0]", "It returns logits, (7, 10)"),
        (LABELS, "[0].max(axis=1)", "returns float64"),
        (LABELS, "[0].argmax(axis=1).tolist()", "It returns a list: return"),
        (LABELS, "[0].argmax(axis=1) + 10", "outside 0..9"),
        ("return np.maximum(h, 0)", "h[h < 0] = 0\n    return h",
         "relu: not yet. It changes h, which others still need"),
    ],
)  # fmt: skip
def test_a_slip_that_is_no_wrong_number_is_named(said, old, new, message):
    text = changed(old, new, SOURCE)
    out = said(text[: text.index("def train(")])
    assert message in out
    assert "not yet." in out


def test_a_parameter_that_does_nothing_is_named(said):
    text = changed("dense(p2, W3, b3)", "dense(p2, W3, 0)", UNTRAINED)
    text = changed("dW3, db3, dW4", "dW3, 0 * db3, dW4", text)
    assert "Moving b3 changes no logit: `forward` ignores it." in said(text)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("labels[batch])\n", "labels[start : start + size])\n",
         "Images and labels do not belong together"),
        (END, "", "It returns None: end it with"),
        ("parameters[name], velocities[name] = mom", "_ = mom",
         "the parameters it began with"),
        (END, "    return list(parameters)\n", "It returns a list: return"),
        (END,
         "    parameters['W3'] = velocities['b3']\n    return parameters\n",
         "Its W3 has shape (100,)"),
        ("moved = np.roll(", "images *= 0.5\n            moved = np.roll(",
         "It changes the images or labels"),
        (SIZE, "epochs, size = 1, 50; images = images / 0",
         "The loss is nan at step 1: a smaller rate"),
        (END, "            return parameters\n", "It took one step only: is"),
        ("rate = 0.03 * min", "rate = 1e-6 * min", "2.30: it learned next to"),
        (SIZE, "epochs, size = 4, 25", ": more passes. What helps besides:"),
        (SIZE, "epochs, size = 12, 10", "it knows its own digits, not yet"),
        (SIZE, "epochs, size = 0, 50", "It took no step: the check counts"),
        (END,
         "    return {} if len(images) == 100 else parameters\n",
         "It returns a dict: return the dictionary of parameters, with"),
        ("np.roll(images[batch]", "np.roll(imagse[batch]",
         "It raises NameError: name 'imagse' is not defined"),
    ],
)  # fmt: skip
def test_a_slip_in_training_is_named(said, few_digits, old, new, message):
    head, train = QUICK[: len(UNTRAINED)], QUICK[len(UNTRAINED) :]
    if old == END:
        train = train[: train.rindex(old)] + new
    else:
        train = changed(old, new, train)
    out = said(head + train)
    assert message.lower() in out.lower()
    assert "train: not yet." in out


@pytest.mark.parametrize(
    ("losses", "message"),
    [
        ([4.4, 0.3], "ends at 0.30: more passes. Early on it was 4.4, worse"),
        ([2.3, 0.3], "ends at 0.30: more passes. What helps besides: a slow"),
        ([2.3, 0.03], "knows its own digits, not yet others"),
    ],
)
def test_what_helps_a_training_that_misses_the_goal(losses, message):
    advice = training._advice(losses)
    assert message in advice
    assert "a smaller last layer" in advice


def test_the_labels_of_the_test_digits_are_not_given(said, few_digits):
    """Whatever a file keeps of its arguments, the answers are not in it."""
    text = QUICK.replace(
        "def predict(parameters, images):",
        "seen = []\n\n\ndef predict(*given):\n"
        "    seen.append([np.shape(g) for g in given[1:]])\n"
        "    print(seen[-1])\n"
        "    parameters, images = given",
    )
    out = said(text)
    assert "[(100, 1, 28, 28)]" in out
    assert "(100,)" not in out


def test_predictions_on_the_test_digits_are_looked_at(said, few_digits):
    text = QUICK.replace(LABELS, LABELS + "[:50]")
    assert "predict: It returns shape (50,) for 100 images" in said(text)


ODD = [None, "a", [], (), {}, {"K1": 1}, 1j, np.array(["a"]), np.nan]
ODD += [np.zeros((2, 0)), np.array(None), [[1], [2, 3]], (None, None), int]


@pytest.mark.parametrize("value", ODD, ids=range(len(ODD)))
@pytest.mark.parametrize("step", STEPS[:-1], ids=NAMES[:-1])
def test_any_result_at_all_gets_an_answer(step, value):
    module = solved()
    arguments = ", ".join(inspect.signature(step.answer).parameters)
    made = {"value": value}
    exec(f"def {step.name}({arguments}): return value", made)
    setattr(module, step.name, made[step.name])
    right, message = checking.verdict(step, module, PATH)
    assert not right
    assert message


@pytest.mark.parametrize("value", ODD, ids=range(len(ODD)))
def test_any_result_of_training_gets_an_answer(few_digits, value):
    module = solved()
    module.train = lambda images, labels, rng: value
    right, message = training.trained(module, PATH, print)
    assert not right
    assert message.startswith("It returns ")


# --- Broken files ------------------------------------------------------------


BODIES = [
    ("return np.floor(i)", "with `import numpy as np`. Line 2: return np."),
    ("return isize", "name 'isize' is not defined. Is it defined, and spel"),
    ("[][i]", "It raises IndexError: list index out of range Line 2: [][i]"),
    ("pass", "It returns None: write your answer there. Line 1."),
    ("return 'four'", "It returns a str where numbers belong."),
    ("return (1, None)", "It returns 2 values where 1 belongs."),
    ("return 1, 2", "It returns 2 values where 1 belongs."),
    ("return output_size(i, k, s, p)", "It calls itself without end. Line 2"),
    ("return float((i + 2 * p - k) // s + 1)", "It returns 28.0: shapes and"),
    ("exit()", "It ends Python itself: take exit() out. Line 2: exit()"),
    ("return bytes(10**16)", "It asks for more memory"),
    ("return input()", "It asks for input, but nobody answers"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "message"),
    [
        *[(f"{DEF}    {body}\n", message) for body, message in BODIES],
        ("def output_size(i, k, s, p)\n    return 1\n",
         "Python cannot read it: expected ':'. "
         "Line 1: def output_size(i, k, s, p)"),
        ("def output_size(i, k, s, p):\nreturn 1\n", "Line 2: return 1"),
        ("x = 1\n\0", "Python cannot read it"),
        ("x = 1 / 0\n", "Error: division by zero Line 1: x = 1 / 0"),
        ("def output_size(i, k):\n    return i\n",
         "It takes (i, k): the check calls it with 4 arguments, "
         "def output_size(i, k, s, p): Line 1."),
        ("output_size = 3\n", "output_size is an int: write a function"),
        ("import numpy as np\nimport torch\n",
         "write it with NumPy alone, all in this file. Line 2: import torch"),
        ("def f():\n    from helpers.im2col import im2col\n",
         "It imports helpers.im2col"),
        ("from . import other\n", "It imports ."),
        ("calls = []\n" + DEF + "    calls.append(i)\n"
         "    return (i + 2 * p - k) // s + 1 + (len(calls) == 2)\n",
         "does it keep something between calls?"),
        ("raise KeyboardInterrupt\n", "It raises KeyboardInterrupt Line 1"),
        ("output_size = dict\n", "output_size is a class: write a function"),
        ("x = " + 99_999 * "-" + "1\n", "it is nested too deeply"),
    ],
)  # fmt: skip
def test_a_broken_file_is_told_why(said, text, message):
    out = said(text)
    assert message in out
    assert "not yet." in out
    assert "Traceback" not in out


SWALLOW = """
    while True:
        try: {}
        except BaseException: pass
"""
ENDED = [
    (SWALLOW.format("i"), "It still runs after 1 s: does that loop end? Line"),
    (SWALLOW.format("print(i)"), "prints without end. Line 5: try: print(i)"),
    (SWALLOW.format("os.write(2, b'no\\n')"), "It prints without end. Line 5"),
    ("    return sum(range(10**12))", "after 1 s: does that loop end? Line 3"),
    ("    pass\nwhile True:\n    i = 1", "1 s: let the file define functions"),
    ("    os._exit(0)", "It ends Python itself: take os._exit() out."),
    ("    os.kill(os.getpid(), 9)", "The system ended it, for want of memory"),
    ("    os.abort()", "It crashes Python itself (code -6). Line 3: "),
    ("    os.closerange(0, 99)", "It ends Python itself"),
    ("    threading.Thread(target=time.sleep, args=(99,)).start(); return 28",
     "It returns 28 where 14 is right"),
    ("    subprocess.Popen(['sleep', '99']); return 28",
     "It returns 28 where 14 is right"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "message"), ENDED)
def test_whatever_the_file_does_is_ended(watched, monkeypatch, body, message):
    for part in ("the file", "a function"):
        monkeypatch.setitem(watching.SECONDS, part, 1)
    out = watched(f"import os, subprocess, threading, time\n{DEF}{body}\n")
    assert message in out
    assert "not yet." in out


@pytest.mark.parametrize("sign", ["SIGINT", "SIGKILL"])
def test_no_process_is_left_when_the_command_is_ended(tmp_path, sign):
    beat = tmp_path / "beat"
    text = f"print('begun')\n{DEF}{SWALLOW}"
    text = text.format("open('beat', 'a').write('-')")
    (tmp_path / "my_cnn.py").write_text(text)
    with subprocess.Popen(
        [*COMMAND, "my_cnn.py"], cwd=tmp_path, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
    ) as process:  # fmt: skip
        assert process.stdout.readline() == "begun\n"
        process.send_signal(getattr(signal, sign))
        out = process.stdout.read()
    assert ("Stopped by you.\nLine" in out) == (sign == "SIGINT")
    assert "Traceback" not in out
    sizes = [-1, 0]
    while sizes[-1] != sizes[-2]:
        assert len(sizes) < 50
        time.sleep(0.5)
        sizes.append(beat.exists() and beat.stat().st_size)


@pytest.mark.skipif(os.name != "posix", reason="nothing ends it there")
def test_an_orphan_ends_in_a_call_that_lets_nothing_run(tmp_path):
    body = "    return sum(range(10**12))\n"
    text = f"import os\nprint(os.getpid())\n{DEF}{body}"
    (tmp_path / "my_cnn.py").write_text(text)
    code = "from lecture.capstone import check, watching\n"
    code += "watching.SECONDS['a function'] = 1\ncheck('my_cnn.py')"
    command = [sys.executable, "-c", code]
    with subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.PIPE
    ) as process:
        orphan = int(process.stdout.readline())
        process.kill()
    until = time.monotonic() + 60
    with contextlib.suppress(ProcessLookupError):
        while time.monotonic() < until:
            os.kill(orphan, 0)
            time.sleep(0.5)
        pytest.fail("the orphan is still there")


@pytest.mark.parametrize("name", ["im2col", "max_pool_backward"])
def test_a_function_that_is_too_slow_to_train_is_told(said, name):
    slow = f"\n\nquick = {name}\ndef {name}(*layer):\n"
    slow += "    return [quick(*layer) for _ in range(100)][0]\n"
    assert f"{name} is right, and slow: it takes" in said(until("relu") + slow)
    assert "and slow" not in said(until("relu"))


def test_results_may_come_in_a_list(said):
    text = changed(
        "return dK, delta.sum(axis=(0, 2)), dx",
        "return [dK, delta.sum(axis=(0, 2)), dx]",
        until("max_pool"),
    )
    assert "Next, step 6." in said(text)


def test_warnings_of_the_file_are_not_shown(said):
    out = said("text = '\\d'\nimport warnings\nwarnings.warn('old')\n")
    assert "Next, step 1." in out


# --- Where the file is -------------------------------------------------------


def test_a_missing_file_is_made_empty(tmp_path, capsys):
    path = tmp_path / "my_cnn.py"
    capstone.check(path)
    out = capsys.readouterr().out
    assert path.read_text() == ""
    assert "it is now, an empty file" in out
    assert "Next, step 1." in out


REFUSED = [
    ("notes.txt", "notes.txt is no Python file"),
    ("folder.py", "folder.py is a folder: name a file in it"),
    ("no/my_cnn.py", "There is no folder"),
    ("a" * 300 + ".py", "cannot be read: File name too long"),
    ("null\0.py", "cannot be read: embedded null"),
    ("~no body/my_cnn.py", "cannot be read: Could not determine"),
    (watching.say, "A function is no path: give that of your file"),
    (b"my_cnn.py", "A bytes is no path"),
]


@pytest.mark.parametrize("call", [capstone.check, capstone.hint])
@pytest.mark.parametrize(("name", "message"), REFUSED)
def test_another_path_is_refused(
    tmp_path, monkeypatch, capsys, name, message, call
):
    monkeypatch.chdir(tmp_path)
    Path("folder.py").mkdir()
    call(name)
    out = capsys.readouterr().out
    assert message in out
    assert out.count("\n") == 1
    assert os.listdir() == ["folder.py"]


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_a_console_shows_what_it_can(tmp_path, encoding):
    text = f"{DEF}    print('→')\n    return größe\n"
    (tmp_path / "größe.py").write_text(text, "utf-8")
    done = command(tmp_path, "größe.py", PYTHONIOENCODING=encoding)
    word = "größe".encode(encoding, "backslashreplace").decode("latin-1")
    for part in ("\\u2192", f"{word}.py", f"Line 3: return {word}"):
        assert part in done


def test_no_hint_for_a_file_that_cannot_be_read(said):
    assert "Python cannot read it" in said("def", capstone.hint)


@pytest.mark.parametrize(
    ("option", "expected"),
    [
        ([], "Next, step 1."),
        (["--hint"], "output_size: Eq. 4 of notebook 03"),
        (["--solution"], "def output_size("),
    ],
)
def test_the_command(tmp_path, option, expected):
    assert expected in command(tmp_path, "my_cnn.py", *option)


# --- The checks themselves ---------------------------------------------------


def test_the_gradient_check_has_no_false_alarms(monkeypatch):
    """Kinks of ReLU and maxima must not be taken for mistakes."""
    module = solved()
    drawn = network.parameters_of(module)
    # Half of the units stand on the kink itself.
    drawn["W3"][:50], drawn["b3"][:50] = 0, 0
    x, labels = network.pictures(4)
    for seed in range(3):
        noise = np.random.default_rng(seed).permuted(x, axis=3), labels
        monkeypatch.setattr(network, "parameters_of", lambda m: drawn)
        monkeypatch.setattr(network, "pictures", lambda n, v=noise: v)
        assert network.backward.network_check(module) == ""
