"""The allow-list lets through what is generated and nothing that was slipped in."""

from __future__ import annotations

import pytest
from towerlab.configs.checks import resolve
from towerlab.emit.package import generate
from towerlab.emit.verify import UnsafeModule, trainer_template, verify_preprocessing, verify_trainer

from tests.unit.configs.building import COLUMNS, wizard_example

FILES = generate(resolve(wizard_example(), COLUMNS), "Rich", 1, "0" * 64)
PREPROCESSING, TRAINER = FILES["preprocessing.py"].decode(), FILES["trainer.py"].decode()
BODY = 'outputs["city"] = vocabulary_ids('


def test_what_is_generated_passes() -> None:
    verify_preprocessing(PREPROCESSING)
    verify_trainer(TRAINER)


AT_MODULE_LEVEL = [
    "import os",
    "from os import system",
    "import tensorflow as os",
    "print('hello')",
    "COLUMNS = __import__('os')",
    "COLUMNS = {'a': __import__('os')}",
    "other = 5",
    "class A: pass",
    "async def f(): pass",
    "def text(x): return x",
    "def tf(x): return x",
    "def float(x): return x",
    "if True:\n    pass",
    "@staticmethod\ndef f(x): return x",
    "def f(x=__import__('os')): return x",
    "def f(*x): return x",
    "def f(x: __import__('os')): return x",
    "def f(x) -> __import__('os'): return x",
    "def f(x): y: __import__('os') = 1; return y",
    "def f(x): return x.__class__",
    "def f(x): return x.numpy()",
    "def f(x): return eval(x)",
    "def f(x): return x(1)",
    "def f(x): return tf.io.gfile.GFile(x)",
    "def f(x): return tf.py_function(x)",
    "def f(x): return tf.raw_ops.WriteFile(x)",
    "def f(x): return tf",
    "def f(x): return tft.vocabulary.__globals__",
    "def f(x): return (lambda: x)()",
    "def f(x): return [y for y in open('a')]",
    "def f(x): return f'{x.__class__}'",
    "def f(x): return tft.vocabulary(x, vocab_filename='../../a')",
    "def f(x):\n    import os\n    return x",
    "def f(x):\n    tf.abs = x\n    return x",
    "def f(x):\n    tf = x\n    return tf.abs(1)",
    "def f(x):\n    text = x\n    return text(1)",
    "def f(x):\n    global y\n    return x",
    "def f(x):\n    while x:\n        pass",
    "def f(x):\n    try:\n        return x\n    finally:\n        pass",
    "def f(x):\n    with x:\n        pass",
    "def f(x): return (yield x)",
    "def f(x): return (y := x)",
    "def f(x): return b'a'",
    "def f(x): return x ** 999999999",
    "def f(x):",
    "\x00",
]


@pytest.mark.parametrize("line", AT_MODULE_LEVEL)
def test_what_was_slipped_into_the_preprocessing_is_refused(line: str) -> None:
    with pytest.raises(UnsafeModule):
        verify_preprocessing(f"{PREPROCESSING}\n{line}\n")


def test_a_module_without_its_function_is_refused() -> None:
    with pytest.raises(UnsafeModule):
        verify_preprocessing(PREPROCESSING.replace("def preprocessing_fn", "def preprocess"))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("CONFIG_NAME: str = 'Rich'", 'CONFIG_NAME: str = open("/etc/passwd").read()'),
        ("CONFIG_NAME: str = 'Rich'", 'CONFIG_NAME: str = "Rich"\nimport shutil'),
        ("CONFIG_NAME: str = 'Rich'", 'CONFIG_NAME: str = "Rich"\nCONFIG_NAME: str = "Poor"'),
        ("CONFIG_NAME: str = 'Rich'", ""),
        ("CONFIG_NAME: str = 'Rich'", 'CONFIG_NAME: print("hello") = "Rich"'),
        ("CONFIG_NAME: str = 'Rich'", 'CONFIG_NAME: str = f"{print()}"'),
        ("\ndef run_fn(", "\ndef run_fn2("),
    ],
)
def test_a_trainer_that_is_not_the_template_is_refused(old: str, new: str) -> None:
    assert old in TRAINER
    with pytest.raises(UnsafeModule):
        verify_trainer(TRAINER.replace(old, new))


def test_code_after_the_trainer_is_refused() -> None:
    with pytest.raises(UnsafeModule):
        verify_trainer(TRAINER + "\nimport shutil\n")


def test_the_template_itself_passes() -> None:
    verify_trainer(trainer_template())
