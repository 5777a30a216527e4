"""Cells of a table in a file: CSV of any delimiter, or Parquet."""

import csv
import io
from pathlib import Path

CSV_ENDINGS, PARQUET_ENDINGS = ('.csv', '.tsv'), ('.parquet', '.pq')


def is_table(path: Path) -> bool:
    """Whether a file is called like a table."""
    return path.suffix.lower() in CSV_ENDINGS + PARQUET_ENDINGS


def read_cells(path: Path) -> tuple[list[str], list[tuple[int, list[str]]], str]:
    """The heading of a table, its rows, and what stands between several names in one cell.

    Returns:
        tuple: names of the columns; pairs of a row's number in the file, from 1, and its cells; and the characters
        that separate names in a cell.

    Raises:
        ValueError: no table, no rows, rows of another length, or Parquet without pyarrow.
    """
    heading, rows, separators = (_parquet if path.suffix.lower() in PARQUET_ENDINGS else _csv)(path)
    if not rows:
        raise ValueError(f'{path} has no rows below its heading')
    for number, row in rows:
        if len(row) != len(heading):
            raise ValueError(f'{path}, row {number}: {len(row)} cells, but the heading has {len(heading)} columns '
                             f'({", ".join(heading)}); put cells that hold the delimiter in quotes')
    return heading, rows, separators


def _csv(path: Path) -> tuple[list[str], list[tuple[int, list[str]]], str]:
    content = path.read_bytes()
    encoding = 'utf-16' if content[:2] in (b'\xff\xfe', b'\xfe\xff') else 'utf-8-sig'
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        text = content.decode('cp1252', errors='replace')  # Excel's, which takes any byte
    if '\0' in text:
        raise ValueError(f'{path} is no text; save it as CSV')
    first = next((line for line in text.splitlines() if line.strip()), '')
    delimiter = max('\t;,', key=first.count)  # with equal counts the one that stands less often in names
    reader = csv.reader(io.StringIO(text, newline=''), delimiter=delimiter, skipinitialspace=True)
    try:
        rows = [(reader.line_num, [cell.strip() for cell in row]) for row in reader if any(map(str.strip, row))]
    except csv.Error as error:
        raise ValueError(f'{path} is no CSV: {error}, near line {reader.line_num}') from error
    if not rows:
        raise ValueError(f'{path} is empty')
    heading = rows[0][1]
    while heading and not heading[-1] and all(not row[-1] for _, row in rows if len(row) == len(heading)):
        rows = [(number, row[:-1] if len(row) == len(heading) else row) for number, row in rows]
        heading = rows[0][1]  # a delimiter at the end of each line
    return heading, rows[1:], ';|' if delimiter == ',' else ';|,'


def _parquet(path: Path) -> tuple[list[str], list[tuple[int, list[str]]], str]:
    try:
        import pyarrow.parquet
    except ImportError:
        raise ValueError(f'{path} is Parquet, which needs pyarrow; pip install pyarrow, or save it as CSV') from None
    try:
        table = pyarrow.parquet.read_table(path)
    except (pyarrow.ArrowException, OSError) as error:
        raise ValueError(f'{path} cannot be read as Parquet: {error}') from error
    columns = [column.to_pylist() for column in table.columns]
    inside = [name for name, column in zip(table.column_names, columns, strict=True)
              if any(isinstance(value, (bytes, dict)) for value in column)]
    if inside:
        raise ValueError(f'{path}: {", ".join(inside)} holds photos themselves, or other bytes; write them into files '
                         'and give the paths')
    columns = [[_text(value) for value in column] for column in columns]
    return list(table.column_names), [(number, list(row)) for number, row in enumerate(
        zip(*columns, strict=True), start=1)], ';|'


def _text(value: object) -> str:
    if isinstance(value, list):
        return ';'.join(map(_text, value))
    return '' if value is None else str(int(value)) if isinstance(value, bool) else str(value).strip()
