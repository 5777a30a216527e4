"""The published tables are those of the committed records."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / 'tools'))
try:
    import render_docs
    from render_docs import render
finally:
    sys.path.remove(str(ROOT / 'tools'))


def test_published_tables_are_rendered_from_their_records():
    done = subprocess.run([sys.executable, str(ROOT / 'tools' / 'render_docs.py'), '--check'], capture_output=True,
                          text=True)
    assert done.returncode == 0, done.stdout + done.stderr + 'run python tools/render_docs.py'


def test_check_sees_a_changed_figure(tmp_path):
    """The check itself can fail: a copy of the page with one digit changed is out of date."""
    page = (ROOT / 'docs' / 'results' / 'quickstart' / 'README.md').read_text(encoding='utf-8')
    assert render(page) == page and '| random |' in page
    assert render(page.replace('| random | ', '| random | 9')) == page


@pytest.mark.parametrize('kind, expected', [
    ('methods linear_top1', '| a | 40.00 |'),
    ('layers', '| a | 30.00 | 40.00 |'),
    ('matrix linear_top1', '| b | 20.00 | - | 20.00 |'),
])
def test_each_kind_of_block(tmp_path, kind, expected):
    base = dict(protocol='linear', metric='linear_top1', dataset='Digits', seed=0)
    layers = [dict(base, method='a', value=value, layer=layer, pooling='average')
              for layer, value in ((1, 30.0), (2, 40.0))]
    pair = [dict(base, method='a+b', value=20.0)]
    path = tmp_path / 'records.jsonl'
    records = layers[1:] if 'methods' in kind else layers if 'layers' in kind else pair
    path.write_text(''.join(json.dumps(record) + '\n' for record in records))
    word, *metrics = kind.split()
    page = render(f'<!-- {word}: {path} {" ".join(metrics)} -->\n<!-- end -->\n')
    assert expected in page.replace('**', '')
    path.unlink()
    assert 'Not run yet.' in render(page) and '20.00' not in render(page) and '40.00' not in render(page)


def test_map_of_the_rooms_goes_by_their_docstrings(tmp_path, monkeypatch):
    monkeypatch.setattr(render_docs, 'ROOMS', ('upper', 'lower.py'))
    package = tmp_path / 'house'
    for name, text in (('upper/__init__.py', 'Top.\n\nMore.'), ('upper/inner/__init__.py', 'Inside ``x``.'),
                       ('lower.py', 'Below.'), ('__init__.py', 'House.')):
        (package / name).parent.mkdir(parents=True, exist_ok=True)
        (package / name).write_text(f'"""{text}"""\n')
    assert render_docs.render_rooms(package) == (
        '* `house/upper/`: Top.\n* `house/upper/inner/`: Inside `x`.\n* `house/lower.py`: Below.\n')
    (package / 'upper' / 'inner' / '__init__.py').write_text('x = 1\n')
    with pytest.raises(ValueError, match='inner/__init__.py has no docstring'):
        render_docs.render_rooms(package)
    (package / 'cellar.py').write_text('"""New."""\n')
    with pytest.raises(ValueError, match="differ: \\['cellar.py'\\]"):
        render_docs.render_rooms(package)
