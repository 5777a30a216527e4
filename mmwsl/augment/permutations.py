"""Sets of permutations for jigsaw puzzles: far apart, so that no two classes look alike."""

import itertools
import math
from pathlib import Path

import numpy as np

SHIPPED = {100, 1000, 2000}
FOLDER = Path(__file__).parent / 'data'


def generate_permutations(count: int, patches: int = 9, criterion: str = 'max_avg', seed: int = 0) -> np.ndarray:
    """Choose permutations greedily, each as far as possible (Hamming) from those chosen before; equals by chance.

    The first is drawn uniformly, and running distances are kept, so that the cost is count * patches! * patches.

    Args:
        count (int): how many.
        patches (int): 2 to 10; length of a permutation.
        criterion (str): 'max_avg' maximises the mean distance to those chosen before, 'max_min' the smallest.
        seed (int): of the first permutation and the order among equals.

    Returns:
        int8 (count, patches), 0-based, rows distinct.

    Raises:
        ValueError: unknown criterion, or more permutations wanted than there are.
    """
    if criterion not in ('max_avg', 'max_min'):
        raise ValueError(f"criterion={criterion!r} is unknown; choose 'max_avg' or 'max_min'")
    if not 2 <= patches <= 10:
        raise ValueError(f'patches={patches} must lie in 2..10: all patches! permutations are held in memory')
    if not 1 <= count <= math.factorial(patches):
        raise ValueError(f'count={count}: there are 1 to {math.factorial(patches)} permutations of {patches} patches')
    pool = np.array(list(itertools.permutations(range(patches))), dtype=np.int8)
    np.random.default_rng(seed).shuffle(pool)
    columns = np.ascontiguousarray(pool.T)
    score = np.zeros(len(pool), np.int64) if criterion == 'max_avg' else np.full(len(pool), patches, np.int64)
    chosen = [0]
    while len(chosen) < count:
        distance = np.zeros(len(pool), np.int8)
        for column, value in zip(columns, pool[chosen[-1]], strict=True):
            distance += column != value
        if criterion == 'max_avg':
            score += distance
        else:
            np.minimum(score, distance, out=score)
        score[chosen[-1]] = np.iinfo(np.int64).min // 2  # never again, whatever is added
        chosen.append(int(score.argmax()))
    return pool[chosen]


def load_permutations(source: int | str | Path) -> np.ndarray:
    """Read a set of permutations.

    Args:
        source (int | str | Path): 100, 1000 or 2000 for the sets of 9 patches that come with the package
            ('max_avg', seed 0), or an ``.npy`` file of integers (N, n), 0-based or 1-based.

    Returns:
        int8 (N, n), 0-based.

    Raises:
        FileNotFoundError: no such file.
        ValueError: no set of that size is shipped, or the file does not hold distinct permutations.
    """
    if isinstance(source, int):
        if source not in SHIPPED:
            raise ValueError(f'no set of {source} permutations is shipped, only {sorted(SHIPPED)}; make one with '
                             f'generate_permutations({source}), save it with numpy.save and give its path')
        source = FOLDER / f'permutations_{source}.npy'
    if not Path(source).is_file():
        raise FileNotFoundError(f'permutation file {source} does not exist; give an .npy file, or one of '
                                f'{sorted(SHIPPED)} for a set of the package')
    try:
        permutations = np.load(source, allow_pickle=False)
    except (ValueError, EOFError, OSError) as error:
        raise ValueError(f'{source} is not a readable .npy file of numbers ({error}); write it with numpy.save') \
            from error
    if not isinstance(permutations, np.ndarray) or permutations.ndim != 2 or permutations.size == 0 \
            or permutations.dtype.kind not in 'iu':
        found = f'{permutations.dtype} {permutations.shape}' if isinstance(permutations, np.ndarray) else 'an archive'
        raise ValueError(f'{source} must hold an integer array (N, patches), found {found}')
    permutations = permutations.astype(np.int64)
    permutations = permutations - (permutations.min() == 1)
    wrong = np.flatnonzero((np.sort(permutations, axis=1) != np.arange(permutations.shape[1])).any(1))
    if len(wrong):
        raise ValueError(f'{source}: row {wrong[0]} is not a permutation of 0..{permutations.shape[1] - 1}: '
                         f'{permutations[wrong[0]].tolist()} ({len(wrong)} such rows)')
    distinct = len(np.unique(permutations, axis=0))
    if distinct < len(permutations):
        raise ValueError(f'{source}: {len(permutations) - distinct} of {len(permutations)} rows occur more than once; '
                         'every permutation is a class and must be unique')
    return permutations.astype(np.int8)
