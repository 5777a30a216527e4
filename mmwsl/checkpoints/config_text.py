"""The text of a config that a checkpoint keeps, read without running it."""

import ast
from typing import Any


def parse_config(text: str) -> dict[str, Any]:
    """The values of a config that is written as ``name = value`` with calls of ``dict`` and literals alone.

    So mmengine writes it into every checkpoint (``meta['cfg']``).

    Raises:
        ValueError: it is no such text; nothing of it was run.
    """
    try:
        body = ast.parse(text).body
    except SyntaxError as error:
        raise ValueError(f'the text of the config is no Python ({error})') from error
    values = {}
    for statement in body:
        if not isinstance(statement, ast.Assign) or not isinstance(statement.targets[0], ast.Name):
            raise ValueError(f'line {statement.lineno} of the config is no "name = value"')
        values[statement.targets[0].id] = _value(statement.value)
    return values


def _value(node: ast.expr) -> Any:
    if isinstance(node, ast.Call):
        if not isinstance(node.func, ast.Name) or node.func.id != 'dict' or node.args:
            raise ValueError(f'line {node.lineno} of the config calls something else than dict: {ast.unparse(node)}')
        return _pairs((keyword.arg, keyword.value) for keyword in node.keywords)
    if isinstance(node, ast.Dict):
        return _pairs((None if key is None else _value(key), value)
                      for key, value in zip(node.keys, node.values, strict=True))
    if isinstance(node, ast.List):
        return [_value(each) for each in node.elts]
    if isinstance(node, ast.Tuple):
        return tuple(_value(each) for each in node.elts)
    return ast.literal_eval(node)  # ValueError of what is no literal


def _pairs(pairs: Any) -> dict[Any, Any]:
    values: dict[Any, Any] = {}
    for key, node in pairs:
        values.update(_value(node) if key is None else {key: _value(node)})  # dict(**{...}) where a key is no name
    return values
