"""The house: imports point downward from floor to floor, rooms stay small, and each says what lives in it."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
# From the top down. Rooms of one floor do not import each other.
FLOORS = [
    {'tools'},
    {'mmwsl.__main__'},
    {'mmwsl.cli'},
    {'mmwsl.apis'},
    {'mmwsl.protocols'},
    {'mmwsl.engine', 'mmwsl.models', 'mmwsl.evaluation'},
    {'mmwsl.datasets', 'mmwsl.checkpoints', 'mmwsl.reporting'},
    {'mmwsl.visualization'},
    {'mmwsl.structures'},
    {'mmwsl.losses', 'mmwsl.augment', 'mmwsl.clustering', 'mmwsl.refine', 'mmwsl.flow', 'mmwsl.evaluation.functional'},
    {'mmwsl.ops'},
    {'mmwsl.dist', 'mmwsl.files', 'mmwsl.progress', 'mmwsl.shipped'},
    {'mmwsl.registry', 'mmwsl.compat'},
    {'mmwsl'},
]
LONG, CROWDED = 300, 15
MAY_BE_CROWDED = {'mmwsl/models/pretext', 'mmwsl/models/backbones', 'mmwsl/cli'}


def room_of(module):
    """Number of the floor and name of the room that a module lives in: that of the longest name that it begins with."""
    found = [(len(room), floor, room) for floor, rooms in enumerate(FLOORS) for room in rooms
             if module == room or module.startswith(room + '.')]
    return max(found)[1:] if found else None


def imports_of(path, module):
    """Modules of mmwsl that a file imports, anywhere in it, by their whole names."""
    package = module if path.name == '__init__.py' else module.rpartition('.')[0]
    for node in ast.walk(ast.parse(path.read_text(encoding='utf-8'))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ''
            if node.level:
                parent = package.split('.')[:len(package.split('.')) - node.level + 1]
                base = '.'.join([*parent, base] if base else parent)
            # of a package its parts may be meant: mmwsl.dist of ``from mmwsl import dist``
            yield from ((f'{base}.{alias.name}', node.lineno) for alias in node.names)


def upward_imports(root):
    """Lines ``file:line: importer -> imported`` of what imports from above, or from beside."""
    wrong = []
    for path in sorted([*root.joinpath('mmwsl').rglob('*.py'), *root.joinpath('tools').rglob('*.py')]):
        module = '.'.join(path.relative_to(root).with_suffix('').parts).removesuffix('.__init__')
        own = room_of(module)
        for name, line in imports_of(path, module):
            other = room_of(name)
            if name.split('.')[0] != 'mmwsl' or other[1] in (own[1], 'mmwsl'):
                continue
            # a package's face shows what is within
            inside = path.name == '__init__.py' and other[1].startswith(module + '.')
            if other[0] <= own[0] and not inside:
                wrong.append(f'{path.relative_to(root)}:{line}: {own[1]} -> {name}')
    return wrong


def long_files(root):
    """Files of more than 300 lines whose first line does not say why."""
    return [f'{path.relative_to(root)}: {count} lines' for path in sorted(root.joinpath('mmwsl').rglob('*.py'))
            if (count := len(lines := path.read_text(encoding='utf-8').splitlines())) > LONG
            and 'long because' not in lines[0].lower()]


def crowded_folders(root):
    """Folders with more than 15 modules, ``__init__`` apart."""
    folders = [folder for folder in root.joinpath('mmwsl').rglob('*') if folder.is_dir()]
    counts = {folder.relative_to(root).as_posix(): len([each for each in folder.glob('*.py') if each.stem != '__init__'])
              for folder in sorted(folders)}
    return {name: count for name, count in counts.items() if count > CROWDED and name not in MAY_BE_CROWDED}


def test_imports_point_downward():
    assert upward_imports(ROOT) == []


def test_every_room_has_a_floor():
    """A new folder must be put on a floor, or nothing holds its imports."""
    names = {f'mmwsl.{path.stem}' for path in (ROOT / 'mmwsl').iterdir()
             if path.suffix == '.py' or (path / '__init__.py').is_file()} - {'mmwsl.__init__'}
    assert {name for name in names if room_of(name)[1] == 'mmwsl'} == set()


@pytest.mark.parametrize('where, line, found', [
    ('mmwsl/ops/extra.py', 'from mmwsl.models import Model', 'mmwsl.ops -> mmwsl.models.Model'),
    ('mmwsl/datasets/readers/extra.py', 'import mmwsl.checkpoints', 'mmwsl.datasets -> mmwsl.checkpoints'),  # beside
    ('mmwsl/engine/extra.py', 'def late():\n    from mmwsl.models.layers import Teacher', 'mmwsl.engine -> mmwsl.models.layers.Teacher'),
    ('mmwsl/dist.py', 'from .ops import tensors', 'mmwsl.dist -> mmwsl.ops.tensors'),
    ('mmwsl/evaluation/functional/extra.py', 'from mmwsl.evaluation.metrics import IoUMetric', '-> mmwsl.evaluation.metrics.IoUMetric'),
    ('mmwsl/losses/extra.py', 'from mmwsl import apis', 'mmwsl.losses -> mmwsl.apis'),
])
def test_a_planted_import_upward_is_found(tmp_path, where, line, found):
    path = tmp_path / where
    path.parent.mkdir(parents=True)
    (tmp_path / 'tools').mkdir()
    path.write_text('from mmwsl.registry import MODELS  # down: fine\n' + line + '\n')
    wrong, = upward_imports(tmp_path)
    assert found in wrong and wrong.startswith(where)


def test_rooms_stay_small():
    assert long_files(ROOT) == [] and crowded_folders(ROOT) == {}


def test_a_long_file_and_a_full_folder_are_found(tmp_path):
    (tmp_path / 'mmwsl' / 'ops').mkdir(parents=True)
    for number in range(16):
        (tmp_path / 'mmwsl' / 'ops' / f'op_{number}.py').write_text('"""An op."""\n' + 'x = 1\n' * (300 if number == 3 else 1))
    (tmp_path / 'mmwsl' / 'ops' / 'op_4.py').write_text('"""An op; long because its table has 400 rows."""\n' + 'x = 1\n' * 400)
    assert long_files(tmp_path) == ['mmwsl/ops/op_3.py: 301 lines']
    assert crowded_folders(tmp_path) == {'mmwsl/ops': 16}


def test_every_room_says_what_lives_in_it():
    silent = [path.parent.relative_to(ROOT).as_posix() for path in sorted((ROOT / 'mmwsl').rglob('__init__.py'))
              if not ast.get_docstring(ast.parse(path.read_text(encoding='utf-8')))]
    assert silent == []
