"""What the documentation says can be done as it says: commands parse, names exist, code runs."""

import argparse
import contextlib
import datetime
import importlib
import importlib.util
import io
import itertools
import re
import shlex
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from PIL import Image

import mmwsl
from mmwsl import registry
from mmwsl.cli import build_parser

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / 'README.md', ROOT / 'CONTRIBUTING.md', ROOT / 'projects' / 'example_plugin' / 'README.md',
         *sorted((ROOT / 'docs').rglob('*.md'))]
IDS = [page.relative_to(ROOT).as_posix() for page in PAGES]
# the scripts of tools/ that are a command of mmwsl; the others have arguments of their own
COMMANDS = {'train': 'train', 'test': 'test', 'extract': 'extract', 'benchmark': 'benchmark', 'run_suite': 'suite',
            'throughput': 'throughput', 'report': 'report', 'overlays': 'overlays', 'predict': 'predict',
            'hidden_robustness': 'hidden-robustness'}
CALLS = ('mmwsl ', 'python tools/', 'torchrun ', 'srun ')  # how the lines begin that are parsed


def shell_lines(text):
    """The lines of a page's indented and fenced blocks (not Python's), those continued by a backslash as one."""
    text = re.sub(r'```python\n.*?```', '', text, flags=re.S).replace('\\\n', ' ')
    return [line.strip() for line in text.splitlines() if line.startswith('    ')] + [
        line.strip() for block in re.findall(r'```\w*\n(.*?)```', text, re.S) for line in block.splitlines()]


def arguments_of(line):
    """The arguments of a line for ``build_parser()``; None if it calls no command of mmwsl.

    Brackets around what may be left out are taken away, of ``A|B`` the first is taken, and dots for more of the same
    are left out.
    """
    words = shlex.split(line, comments=True)
    if words[:1] != ['mmwsl'] and '-m mmwsl' in line:  # python or torchrun
        words = words[words.index('mmwsl'):]
    script = re.fullmatch(r'tools/(\w+)\.py', words[1]) if words[:1] == ['python'] and len(words) > 1 else None
    if words[:1] == ['mmwsl']:
        command = words[1:2]
    elif script and script[1] in COMMANDS:
        command = [COMMANDS[script[1]]]
    else:
        return None
    words = [word.strip('[]').split('|')[0] for word in words[2:]]
    return command + [word for word in words if word not in ('', '...')]


def parse(arguments):
    """Parse, and say in the error what the parser said."""
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said):
            return build_parser().parse_args(arguments)
    except SystemExit:
        raise ValueError(said.getvalue()) from None


def test_lines_become_arguments():
    assert arguments_of('python tools/train.py CONFIG [--resume [CKPT]] [--cfg-options K=V ...]  # again') == [
        'train', 'CONFIG', '--resume', 'CKPT', '--cfg-options', 'K=V']
    assert arguments_of('mmwsl benchmark CONFIG CKPT|random --out F') == ['benchmark', 'CONFIG', 'CKPT', '--out', 'F']
    assert arguments_of('python tools/run_suite.py S.py --out D')[0] == 'suite'
    assert arguments_of('torchrun --nproc-per-node 2 -m mmwsl train C --launcher pytorch')[:3] == ['train', 'C', '--launcher']
    assert arguments_of('python tools/render_docs.py') is None and arguments_of('') is None
    assert shell_lines('    a \\\n        b\n\n```python\n    x = 1\n```\n```\nc\n```\n') == ['a          b', 'c']
    with pytest.raises(ValueError, match='--no-such-option'):
        parse(['train', 'CONFIG', '--no-such-option'])


@pytest.mark.parametrize('page', PAGES, ids=IDS)
def test_commands_of_the_page_parse(page):
    for line in shell_lines(page.read_text(encoding='utf-8')):
        arguments = arguments_of(line) if line.startswith(CALLS) else None
        if arguments is not None:
            try:
                parse(arguments)
            except ValueError as error:
                pytest.fail(f'{line}\n{error}')


def test_the_pages_have_commands():
    """So that the test above cannot pass by finding none."""
    lines = [line for page in PAGES for line in shell_lines(page.read_text(encoding='utf-8'))
             if line.startswith(CALLS) and arguments_of(line)]
    assert len(lines) > 30 and {'train', 'benchmark', 'prepare'} <= {arguments_of(line)[0] for line in lines}
    assert any(line.startswith('torchrun ') for line in lines)


def mentioned_paths(text):
    """Paths of this repository that a text names; ``mmwsl::NAME`` counts as ``configs/NAME``.

    Braces are written out; what ends in a star, in dots or in a name in capital letters counts up to its folder.
    """
    text = text.replace('mmwsl::', 'configs/')
    for path in re.findall(r'(?<![\w/.-])(?:configs|tools|docs|tests|projects|mmwsl|requirements)/[\w./{},*-]*', text):
        for choice in spelled_out(path.rstrip('.,/')):
            known = itertools.takewhile(lambda part: not re.search(r'[*{}]|\.\.|\b[A-Z_]+\b', part), choice.split('/'))
            yield '/'.join(known)


def spelled_out(text):
    """``a{b,c}`` as ``ab`` and ``ac``."""
    found = re.search(r'\{([^{}]*,[^{}]*)\}', text)
    if not found:
        return [text]
    return [rest for choice in found[1].split(',') for rest in spelled_out(text[:found.start()] + choice
                                                                           + text[found.end():])]


def test_paths_are_found_in_a_text():
    text = '`mmwsl::a/b.py`, configs/{c,d}/e.py. `mmwsl::a/NAME.py` and mmwsl::... and work_dirs/configs/x; docs/f/*'
    assert list(mentioned_paths(text)) == ['configs/a/b.py', 'configs/c/e.py', 'configs/d/e.py', 'configs/a', 'configs',
                                           'docs/f']


@pytest.mark.parametrize('page', PAGES, ids=IDS)
def test_paths_and_modules_of_the_page_exist(page):
    # rendered blocks name records that may not be there yet, and other projects' files
    text = re.sub(r'<!-- \w+: .*?<!-- end -->', '', page.read_text(encoding='utf-8'), flags=re.S)
    if page.name == 'rooms.md':  # imagined files
        text = text.split('| imagined file')[0]
    if page.name == 'CONTRIBUTING.md':  # folders that come with their first file
        text = re.sub(r'Rooms that come with their first file.*?\n\n', '', text, flags=re.S)
    lost = [path for path in mentioned_paths(text) if not (ROOT / path).exists()]
    assert not lost, f'{lost} do not exist'
    for name in set(re.findall(r'\bmmwsl(?:\.[A-Za-z_]\w*)+', text)) - {'mmwsl.plugins'}:
        if not name.endswith(('.py', '.md')):
            assert resolve(name) is not None, f'{name} does not exist'


def resolve(name):
    """The module, class or function of a dotted name, or None."""
    module, _, attribute = name.rpartition('.')
    with contextlib.suppress(ModuleNotFoundError):
        return importlib.import_module(name)
    found = resolve(module) if module else None
    return getattr(found, attribute, None)


def test_links_of_the_pages_outside_the_site_exist():
    """``make docs`` checks those of docs/."""
    for page in PAGES[:3] + [ROOT / 'CHANGELOG.md']:
        for target in re.findall(r'\]\((?!https?:)([^)#]+)', page.read_text(encoding='utf-8')):
            assert (page.parent / target).exists(), f'{page.name} has a link to {target}, which does not exist'


def pages_of(entry):
    """The pages that a navigation of mkdocs names, at any depth."""
    if isinstance(entry, str):
        return [entry]
    return [page for each in (entry.values() if isinstance(entry, dict) else entry) for page in pages_of(each)]


def test_the_navigation_has_every_page_once():
    named = pages_of(yaml.safe_load((ROOT / 'mkdocs.yml').read_text(encoding='utf-8'))['nav'])
    assert sorted(named) == sorted(page.relative_to(ROOT / 'docs').as_posix() for page in (ROOT / 'docs').rglob('*.md'))


def test_the_readme_links_every_page():
    linked = set(re.findall(r'\]\((docs/[^)#]+\.md)', (ROOT / 'README.md').read_text(encoding='utf-8')))
    lost = {page.relative_to(ROOT).as_posix() for page in (ROOT / 'docs').rglob('*.md')} - linked
    assert not lost, f'the table under "Pages" in README.md has no link to {sorted(lost)}'


def test_every_extra_is_explained():
    extras = {path.stem for path in (ROOT / 'requirements').glob('*.txt')} - {'runtime', 'constraints'}
    rows = re.findall(r'^\| `(\w+)` \|', (ROOT / 'docs' / 'install.md').read_text(encoding='utf-8'), re.M)
    assert sorted(rows) == sorted(extras)


def test_newest_entry_of_the_changelog_is_this_version():
    changelog = (ROOT / 'CHANGELOG.md').read_text(encoding='utf-8')
    version, date = re.search(r'^## (\S+) \((\S+)\)$', changelog, re.M).groups()
    assert changelog.index('## ') == changelog.index(f'## {version}') and version == mmwsl.__version__
    datetime.date.fromisoformat(date)


def test_what_the_changelog_says_is_moved_is_there():
    changelog = (ROOT / 'CHANGELOG.md').read_text(encoding='utf-8')
    moves = re.findall(r'^\| `([^`]+)`.* \| `([^`]+)` \|$', changelog, re.M)
    assert len(moves) > 20
    for before, now in moves:
        names = [name.replace('/', '.').split('.')[-1] for name in spelled_out(before)]
        for target in spelled_out(now):
            for path in [target.replace('*', name) for name in names] if '*' in target else [target]:
                exists = importlib.util.find_spec(path) if path.startswith('mmwsl.') else (ROOT / path).exists()
                assert exists, f'{before} is said to be {path} now, which does not exist'


@pytest.fixture
def registries():
    """What an example registers is gone after the test."""
    kept = [(each, dict(each._module_dict)) for each in (registry.MODELS, registry.PRETEXTS, registry.DATASETS,
                                                         registry.PROTOCOLS)]
    for each, _ in kept:
        each.import_from_location()  # all else is registered before
    kept = [(each, dict(each._module_dict)) for each, _ in kept]
    yield
    for each, modules in kept:
        each._module_dict.clear()
        each._module_dict.update(modules)


def example(page, words):
    """The names that the Python block with ``words`` defines."""
    blocks = re.findall(r'```python\n(.*?)```', (ROOT / page).read_text(encoding='utf-8'), re.S)
    block, = [block for block in blocks if words in block]
    names = {'__name__': 'example'}
    exec(compile(block, page, 'exec'), names)
    return names


@pytest.mark.parametrize('page, name', [('README.md', 'UpsideDown'), ('docs/extending.md', 'Mirrored')])
def test_method_of_the_page_trains(registries, page, name):
    method = example(page, f'class {name}(')[name]
    model = method(backbone=dict(type='ResNet', depth=18, base_channels=4, stem='cifar'),
                   head=dict(type='ClassificationHead', in_channels=32, num_classes=2))
    images = torch.rand(4, 3, 16, 16)
    losses = model.loss([images])
    losses['loss'].backward()
    assert model.backbone.conv1.weight.grad.abs().sum() > 0
    seen = []
    model.backbone.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0]))
    model.loss([images])
    flipped = images[1].flip(1 if name == 'UpsideDown' else 2)
    assert torch.equal(seen[0][0], images[0]) and torch.equal(seen[0][1], flipped)


def test_config_of_the_method_inherits(tmp_path):
    from mmwsl.apis import load_config
    blocks = re.findall(r'```python\n(.*?)```', (ROOT / 'docs' / 'extending.md').read_text(encoding='utf-8'), re.S)
    block, = [block for block in blocks if block.startswith('_base_')]
    path = tmp_path / 'mirrored.py'
    path.write_text(block.replace("custom_imports = dict(imports=['my_module'])\n", ''))
    model = load_config(path).model
    assert (model.type, model.head.num_classes, model.head.type, model.backbone.base_channels) == (
        'Mirrored', 2, 'ClassificationHead', 16)


def test_data_set_of_the_page_reads_files(registries, tmp_path):
    example('docs/extending.md', 'class NamedFiles(')
    for name, value in (('dog-1', 200), ('cat-1', 10), ('cat-2', 20)):
        Image.fromarray(np.full((8, 8, 3), value, np.uint8)).save(tmp_path / f'{name}.jpg')
    data = registry.DATASETS.build(dict(type='NamedFiles', data_root=str(tmp_path)))
    assert data.classes == ['cat', 'dog'] and data.labels.tolist() == [0, 0, 1]
    assert data[2]['inputs'].float().mean() == pytest.approx(200, abs=2) and data[2]['data_samples'].gt_label == 1


def test_protocol_of_the_page_evaluates(registries):
    from mmwsl.protocols import Features, FeatureSource
    protocol = example('docs/extending.md', 'class NearestMean(')['NearestMean']
    train = Features(torch.tensor([[0.0], [2.0], [10.0]]), torch.tensor([0, 0, 1]), ['a', 'b'])
    test = Features(torch.tensor([[1.0], [4.0], [9.0], [8.0]]), torch.tensor([0, 1, 1, 1]), ['a', 'b'])
    assert protocol().run(FeatureSource(train, test)) == [dict(metric='top1', value=75.0, settings=dict(n_train=3))]


def test_command_of_the_page_runs(capsys):
    command = example('CONTRIBUTING.md', 'def add_arguments(')
    parser = argparse.ArgumentParser()
    command['add_arguments'](parser)
    command['run'](parser.parse_args(command['EXAMPLE'].split()[2:]))
    assert int(capsys.readouterr().out) == 700_176  # 697,776 of the convolutions, 2,400 of the batch norms
