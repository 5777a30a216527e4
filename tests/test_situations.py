"""The page of situations names tests that exist."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
ROWS = 12, 38  # of its two tables


def tables():
    """The rows of every table, as lists of cells."""
    text = (ROOT / 'docs' / 'situations.md').read_text(encoding='utf-8')
    return [[line.strip('|').split(' | ') for line in part.splitlines() if line.startswith('| ')][1:]
            for part in text.split('\n## ')[1:]]


def functions(path):
    """Names of all functions of a test module."""
    tree = ast.parse((ROOT / path).read_text(encoding='utf-8'))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_every_row_has_a_test_that_exists():
    for table, count in zip(tables(), ROWS, strict=True):
        assert len(table) == count
        for row in table:
            assert len(row) == 4 and all(cell.strip() for cell in row), row
            names = re.findall(r'`([^`]+)`', row[3])
            assert names, row[0]
            for name in names:
                path, _, function = name.partition('::')
                assert function in functions(path), f'{row[0]}: there is no {name}'
