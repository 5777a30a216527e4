"""Where a name is used: shipped configs, and the records behind our published tables."""

import ast
import functools
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from mmwsl.apis.config import PREFIX, load_config, resolve
from mmwsl.reporting.records import Pivot, heading, is_ceiling, is_floor, pivot, read_records
from mmwsl.shipped import configs_root, shipped_configs, shipped_records, smallest_first

ENOUGH = 12  # configs of a list that are read, and shown
MANY = 5  # methods of a suite that are shown with all their metrics


@functools.cache
def _strings(file: Path) -> frozenset[str]:
    """The texts in a config file and in its ``_base_``, dict keys of ``dict(...)`` among them."""
    found: set[str] = set()
    bases: list[Any] = []
    tree = ast.parse(file.read_text(encoding='utf-8'))
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.add(node.value)
        elif isinstance(node, ast.keyword) and node.arg:
            found.add(node.arg)
        elif isinstance(node, ast.Assign) and getattr(node.targets[0], 'id', '') == '_base_':
            bases = [each.value for each in ast.walk(node.value) if isinstance(each, ast.Constant)]
    for base in map(str, bases):
        found |= _strings(resolve(base) if base.startswith(PREFIX) else (file.parent / base).resolve())
    return frozenset(found)


def _has_type(part: Any, name: str) -> bool:
    """Whether a dict in a config is of a type."""
    if isinstance(part, dict):
        return part.get('type') == name or any(_has_type(value, name) for value in part.values())
    return isinstance(part, (list, tuple)) and any(_has_type(value, name) for value in part)


def configs_with(name: str, protocol: bool = False, count: int | None = ENOUGH) -> tuple[list[str], int]:
    """Shipped configs that use a class or a protocol.

    Args:
        name: type of something in the config, or the protocol's name in its ``benchmark.protocols``.
        protocol: which of the two it is.
        count: how many to find at most; None = all.

    Returns:
        tuple: names of the configs, the smallest first, and the number of others that may be some more, by the text of
        their files: a file may replace what its base names.
    """
    root = configs_root()
    candidates = smallest_first(each for each in shipped_configs() if name in _strings(root / each))
    found: list[str] = []
    while candidates and (count is None or len(found) < count):
        config = candidates.pop(0)
        cfg = load_config(PREFIX + config).to_dict()
        protocols = (cfg.get('benchmark') or {}).get('protocols') or cfg.get('protocols') or ()
        if name in protocols if protocol else _has_type(cfg, name):
            found.append(config)
    return found, len(candidates)


def _records() -> list[dict[str, Any]]:
    return [record for file in shipped_records() for record in read_records(file)]


def figures_of(configs: Iterable[str]) -> list[str]:
    """Our figures of trainings by these configs, without those of untrained networks."""
    stems = {Path(name).stem for name in configs}
    records = [record for record in _records()
               if Path(record.get('config') or '').stem in stems and not is_floor(record['method'])]
    return _lines(records, MANY)


def figures_by(protocol: str) -> list[str]:
    """Our figures by a protocol."""
    return _lines([record for record in _records() if record['protocol'] == protocol], 0)


def _lines(records: list[dict[str, Any]], many: int) -> list[str]:
    """For each suite and data set a line a method with all its metrics; of more than ``many`` methods one line with the
    first metric of each.
    """
    groups: dict[str, list[dict[str, Any]]] = {}
    for record in records:
        groups.setdefault(f'{record.get("dataset")}, suite {record.get("suite")}', []).append(record)
    lines = []
    for place, group in groups.items():
        table = pivot(group)
        if len(table.rows) > many:
            lines += [f'{place}, {heading(*column)}: ' + _joined(
                (_row_name(row), table.text(row, column)) for row in rows)
                      for column, rows in _first_columns(table).items()]
            continue
        lines += [f'{place}, {_row_name(row)}: ' + _joined((heading(*column), table.text(row, column))
                                                           for column in table.columns) for row in table.rows]
    return lines


def _first_columns(table: Pivot) -> dict[Any, list[str]]:
    """Column -> the rows of which it is the first that has a value."""
    found: dict[Any, list[str]] = {}
    for row in table.rows:
        found.setdefault(next(column for column in table.columns if table.cells.get((row, column))), []).append(row)
    return found


def _row_name(row: str) -> str:
    return row + ' (all labels)' * is_ceiling(row)


def _joined(values: Iterable[tuple[str, str]]) -> str:
    return ', '.join(f'{name} {value}' for name, value in values if value != '-')
