"""The published tables are those of the committed records."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_published_tables_are_rendered_from_their_records():
    done = subprocess.run([sys.executable, str(ROOT / 'tools' / 'render_docs.py'), '--check'], capture_output=True,
                          text=True)
    assert done.returncode == 0, done.stdout + done.stderr + 'run python tools/render_docs.py'


def test_check_sees_a_changed_figure(tmp_path):
    """The check itself can fail: a copy of the page with one digit changed is out of date."""
    sys.path.insert(0, str(ROOT / 'tools'))
    try:
        from render_docs import render
    finally:
        sys.path.remove(str(ROOT / 'tools'))
    page = (ROOT / 'docs' / 'results' / 'quickstart' / 'README.md').read_text(encoding='utf-8')
    assert render(page) == page and '| random |' in page
    assert render(page.replace('| random | ', '| random | 9')) == page
